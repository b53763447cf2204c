"""SHA-256, and HMAC with it, of bytes that are at hand. Travels.

OpenSSL's is five times as fast as the one inside the interpreter, and takes 2.6 ms to load: longer than an
agent takes to look at a hundred small files. So little is digested without it, and much with it. `random` of
the standard library takes its SHA-512 the same way.
"""

from __future__ import annotations

from typing import Any

try:
    from _sha2 import sha256 as _small  # type: ignore[import-not-found] # since Python 3.12
except ImportError:
    try:
        from _sha256 import sha256 as _small  # type: ignore[import-not-found] # before
    except ImportError:
        from hashlib import sha256 as _small  # an interpreter that was built without

_LITTLE = 1 << 19
_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_seen = 0


def sha256_hex(content: bytes) -> str:
    """Return the 64 hex digits of the SHA-256 of the bytes."""
    return str(_digester(len(content))(content).hexdigest())


def hmac_sha256_hex(key: bytes, content: bytes) -> str:
    """Return the 64 hex digits of the HMAC of the bytes (RFC 2104), which `hmac` takes with OpenSSL alone."""
    if len(key) > _BLOCK:
        key = bytes.fromhex(sha256_hex(key))
    block = key.ljust(_BLOCK, b"\0")
    inner = bytes.fromhex(sha256_hex(block.translate(_INNER) + content))
    return sha256_hex(block.translate(_OUTER) + inner)


def _digester(size: int) -> Any:
    """Return what digests; from half a megabyte in all on, it is OpenSSL's."""
    global _seen  # noqa: PLW0603 - what is loaded is loaded for the process
    _seen += size
    if _seen < _LITTLE:
        return _small
    from hashlib import sha256

    return sha256
