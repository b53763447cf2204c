"""People with throw-away keys, made once per test process in one home, and signatures of every kind."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

_QUIET = ("--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
PINNED = ("alice", "bob", "carol", "dave", "bob2", "expired", "revoked", "tomorrow")
_AUTHORITY = """\
apiVersion: cutter/v1
people:
{people}
roles: {{SG_1: [alice, erin, rita, tina], SG_2: [bob], BREAK_GLASS: [carol]}}
requesters: [dave]
rule:
  roles: [SG_1, SG_2]
  distinct_people: {distinct}
  requester_may_approve: {requester}
  expires_at_most: 7d
"""
_KEYS_OF = {
    "alice": ["alice"],
    "bob": ["bob", "bob2"],
    "carol": ["carol"],
    "dave": ["dave"],
    "erin": ["expired"],
    "rita": ["revoked"],
    "tina": ["tomorrow"],
}


class People(NamedTuple):
    """A home with a key per name: alice (with a signing subkey), bob and bob2, carol, dave, mallory, ..."""

    home: str
    fingerprints: dict[str, str]
    subkey: str

    def gpg(self, *words: str, stdin: bytes = b"", faked: str = "") -> bytes:
        """Run gpg in the home, perhaps at another time like ``20350101T000000``, and return its output."""
        when = ["--faked-system-time", f"{faked}!"] if faked else []
        argv = ["gpg", "--homedir", self.home, *_QUIET, *when, *words]
        return subprocess.run(argv, input=stdin, check=True, capture_output=True).stdout

    def sign(self, content: bytes, name: str, *words: str, faked: str = "") -> bytes:
        """Return what ``gpg --detach-sign`` makes of these bytes, with more words where given."""
        key = self.fingerprints.get(name, name)
        return self.gpg("-u", key, *words, "--output", "-", "--detach-sign", stdin=content, faked=faked)

    def sign_revoked(self, content: bytes) -> bytes:
        """Return a signature by the revoked key, made where nobody knows that it is revoked."""
        secret = self.gpg("--export-secret-keys", self.fingerprints["revoked"])
        with _home() as home:
            unknowing = self._replace(home=home)
            unknowing.gpg("--import", stdin=b"".join(_without_revocation(secret)))
            return unknowing.sign(content, "revoked")

    def certificate(self, name: str) -> bytes:
        """Return the armored certificate of a key."""
        return self.gpg("--armor", "--export", self.fingerprints[name])

    def authority(self, inventory: Path, *, distinct: str = "yes", requester: str = "no") -> Path:
        """Write authority.yml and the certificates into an inventory folder and return its path."""
        (inventory / "authority").mkdir(parents=True, exist_ok=True)
        for name in PINNED:
            (inventory / f"authority/{name}.asc").write_bytes(self.certificate(name))
        people = "\n".join(f"  {person}: {{keys: [{self._pins(person)}]}}" for person in _KEYS_OF)
        path = inventory / "authority.yml"
        path.write_text(_AUTHORITY.format(people=people, distinct=distinct, requester=requester))
        return path

    def _pins(self, person: str) -> str:
        return ", ".join(
            f"{{certificate: authority/{name}.asc, fingerprint: {self.fingerprints[name]}}}"
            for name in _KEYS_OF[person]
        )


def make_people(home: str) -> People:
    """Make all keys in an empty folder; its path has to be short."""
    people = People(home, {}, "")
    for name in ("alice", "bob", "bob2", "carol", "dave", "mallory", "revoked"):
        people.fingerprints[name] = _made(people, name, "never", faked="20250101T000000")
    people.fingerprints["expired"] = _made(people, "expired", "20210101T000000", faked="20200101T000000")
    people.fingerprints["tomorrow"] = _made(people, "tomorrow", "never", faked="20400101T000000")
    people.gpg("--quick-add-key", people.fingerprints["alice"], "ed25519", "sign", "never")
    _revoke(people, "revoked")
    listing = people.gpg("--with-colons", "--with-fingerprint", "--with-fingerprint", "-k", "alice")
    prints = [line.split(":")[9] for line in listing.decode().splitlines() if line.startswith("fpr")]
    return people._replace(subkey=prints[-1])


@pytest.fixture(scope="session")
def people() -> Iterator[People]:
    """Give the keys of this test process; its agent ends with it."""
    with _home() as home:
        yield make_people(home)


@contextmanager
def _home() -> Iterator[str]:
    """Yield an empty home with a short path, which is gone afterwards, and its agent too."""
    home = tempfile.mkdtemp(prefix="keys-", dir="/tmp")
    try:
        yield home
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def _without_revocation(packets: bytes) -> Iterator[bytes]:
    """Yield the packets of an exported key but its revocation, a signature of class 20."""
    at = 0
    while at < len(packets):
        width = {0: 1, 1: 2}[packets[at] & 3]
        end = at + 1 + width + int.from_bytes(packets[at + 1 : at + 1 + width], "big")
        if not ((packets[at] & 0x3C) >> 2 == 2 and packets[at + 2 + width] == 0x20):
            yield packets[at:end]
        at = end


def _made(people: People, name: str, expires: str, faked: str = "") -> str:
    words = ("--quick-generate-key", f"{name} <{name}@example.invalid>", "ed25519", "sign", expires)
    said = people.gpg("--status-fd", "1", *words, faked=faked).decode()
    return next(line.split()[-1] for line in said.splitlines() if " KEY_CREATED " in line)


def _revoke(people: People, name: str) -> None:
    path = Path(people.home, "openpgp-revocs.d", f"{people.fingerprints[name]}.rev")
    people.gpg("--import", stdin=path.read_text().replace(":-----BEGIN", "-----BEGIN").encode())
