"""Our own ways to digests say what the standard library says, of little and of much."""

from __future__ import annotations

import hmac
import sys
from hashlib import sha256
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pythons import pythons

from cutter.model.sha256 import hmac_sha256_hex, sha256_hex

LENGTHS = some.sampled_from([0, 1, 55, 56, 63, 64, 65, 128, 1000])
BYTES = LENGTHS.flatmap(lambda size: some.binary(min_size=size, max_size=size))


@given(BYTES)
def test_a_digest_is_that_of_the_library(content: bytes) -> None:
    assert sha256_hex(content) == sha256(content).hexdigest()


@given(BYTES, BYTES)
def test_a_keyed_digest_is_that_of_the_library(key: bytes, content: bytes) -> None:
    assert hmac_sha256_hex(key, content) == hmac.new(key, content, "sha256").hexdigest()


TOLD = """\
import sys
sys.path.insert(0, {folder!r})
from cutter.model import sha256
little = sha256.sha256_hex(b"x"), sha256.hmac_sha256_hex(b"key", b"x")
without = "_hashlib" not in sys.modules
much = sha256.sha256_hex(b"x" * {size})
print(*little, much, without, "_hashlib" in sys.modules)
"""


@pytest.mark.parametrize("python", pythons())
def test_openssl_is_loaded_for_much_and_not_for_little(python: str) -> None:
    size = 1 << 20
    code = TOLD.format(folder=str(sys.modules["cutter"].__path__[0]).removesuffix("/cutter"), size=size)
    told = run([python, "-I", "-S", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    keyed = hmac.new(b"key", b"x", "sha256").hexdigest()
    assert told == [sha256(b"x").hexdigest(), keyed, sha256(b"x" * size).hexdigest(), "True", "True"]
