"""Encrypting to a key, and telling from the outside to whom a file is encrypted.

That a file is encrypted is proven by its packets, never assumed of the program that wrote it. That it is
signed is seen only by who decrypts it: gpg says so in its status lines.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from typing import BinaryIO

from cutter.errors import BackupFailed
from cutter.gpg.homes import command, look
from cutter.gpg.keyring import Key, keys, keys_in
from cutter.gpg.packets import AUTHENTICATED, PLAIN, SEALED, SESSION_KEY, Malformed, packets

_KEY_ID = slice(1, 9)
_DOUBTS = ("BADSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "ERRSIG", "BADMDC", "DECRYPTION_FAILED")
_NEEDED = ("BEGIN_DECRYPTION", "DECRYPTION_OKAY", "END_DECRYPTION")


def sealing(home: str, recipient: str) -> list[str]:
    """Return the arguments of gpg that encrypt standard input to a key and sign it by the same key."""
    words = ("-z", "0", "--trust-model", "always", "--no-encrypt-to", "--local-user", recipient)
    return command(home, *words, "--recipient", recipient, "--encrypt", "--sign")


def opening(home: str, status: int) -> list[str]:
    """Return the arguments of gpg that decrypt standard input; its status lines go to a descriptor."""
    words = ("--status-fd", str(status), "--trust-model", "always", "--decrypt")
    return command(home, *words)


def usable_key(home: str, fingerprint: str, uses: Sequence[str], *, secret: bool) -> Key:
    """Return a key of a home. Raises BackupFailed when it is not there, or of no use now."""
    found = next((key for key in keys(home) if key.fingerprint == fingerprint), None)
    verdict = "it is not there" if found is None else found.verdict(uses, now=time.time(), secret=secret)
    if found is None or verdict != "yes":
        raise BackupFailed(
            f"the key {fingerprint} in {home} is of no use: {verdict}",
            remedy="cutter apply runbooks/provision-vps.yml, or correct what names the key",
        )
    return found


def key_in(certificate: bytes, named: str, fingerprint: str) -> Key:
    """Return the one key that an exported certificate holds, when something can be encrypted to it.

    Raises BackupFailed otherwise; `named` is what to call the file in a message.
    """
    found = keys_in(certificate)
    if len(found) != 1 or found[0].fingerprint != fingerprint:
        held = ", ".join(key.fingerprint for key in found) or "no key"
        raise BackupFailed(f"{named} holds {held} and not just {fingerprint}")
    verdict = found[0].verdict(["encrypt"], now=time.time())
    if verdict != "yes":
        raise BackupFailed(f"nothing can be encrypted to {fingerprint} in {named}: {verdict}")
    return found[0]


def encrypted_for(content: bytes, certificate: bytes) -> bytes:
    """Return bytes encrypted to the one key in a certificate, without an agent and without a keyring."""
    with tempfile.TemporaryDirectory(prefix="cutter-") as home:
        named = os.path.join(home, "certificate")
        with open(named, "wb") as file:
            file.write(certificate)
        words = ("--no-keyring", "--trust-model", "always", "-z", "0", "-f", named, "--encrypt")
        ended = look(home, *words, stdin=content)
    if not ended.succeeded:
        raise BackupFailed(f"gpg does not encrypt: {ended.killed or ended.last_lines()}")
    return ended.stdout


def demand_sealed(file: BinaryIO, named: str, recipients: Sequence[Key]) -> None:
    """Raise BackupFailed unless a file is encrypted to exactly these keys and holds nothing in the clear."""
    try:
        found = list(packets(file))
    except Malformed as problem:
        raise BackupFailed(f"{named} {problem}") from None
    if any(packet.tag in PLAIN for packet in found):
        raise BackupFailed(f"{named} holds a packet that is not encrypted")
    tags = [packet.tag for packet in found]
    if tags not in [[*[SESSION_KEY] * len(recipients), sealed] for sealed in (SEALED, AUTHENTICATED)]:
        raise BackupFailed(
            f"{named} is not one message encrypted to {len(recipients)} key(s): its packets are {_told(tags)}"
        )
    addressed = [packet.head[_KEY_ID].hex().upper() for packet in found[:-1]]
    for key in recipients:
        if not any(key_id in addressed for key_id in _key_ids(key)):
            raise BackupFailed(
                f"{named} is encrypted to {', '.join(addressed)}, and not to {key.fingerprint}",
                remedy="nobody but the holder of that other key can read it: find out who encrypted it",
            )


def demand_signed(status: bytes, named: str, fingerprint: str) -> None:
    """Raise BackupFailed unless gpg's status lines say: decrypted whole, signed once, by this very key."""
    said = [line.split()[1:] for line in status.decode("utf-8", "replace").splitlines()]
    words = [fields[0] for fields in said if fields]
    doubts = [word for word in _DOUBTS if word in words] + [f"no {w}" for w in _NEEDED if w not in words]
    if doubts:
        raise BackupFailed(f"{named} could not be decrypted whole: gpg says {', '.join(doubts)}")
    signers = [fields[-1] for fields in said if fields[:1] == ["VALIDSIG"]]
    if signers != [fingerprint] or words.count("GOODSIG") != 1:
        held = f"signed by {', '.join(signers)}" if signers else "not signed"
        raise BackupFailed(f"{named} is {held}, and not by {fingerprint} alone")


def _key_ids(key: Key) -> frozenset[str]:
    return frozenset(part.fingerprint[-16:] for part in (key, *key.subkeys) if "e" in part.capabilities)


def _told(tags: Sequence[int]) -> str:
    return ", ".join(map(str, tags[:8])) + (", ..." if tags[8:] else "") if tags else "none"
