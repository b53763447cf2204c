"""authority.yml and the certificates it names to an Authority."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from cutter.approvals.authority import Authority, PinnedKey, Rule
from cutter.errors import ConfigurationError
from cutter.gpg import Key, keys_in
from cutter.language.inventory_files import Folder
from cutter.language.problems import InvalidDocuments, nearest
from cutter.language.strict_yaml import Document
from cutter.model.durations import seconds_of
from cutter.model.runbook import ValuePath

FILE = "authority.yml"
_LARGEST = 2**20
_LASTS = "7d"


def has_authority(folder: str) -> bool:
    """Tell whether an inventory folder says who may approve."""
    return os.path.lexists(os.path.join(folder, FILE))


def load_authority(folder: str) -> Authority:
    """Return the authority of an inventory folder.

    Raises InvalidDocuments with every problem of the file and its certificates, and ConfigurationError where
    there is no such file.
    """
    if not has_authority(folder):
        raise ConfigurationError(
            f"there is no {FILE} in {folder}: nobody can approve",
            place=folder,
            remedy="pin the approvers' keys there; `cutter schema authority` shows its form",
        )
    files = Folder(folder)
    document = files.document(FILE, "authority", needed=True)
    if files.problems or document is None:
        raise InvalidDocuments(files.problems)
    reading = _Reading(files, document)
    found = reading.authority()
    if files.problems:
        raise InvalidDocuments(files.problems)
    return found


class _Reading:
    """A document of the right shape on its way to an authority; what is wrong is gathered."""

    def __init__(self, files: Folder, document: Document) -> None:
        self.files = files
        self.document = document
        self.owners: dict[str, str] = {}

    def authority(self) -> Authority:
        """Return what the document says, as far as it can be read."""
        value: Mapping[str, Any] = self.document.value
        people = {name: tuple(self._keys(name, body)) for name, body in value["people"].items()}
        roles = {role: self._people(("roles", role), names, people) for role, names in value["roles"].items()}
        requesters = self._people(("requesters",), value["requesters"], people)
        return Authority(people, roles, requesters, self._rule(value["rule"], roles))

    def _rule(self, said: Mapping[str, Any], roles: Mapping[str, Any]) -> Rule:
        for index, role in enumerate(said["roles"]):
            if role not in roles:
                self._problem(
                    ("rule", "roles", index), f"there is no role {role!r}", role, nearest(role, roles)
                )
        return Rule(
            tuple(said["roles"]),
            said.get("distinct_people", "yes") == "yes",
            said.get("requester_may_approve", "no") == "yes",
            seconds_of(said.get("expires_at_most", _LASTS)),
        )

    def _people(self, path: ValuePath, names: list[str], known: Mapping[str, Any]) -> tuple[str, ...]:
        for index, name in enumerate(names):
            if name not in known:
                self._problem((*path, index), f"there is no person {name!r}", name, nearest(name, known))
        return tuple(names)

    def _keys(self, name: str, body: Mapping[str, Any]) -> Iterator[PinnedKey]:
        path: ValuePath = ("people", name)
        if "keys" in body and len(body) == 1:
            for index, item in enumerate(body["keys"]):
                yield from self._key((*path, "keys", index), name, item)
        elif set(body) == {"certificate", "fingerprint"}:
            yield from self._key(path, name, body)
        else:
            self._problem(path, "needs certificate and fingerprint, or keys: with one pair for each", name)

    def _key(self, path: ValuePath, person: str, body: Mapping[str, str]) -> Iterator[PinnedKey]:
        fingerprint = body["fingerprint"].upper()
        owner = self.owners.setdefault(fingerprint, person)
        where = (*path, "fingerprint")
        if owner != person:
            self._problem(where, f"this key is pinned for {owner} already", fingerprint)
        content = self._certificate((*path, "certificate"), body["certificate"])
        if content is None:
            return
        what = _unlike(fingerprint, content)
        if what:
            self._problem(where, what, fingerprint)
        yield PinnedKey(fingerprint, content.decode("ascii"))

    def _certificate(self, path: ValuePath, name: str) -> bytes | None:
        """Return the bytes of a certificate's file; None, and a problem, for what cannot be one."""
        try:
            with open(os.path.join(self.files.path, name), "rb") as file:
                content = file.read(_LARGEST)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._problem(path, f"cannot be read: {reason}", name)
            return None
        if b"PRIVATE KEY" in content:
            self._problem(path, "holds a private key: take it away from here, and pin the public one", name)
        elif not content.isascii() or not content.startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"):
            self._problem(path, "is no armored certificate: gpg --armor --export FINGERPRINT", name)
        else:
            return content
        return None

    def _problem(self, path: ValuePath, what: str, offending: str, suggestion: str = "") -> None:
        found = self.document.problem(path, what, offending=offending, suggestion=suggestion)
        self.files.problems.append(found)


def _unlike(fingerprint: str, content: bytes) -> str:
    """Return what is wrong with a certificate that should be that of one key, or nothing."""
    found: tuple[Key, ...] = keys_in(content)
    if len(found) != 1:
        return f"its certificate holds {len(found)} keys, and one is needed"
    if any(part.fingerprint == fingerprint for part in found[0].subkeys):
        return f"this is a subkey; pin its primary key, {found[0].fingerprint}"
    return "" if found[0].fingerprint == fingerprint else f"its certificate is of {found[0].fingerprint}"
