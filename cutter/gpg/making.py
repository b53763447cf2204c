"""Making, taking in and removing keys of a home; no secret is in an argument list."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from cutter.errors import StepFailed
from cutter.filesystem.leftovers import discard, hold, temporary_name
from cutter.filesystem.refusals import refusals
from cutter.filesystem.walk import Place, existing_parent_of, sync
from cutter.gpg.homes import work
from cutter.gpg.keyring import keys
from cutter.model.mismatches import fits
from cutter.named_tuple import NamedTuple

_RESIDUE = ("pubring.kbx", "pubring.kbx~", "trustdb.gpg", "random_seed", ".gpg-v21-migrated")
_RESIDUE_FOLDERS = ("private-keys-v1.d", "openpgp-revocs.d")
_KINDS = {
    "ed25519": (
        "Key-Type: eddsa\nKey-Curve: ed25519\nKey-Usage: sign",
        "Subkey-Type: ecdh\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt",
    ),
    "rsa3072": (
        "Key-Type: rsa\nKey-Length: 3072\nKey-Usage: sign",
        "Subkey-Type: rsa\nSubkey-Length: 3072\nSubkey-Usage: encrypt",
    ),
    "rsa4096": (
        "Key-Type: rsa\nKey-Length: 4096\nKey-Usage: sign",
        "Subkey-Type: rsa\nSubkey-Length: 4096\nSubkey-Usage: encrypt",
    ),
}
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
NEW_KEY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "email"],
    "properties": {
        "name": {"type": "string", "pattern": r"^[^\s<>\x00-\x1f]([^<>\x00-\x1f]*[^\s<>\x00-\x1f])?$"},
        "email": {"type": "string", "pattern": r"^[^\s<>@]+@[^\s<>@]+$"},
        "algorithm": {"type": "string", "enum": list(_KINDS)},
        "expires": {"type": "string", "pattern": "^([1-9][0-9]{0,3}[dwmy]|never)$"},
    },
}
"""How a runbook declares a new key, as JSON Schema."""


class NewKey(NamedTuple):
    """A key pair to be made: it signs, and its subkey encrypts. `expires` is like "2y", or "never"."""

    name: str
    email: str
    algorithm: str
    expires: str

    @property
    def uid(self) -> str:
        """Return the user id as gpg writes it."""
        return f"{self.name} <{self.email}>"

    @property
    def batch(self) -> str:
        """Return gpg's parameters; nobody is there to type a passphrase, so the key has none."""
        identity = f"Name-Real: {self.name}\nName-Email: {self.email}"
        expires = "0" if self.expires == "never" else self.expires
        key, subkey = _KINDS[self.algorithm]
        return f"%no-protection\n{key}\n{subkey}\n{identity}\nExpire-Date: {expires}\n%commit\n"


def complaints_of_new(declared: Mapping[str, Any], min_days_left: int) -> Iterator[tuple[str, str]]:
    """Yield name and complaint for each thing wrong with a declared new key; references are judged later."""
    yield from ((name, "is missing") for name in NEW_KEY["required"] if name not in declared)
    for name, value in declared.items():
        rule = NEW_KEY["properties"].get(name)
        if rule is None:
            yield name, "is not known here"
        elif not isinstance(value, str):
            yield name, f"{value!r} is not a string"
        elif "{{" in value:
            continue
        elif value not in rule.get("enum", [value]) or not fits(rule.get("pattern", ""), value):
            yield (
                name,
                f"{value!r} is not one of {', '.join(rule['enum'])}"
                if "enum" in rule
                else f"{value!r} is not allowed",
            )
        elif name == "expires" and value != "never" and int(value[:-1]) * _DAYS[value[-1]] <= min_days_left:
            yield (
                name,
                f"{value!r} is not later than min_days_left, {min_days_left}: the key would be of no use",
            )


def generate(home: str, new: NewKey) -> str:
    """Make the key pair and return its fingerprint. Raises StepFailed.

    An empty home gets it in one move, so that half of a pair is never found there. One that holds something
    else already gets it from gpg directly.
    """
    if os.listdir(home) or os.listxattr(home):
        return _generated(home, new)
    with existing_parent_of(home) as place, refusals("making a key in", home):
        return _generated_beside(place, new)


def _generated_beside(place: Place, new: NewKey) -> str:
    beside = place.beside(temporary_name())
    os.mkdir(beside.name, 0o700, dir_fd=place.fd)
    fd = os.open(beside.name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.fd)
    try:
        hold(fd)
        fingerprint = _generated(beside.path, new)
        _secure(beside.path)
        seen = os.stat(place.name, dir_fd=place.fd, follow_symlinks=False)
        os.chown(fd, -1, seen.st_gid)
        os.chmod(fd, stat.S_IMODE(seen.st_mode))
        os.rename(beside.name, place.name, src_dir_fd=place.fd, dst_dir_fd=place.fd)
    except BaseException:
        with suppress(OSError):
            discard(beside)
        raise
    finally:
        os.close(fd)
    sync(place)
    return fingerprint


def _secure(home: str) -> None:
    """Make what gpg wrote durable, which gpg itself does not."""
    for folder, _, names in os.walk(home):
        for name in [*names, "."]:
            fd = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def _generated(home: str, new: NewKey) -> str:
    made = work(home, "--status-fd", "1", "--generate-key", stdin=new.batch.encode())
    for line in made.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("[GNUPG:] KEY_CREATED "):
            return line.split()[-1]
    raise StepFailed("gpg made no key", place=home)


def take_in(home: str, content: bytes) -> None:
    """Import exported keys, public or secret. Raises StepFailed."""
    work(home, "--import", stdin=content)


def exported(home: str, fingerprint: str, *, secret: bool) -> bytes:
    """Return a key, armored, as `take_in` takes it. Raises StepFailed, for one under a passphrase too."""
    content = work(home, "--armor", "--export-secret-keys" if secret else "--export", fingerprint).stdout
    if not content:
        raise StepFailed(f"gpg does not give out {fingerprint}", place=home)
    return content


def remove(home: str, fingerprint: str, *, secret: bool) -> None:
    """Remove one key, both halves; with the last one goes what gpg had put into the home for it."""
    work(home, "--yes", "--delete-secret-and-public-key" if secret else "--delete-keys", fingerprint)
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(home, "openpgp-revocs.d", f"{fingerprint}.rev"))
    if not keys(home):
        _sweep(home)


def left_by_removal(home: str) -> tuple[str, ...]:
    """Return the paths in a home that stay when its one key is removed; beside other keys that is all."""
    mine = (*_RESIDUE, *_RESIDUE_FOLDERS) if len(keys(home)) <= 1 else ()
    return tuple(os.path.join(home, name) for name in os.listdir(home) if name not in mine)


def _sweep(home: str) -> None:
    for name in _RESIDUE:
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(home, name))
    for name in _RESIDUE_FOLDERS:
        with suppress(OSError):  # what somebody else put there stays
            os.rmdir(os.path.join(home, name))
