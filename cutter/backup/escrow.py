"""The private key of the backups, exported to a person: encrypted to their certificate, in a file.

In the clear it is in memory only, for as long as it takes to encrypt it.
"""

from __future__ import annotations

import io
import os

from cutter.errors import BackupFailed, Unavailable
from cutter.filesystem.regular import opened
from cutter.filesystem.replace import remove as unlink
from cutter.filesystem.replace import replace
from cutter.filesystem.walk import existing_parent_of, lstat, parent_of
from cutter.gpg import keys_in
from cutter.gpg.encrypting import demand_sealed, encrypted_for, key_in, usable_key
from cutter.gpg.making import exported


def certificate_in(path: str, fingerprint: str) -> bytes:
    """Return the certificate of a person in a file, checked. Raises Unavailable, BackupFailed."""
    content = _read(path)
    key_in(content, path, fingerprint)
    return content


def person_in(path: str) -> str:
    """Return the fingerprint of the one key in a file. Raises Unavailable, BackupFailed."""
    found = [key.fingerprint for key in keys_in(_read(path))]
    if len(found) != 1:
        raise BackupFailed(f"{path} holds {len(found)} keys, and has to hold one")
    return found[0]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unavailable(
            f"the certificate {path} cannot be read: {error.strerror}",
            remedy="put the person's public key there (in the sandbox: apply runbooks/sandbox-elsewhere.yml)",
        ) from None


def sealed_key(home: str, fingerprint: str, certificate: bytes, person: str) -> bytes:
    """Return the private key of a home, encrypted to a person's certificate; proven by its packets.

    Raises BackupFailed, StepFailed for a key under a passphrase.
    """
    usable_key(home, fingerprint, ["encrypt", "sign"], secret=True)
    private = exported(home, fingerprint, secret=True)
    held = [key.fingerprint for key in keys_in(private)]
    if held != [fingerprint] or b"PRIVATE KEY" not in private:
        raise BackupFailed(f"gpg did not export the private key {fingerprint}")
    sealed = encrypted_for(private, certificate)
    demand_for(sealed, "the escrow", certificate, person)
    return sealed


def demand_for(sealed: bytes, named: str, certificate: bytes, person: str) -> None:
    """Raise BackupFailed unless these bytes are encrypted to the person of a certificate and to no other."""
    held = os.memfd_create("sealed", os.MFD_CLOEXEC)
    with io.FileIO(held, "r+") as raw:
        raw.write(sealed)
        with io.BufferedReader(raw) as file:
            demand_sealed(file, named, [key_in(certificate, named, person)])


def content_at(path: str) -> bytes | None:
    """Return the bytes of an escrow's file, None where there is none."""
    with parent_of(path) as place:
        if place is None:
            return None
        with opened(place) as found:
            return None if found is None else found.content()


def put(path: str, sealed: bytes) -> None:
    """Write an escrow's file, 0600, in one durable move."""
    with existing_parent_of(path) as place, opened(place) as old:
        replace(place, old, sealed, {"mode": "0600"})


def remove(path: str) -> None:
    """Remove an escrow's file, durably, if it is there."""
    with parent_of(path) as place:
        if place is not None and lstat(place) is not None:
            unlink(place)
