"""Lines of an authorized_keys file, as sshd(8) reads them: options, kind, key, comment."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import Optional, Union

from cutter.accounts.lines import lines_of
from cutter.named_tuple import NamedTuple

_LINE = re.compile(
    r'(?:(?P<options>(?:[^\s"]|"(?:\\"|[^"])*")+)\s+)??'
    r"(?P<kind>(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+)\s+(?P<key>[A-Za-z0-9+/]+={0,2})(?:\s+(?P<comment>.*))?"
)
_LENGTH = 4


class PublicKey(NamedTuple):
    """One key that may log in, with what it may do; the comment says nothing about either."""

    options: str
    key: str

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ssh-keygen -l shows it."""
        digest = hashlib.sha256(base64.b64decode(self.key)).digest()
        return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def public_key(line: str) -> Optional[PublicKey]:
    """Return the key of a line, or None for a comment, an empty line and what is no key."""
    found = _LINE.fullmatch(line.strip())
    if found is None or line.strip().startswith("#"):
        return None
    kind = found["kind"].encode()
    try:
        blob = base64.b64decode(found["key"], validate=True)
    except binascii.Error:
        return None
    named = blob[_LENGTH : _LENGTH + len(kind)] == kind
    fits = named and int.from_bytes(blob[:_LENGTH], "big") == len(kind)
    return PublicKey(found["options"] or "", found["key"]) if fits else None


def complaint_about(line: str) -> str:
    """Return what is wrong with a declared line, or nothing."""
    if "\n" in line or "\0" in line:
        return "is more than one line"
    if "PRIVATE KEY" in line:
        return "is a private key; the public one stands in the file that ends in .pub"
    return "" if public_key(line) else "is no public key, such as: ssh-ed25519 AAAA... comment"


def keys_of(content: bytes) -> list[PublicKey]:
    """Return the keys of a file, in its order."""
    found = map(public_key, lines_of(content))
    return [key for key in found if key is not None]


def written(lines: Iterable[str]) -> bytes:
    """Return the file that holds just these lines."""
    return "".join(f"{line.strip()}\n" for line in lines).encode("utf-8", "surrogateescape")


def opens_as_before(key: PublicKey, wanted: Iterable[PublicKey]) -> bool:
    """Tell whether a key is among others that may log in: with its own options, or with none.

    Of two lines with one key sshd takes the first that fits, so each of them must be so.
    """
    same = [other.options for other in wanted if other.key == key.key]
    return bool(same) and all(options in {key.options, ""} for options in same)


def standing_of(content: bytes, line: str) -> Union[bool, str]:
    """Tell whether the key of a line is in a file, or in words that it is there with other options."""
    wanted = _demanded(line)
    found = [key for key in keys_of(content) if key.key == wanted.key]
    if not found:
        return False
    return True if found == [wanted] else "with other options, or more than once"


def with_keys(content: bytes, lines: Iterable[str]) -> bytes:
    """Return the file with these keys in it, each once; every other line stays as it is."""
    kept = lines_of(content)
    for line in lines:
        if standing_of(written(kept), line) is not True:
            wanted = _demanded(line)
            kept = [
                other for other in kept if (public_key(other) or wanted._replace(key="")).key != wanted.key
            ]
            kept.append(line.strip())
    return "".join(f"{line}\n" for line in kept).encode("utf-8", "surrogateescape")


def _demanded(line: str) -> PublicKey:
    found = public_key(line)
    if found is None:
        raise ValueError("not a public key")
    return found
