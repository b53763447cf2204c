"""Who may approve: people with pinned keys, their roles, and the rule their signatures must satisfy.

The canonical text of an authority holds the certificates too. So it is enough to judge later, under the
authority of that day, a signature that replaces it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cutter.errors import ApprovalRefused
from cutter.model.canonical import canonical, digest
from cutter.named_tuple import NamedTuple

_DOMAIN = "authority"


class PinnedKey(NamedTuple):
    """A key of a person: the full fingerprint of its primary key, and its armored certificate."""

    fingerprint: str
    certificate: str


class Rule(NamedTuple):
    """What approves: a signature for each of these roles, and by whom; a request lasts so many seconds."""

    roles: tuple[str, ...]
    distinct_people: bool
    requester_may_approve: bool
    expires_at_most: int


class Authority(NamedTuple):
    """People and their keys, roles and their people, who may request, and the rule."""

    people: Mapping[str, tuple[PinnedKey, ...]]
    roles: Mapping[str, tuple[str, ...]]
    requesters: tuple[str, ...]
    rule: Rule

    @property
    def content(self) -> str:
        """The canonical text, certificates included."""
        return canonical(self._body()).decode("ascii")

    @property
    def digest(self) -> str:
        """The digest of the canonical text."""
        return digest(_DOMAIN, self._body())

    @classmethod
    def from_content(cls, content: str) -> Authority:
        """Return the authority of a canonical text. Raises ApprovalRefused for another text."""
        try:
            body: Mapping[str, Any] = json.loads(content)
            people = {
                name: tuple(PinnedKey(*pair) for pair in pairs) for name, pairs in body["people"].items()
            }
            roles = {role: tuple(names) for role, names in body["roles"].items()}
            rule = Rule(**{**body["rule"], "roles": tuple(body["rule"]["roles"])})
            found = cls(people, roles, tuple(body["requesters"]), rule)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ApprovalRefused("this is not an authority as cutter writes it") from error
        if found.content != content:
            raise ApprovalRefused("this is not an authority as cutter writes it")
        return found

    def person_of(self, fingerprint: str) -> str:
        """Return whose key it is. Raises LookupError for a key that is not pinned."""
        for name, keys in self.people.items():
            if any(key.fingerprint == fingerprint for key in keys):
                return name
        raise LookupError(fingerprint)

    def people_of(self, role: str) -> tuple[str, ...]:
        """Return the people of a role. Raises ApprovalRefused for a role that there is not."""
        if role not in self.roles:
            known = ", ".join(self.roles)
            raise ApprovalRefused(
                f"there is no role {role} in authority.yml", remedy=f"the roles are: {known}"
            )
        return self.roles[role]

    def certificates(self, people: Iterable[str]) -> dict[str, bytes]:
        """Return the certificates of people, by fingerprint."""
        keys = [key for name in people for key in self.people[name]]
        return {key.fingerprint: key.certificate.encode() for key in keys}

    def _body(self) -> dict[str, Any]:
        return {
            "people": {name: [list(key) for key in keys] for name, keys in self.people.items()},
            "roles": {role: list(names) for role, names in self.roles.items()},
            "requesters": list(self.requesters),
            "rule": {**self.rule._asdict(), "roles": list(self.rule.roles)},
        }
