"""Whether a detached signature counts: made by a pinned key that is in force, over exactly these bytes.

gpg alone is not asked: it leaves with 0 for expired and revoked keys. What counts is GOODSIG and VALIDSIG
with the pinned fingerprint and none of the words of doubt, in a private home that holds the pinned
certificate and is gone afterwards. No keyring, configuration or trust of the caller plays a part.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Optional

from cutter.errors import StepFailed
from cutter.gpg.homes import look
from cutter.gpg.keyring import Key, Part, keys_in
from cutter.gpg.signatures import BadSignature, Signature, read_signature
from cutter.named_tuple import NamedTuple

_DOUBTS = {
    "BADSIG": "is not over these bytes: they were changed, or it was made for others",
    "EXPSIG": "has expired",
    "EXPKEYSIG": "was made by a key that has expired",
    "REVKEYSIG": "was made by a key that is revoked",
    "ERRSIG": "cannot be checked by gpg",
}
_VALID_FIELDS = 10


class Signed(NamedTuple):
    """A signature that counts: the primary key's fingerprint, the (sub)key that made it, and when."""

    fingerprint: str
    part: str
    made: int


def verified(
    content: bytes, signature: bytes, certificates: Mapping[str, bytes], *, now: Optional[float] = None
) -> Signed:
    """Return who signed these bytes, when the signature in a file counts. Raises BadSignature.

    `certificates` are those pinned, by the full fingerprint of their primary key; no other key counts.
    `now` is this moment; a test may choose another. Raises Unavailable without gpg.
    """
    moment = time.time() if now is None else now
    read = read_signature(signature)
    read.demand_over(content)
    key = _maker(read, certificates)
    _demand_in_force(key, _part(key, read.issuer), moment)
    _demand_timely(read, moment)
    fields = _asked(content, read, certificates[key.fingerprint])
    if (fields[1], fields[10]) != (read.issuer, key.fingerprint):
        raise BadSignature("was made by another key than it says")
    return Signed(key.fingerprint, read.issuer, read.made)


def _maker(read: Signature, certificates: Mapping[str, bytes]) -> Key:
    """Return the pinned key that made a signature, itself or by a subkey."""
    for fingerprint, certificate in certificates.items():
        for key in keys_in(certificate):
            if key.fingerprint == fingerprint and read.issuer in _fingerprints(key):
                return key
    raise BadSignature(f"was made by the key {read.issuer}, which is not pinned here")


def _fingerprints(key: Key) -> Collection[str]:
    return [part.fingerprint for part in (key, *key.subkeys)]


def _part(key: Key, fingerprint: str) -> Part:
    return next(part for part in (key, *key.subkeys) if part.fingerprint == fingerprint)


def _demand_in_force(key: Key, part: Part, now: float) -> None:
    for each, named in ((key, "key"), (part, "subkey")):
        if each.created > now:
            raise BadSignature(f"was made by a {named} that is not valid before {_moment(each.created)}")
        standing = each.standing(now)
        if standing:
            told = "is revoked" if standing == "revoked" else f"is {standing}"
            raise BadSignature(f"was made by a {named} that {told}")


def _demand_timely(read: Signature, now: float) -> None:
    if read.made > now:
        raise BadSignature(f"was made in the future: {_moment(read.made)}, and it is {_moment(now)}")
    if read.expires is not None and read.expires <= now:
        raise BadSignature(f"has expired at {_moment(read.expires)}")


def _asked(content: bytes, read: Signature, certificate: bytes) -> list[str]:
    """Return the fields of gpg's VALIDSIG. Raises BadSignature for any word of doubt."""
    with _private_home(certificate) as home:
        files = {"signature": read.packet, "content": content}
        for name, held in files.items():
            with open(os.path.join(home, name), "wb") as file:
                file.write(held)
        words = [os.path.join(home, name) for name in files]
        ended = look(home, "--trust-model", "always", "--status-fd", "1", "--verify", *words)
    said = [line.split()[1:] for line in ended.stdout.decode("utf-8", "replace").splitlines()]
    return _judged([fields for fields in said if fields])


def _judged(said: list[list[str]]) -> list[str]:
    words = [fields[0] for fields in said]
    for word, told in _DOUBTS.items():
        if word in words:
            raise BadSignature(told)
    valid = [fields for fields in said if fields[0] == "VALIDSIG"]
    if words.count("GOODSIG") != 1 or words.count("NEWSIG") > 1 or len(valid) != 1:
        raise BadSignature("is not confirmed by gpg")
    if len(valid[0]) <= _VALID_FIELDS or valid[0][9] != "00":
        raise BadSignature("is not confirmed by gpg as one over a file")
    return valid[0]


@contextmanager
def _private_home(certificate: bytes) -> Iterator[str]:
    """Yield a home that holds one certificate and nothing else; its path is short, whatever TMPDIR says."""
    home = tempfile.mkdtemp(prefix="cutter-", dir="/tmp")
    try:
        taken = look(home, "--import-options", "import-minimal", "--import", stdin=certificate)
        if not taken.succeeded:
            raise StepFailed(f"gpg does not take the certificate: {taken.killed or taken.last_lines()}")
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
