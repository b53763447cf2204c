"""What keys a home or a file holds, and whether they are of use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Optional

from cutter.errors import StepFailed, Unavailable
from cutter.filesystem.refusals import refusals
from cutter.gpg.homes import look

DAY = 86_400
USES = {"encrypt": "e", "sign": "s"}
_LISTING = ("--trust-model", "always", "--with-colons", "--with-fingerprint", "--with-fingerprint")
_ALGORITHMS = {"1": "rsa", "16": "elgamal", "17": "dsa"}
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass(frozen=True)
class Part:
    """A primary key or a subkey. Times are Unix seconds, and `expires` None is never.

    `fingerprint` has 40 upper-case hexadecimal digits; `validity` (r revoked, e expired, i invalid) and
    `capabilities` are gpg's letters; `secret` says that its private half lies in the same home.
    """

    fingerprint: str
    algorithm: str
    created: int
    expires: Optional[int]
    validity: str
    capabilities: str
    keygrip: str = ""
    secret: bool = False

    def standing(self, now: float, days: int = 0) -> str:
        """Return why it is of no use now or in so many days: revoked, invalid, expired, expiring; or ""."""
        plain = {"r": "revoked", "i": "invalid", "e": "expired"}.get(self.validity, "")
        if plain or self.expires is None:
            return plain
        if self.expires <= now:
            return "expired"
        return "expiring" if self.expires < now + days * DAY else ""


@dataclass(frozen=True)
class Key(Part):
    """A primary key with its user ids (revoked ones left out) and its subkeys."""

    uids: tuple[str, ...] = ()
    subkeys: tuple[Part, ...] = ()

    def verdict(self, uses: Iterable[str], *, now: float, days: int = 0, secret: bool = False) -> str:
        """Return "yes", or the first reason why the key is of no use for `uses`: encrypt, sign.

        `days` is how long it must still last; `secret` asks for the private halves too.
        """
        if "D" in self.capabilities:
            return "disabled"
        reasons = [self.standing(now, days), *(self._lack(use, now, days, secret=secret) for use in uses)]
        return next(filter(None, reasons), "yes")

    def _lack(self, use: str, now: float, days: int, *, secret: bool) -> str:
        able = [part for part in (self, *self.subkeys) if USES[use] in part.capabilities]
        live = [part for part in able if not part.standing(now, days)]
        if live:
            return "" if not secret or any(part.secret for part in live) else f"no private key to {use}"
        return f"cannot {use}" + (f": that subkey is {able[-1].standing(now, days)}" if able else "")


def keys(home: str, *, secret: bool = False) -> tuple[Key, ...]:
    """Return the keys of a home, or only those with a private half; an absent or empty home has none.

    Changes nothing, not even where gpg would like to write a file. Raises Unavailable without gpg, StepFailed
    when gpg cannot read the home.
    """
    if _is_empty(home):
        return ()
    ended = look(home, *_LISTING, "--with-keygrip", "--list-keys")
    if not ended.succeeded:
        raise StepFailed(f"gpg cannot list the keys: {ended.killed or ended.last_lines()}", place=home)
    found = (_with_secrets(key, home) for key in _parsed(ended.stdout))
    return tuple(key for key in found if key.secret or not secret)


def keys_in(content: bytes) -> tuple[Key, ...]:
    """Return the keys that exported content holds, armored or not; none for what is no key at all."""
    if not content:
        return ()
    trust = os.memfd_create("trustdb", os.MFD_CLOEXEC)  # gpg makes one to say that a key is revoked
    try:
        # any folder will do as a home without a keyring, and nobody can write into this one
        words = ("--no-keyring", "--trustdb-name", f"/proc/{os.getpid()}/fd/{trust}", *_LISTING[2:])
        return tuple(_parsed(look("/proc", *words, "--show-keys", stdin=content).stdout))
    finally:
        os.close(trust)


def certificate(home: str, fingerprint: str) -> bytes:
    """Return the armored public certificate of a key. Raises Unavailable when the home has no such key."""
    ended = look(home, "--armor", "--export", fingerprint) if os.path.isdir(home) else None
    if ended is None or not ended.succeeded or not ended.stdout:
        raise Unavailable(f"there is no key {fingerprint} in {home}", place=home)
    return ended.stdout


def _is_empty(home: str) -> bool:
    """Tell whether there is no keyring; gpg would make one only to say so."""
    with refusals("reading", home):
        try:
            names = os.listdir(home)
        except FileNotFoundError:
            return True
    return not {"pubring.kbx", "pubring.gpg"}.intersection(names)


def _parsed(listing: bytes) -> Iterator[Key]:
    """Turn gpg's colon listing into keys."""
    group: list[list[bytes]] = []
    for line in listing.splitlines():
        fields = line.split(b":")
        if fields[0] in (b"pub", b"sec") and group:
            yield _key(group)
            group = []
        if group or fields[0] in (b"pub", b"sec"):
            group.append(fields)
    if group:
        yield _key(group)


def _key(group: list[list[bytes]]) -> Key:
    parts = list(_parts(group))
    uids = tuple(_text(line[9]) for line in group if line[0] == b"uid" and line[1] != b"r")
    revoked = parts[0].validity == "r"
    all_uids = tuple(_text(line[9]) for line in group if line[0] == b"uid")
    primary = {name: getattr(parts[0], name) for name in Part.__dataclass_fields__}
    return Key(**primary, uids=all_uids if revoked else uids, subkeys=tuple(parts[1:]))


def _parts(group: list[list[bytes]]) -> Iterator[Part]:
    part: Optional[Part] = None
    for line in group:
        if line[0] in (b"pub", b"sec", b"sub", b"ssb"):
            if part is not None:
                yield part
            part = _part(line)
        elif part is not None and line[0] == b"fpr":
            part = replace(part, fingerprint=_text(line[9]))
        elif part is not None and line[0] == b"grp":
            part = replace(part, keygrip=_text(line[9]))
    if part is not None:
        yield part


def _part(line: list[bytes]) -> Part:
    fields = [_text(field) for field in line] + [""] * 21
    return Part(
        fingerprint="",
        algorithm=fields[16] or _ALGORITHMS.get(fields[3], f"algorithm{fields[3]}-") + fields[2],
        created=int(fields[5] or 0),
        expires=int(fields[6]) if fields[6] else None,
        validity=fields[1],
        capabilities=fields[11],
    )


def _with_secrets(key: Key, home: str) -> Key:
    subkeys = tuple(replace(part, secret=_has_secret(home, part)) for part in key.subkeys)
    return replace(key, secret=_has_secret(home, key), subkeys=subkeys)


def _has_secret(home: str, part: Part) -> bool:
    return os.path.exists(os.path.join(home, "private-keys-v1.d", f"{part.keygrip}.key"))


def _text(field: bytes) -> str:
    unescaped = _ESCAPED.sub(lambda match: bytes([int(match.group(1), 16)]), field)
    return unescaped.decode("utf-8", "replace")
