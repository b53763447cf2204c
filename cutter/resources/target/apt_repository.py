"""A repository that apt takes packages from.

As a step:

    - name: Packages of PostgreSQL
      apt_repository:
        name: pgdg
        uris: [https://apt.postgresql.org/pub/repos/apt]
        suites: [bookworm-pgdg]
        components: [main]
        key: keys/pgdg.asc
        fingerprint: B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Optional

from cutter.apt import trial
from cutter.apt.sources import KEYRINGS, PARTS, declared, named_elsewhere
from cutter.errors import Conflict, InvalidDocument, StepFailed, Unavailable
from cutter.filesystem.attributes import described
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import opened
from cutter.filesystem.replace import remove, replace
from cutter.filesystem.sources import late_references
from cutter.filesystem.walk import existing_parent_of, parent_of
from cutter.gpg.certificates import fingerprint_of, unarmored
from cutter.gpg.packets import Malformed
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change, Plain, State
from cutter.resource import Complaint, Content, Desk, Resource, param

_NEEDED = ("uris", "suites", "fingerprint")
_ACCESS = {"owner": "root", "group": "root", "mode": "0644"}
_WORDS = {"type": "array", "minItems": 1, "uniqueItems": True}
_URI = r"^[a-z0-9+]+:/[^\s\[\]]*$"
_WORD = r"^([A-Za-z0-9][A-Za-z0-9._/+~-]*|\./|/)$"


class AptRepository(Resource):
    """A repository of Debian packages, and the one key that must sign it.

    The key is a file beside the runbook, armored or not; its full fingerprint is checked before a target is
    contacted, and apt accepts no other key for this repository. What is new is tried aside first: unless apt
    can read it, signed by that key, neither file is touched. Looking, removing and undoing ask no network.
    """

    name: str = param("Name of its two files, NAME.sources and NAME.gpg.", pattern=r"^[a-z0-9][a-z0-9_-]*$")
    ensure: Literal["present", "absent"] = param("Whether apt should know it.", default="present")
    uris: Optional[list[str]] = param(
        "Where it is, like https://deb.example.org/debian; a password belongs into /etc/apt/auth.conf.d.",
        default=None,
        schema={**_WORDS, "items": {"type": "string", "pattern": _URI}},
    )
    suites: Optional[list[str]] = param(
        "Its suites, like bookworm; a flat repository has a path that ends in a slash.",
        default=None,
        schema={**_WORDS, "items": {"type": "string", "pattern": _WORD}},
    )
    components: Optional[list[str]] = param(
        "Its components, like main; none for a flat repository.",
        default=None,
        schema={**_WORDS, "items": {"type": "string", "pattern": _WORD}},
    )
    architectures: Optional[list[str]] = param(
        "Only these architectures; when missing, those of the machine.",
        default=None,
        schema={**_WORDS, "items": {"type": "string", "pattern": "^[a-z0-9-]+$"}},
    )
    key: Optional[str] = param("The file with its public key, relative to the runbook.", default=None)
    fingerprint: Optional[str] = param(
        "The full fingerprint of that key, 40 hexadecimal digits.",
        default=None,
        pattern="^[0-9A-Fa-f]{40}$",
    )
    digest: Optional[str] = param("The digest of the key.", default=None, internal=True)

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about what is missing or makes no sense together."""
        if params.get("ensure", "present") == "absent":
            given = (name for name in (*_NEEDED, "key", "components", "architectures") if params.get(name))
            yield from (Complaint((name,), "makes no sense with ensure: absent") for name in given)
            return
        there = {**params, "key": params.get("key") or params.get("digest")}
        missing = (name for name in (*_NEEDED, "key") if not there.get(name))
        yield from (Complaint((), f"{name} is missing") for name in missing)
        if any("@" in uri for uri in params.get("uris") or ()):  # not shown: it may hold a password
            yield Complaint(("uris",), "user and password belong into /etc/apt/auth.conf.d")
        yield from (Complaint(("key",), text) for text in late_references(params.get("key")))
        yield from _complaints_of_suites(params)

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read the key, hold it against its fingerprint, and leave its digest in its place."""
        others = {name: value for name, value in params.items() if name != "key"}
        if params.get("ensure") == "absent":
            return others
        path, wanted = str(params["key"]), str(params["fingerprint"]).upper()
        try:
            content = unarmored(desk.read(path))
            found = fingerprint_of(content)
        except (Malformed, OSError) as error:
            raise InvalidDocument(f"the key {path} {error}") from error
        if found != wanted:
            raise InvalidDocument(f"the key {path} has the fingerprint {found}, not {wanted}")
        digest = bytes_digest(content)
        desk.send(content, digest)
        return {**others, "fingerprint": wanted, "digest": digest}

    @property
    def _paths(self) -> Mapping[str, str]:
        """The two files, in the order in which they come: never a source whose key is missing."""
        return {"key": f"{KEYRINGS}/{self.name}.gpg", "sources": f"{PARTS}/{self.name}.sources"}

    def desired(self) -> Optional[State]:
        """Return both files: content (as a digest), owner, group and mode."""
        if self.ensure == "absent":
            return None
        held = {"key": self.digest, "sources": bytes_digest(self._text())}
        return {key: value for part in held for key, value in _stated(part, held[part], _ACCESS).items()}

    def observe(self) -> Optional[State]:
        """Return the same of what is there.

        Raises Conflict when another file names the repository, and Unavailable without apt.
        """
        if not os.path.isdir(PARTS):
            raise Unavailable(f"there is no {PARTS}: repositories are those of Debian alone")
        if self.ensure == "present":
            self._refuse_second()
        found = {key: value for part in self._paths for key, value in self._seen(part).items()}
        return found if found["key"] or found["sources"] else None

    def places(self) -> tuple[str, ...]:
        """Return the paths of both files."""
        return tuple(self._paths.values())

    def workplaces(self) -> tuple[str, ...]:
        """Return the folders of both files; in that of the keys, what is new is tried."""
        return (KEYRINGS, PARTS)

    def apply(self, change: Change, content: Content) -> None:
        """Try what is declared and new, then put the files in place, or take them away."""
        after, before = change.after or {}, change.before or {}
        new = {part: self._bytes_of(part, after.get(part), content) for part in self._paths}
        if after == self.desired() and any(before.get(part) != after.get(part) for part in new):
            trial.must_be_readable(self.name, new, self._paths)
        for part in self._paths if new["sources"] is not None else reversed(list(self._paths)):
            self._put(part, new[part], after, content)

    def ready(self, change: Change, content: Content) -> None:
        """Raise StepFailed when bytes that were replaced are kept no longer."""
        for part in self._paths:
            self._bytes_of(part, (change.after or {}).get(part), content)

    def summary(self, change: Change) -> str:
        """Return what apt would be told of."""
        if change.after is None or change.after != self.desired() or change.before is not None:
            return ""
        return f"{' '.join(self.uris or ())} {' '.join(self.suites or ())}, signed by {self.fingerprint}"

    def _text(self) -> bytes:
        fields = (("URIs", self.uris), ("Suites", self.suites), ("Components", self.components))
        more = (("Architectures", self.architectures), ("Signed-By", [self._paths["key"]]))
        return declared([("Types", ["deb"]), *((name, words or ()) for name, words in (*fields, *more))])

    def _refuse_second(self) -> None:
        line = f"{PARTS}/{self.name}.list"
        if os.path.lexists(line):
            raise Conflict(f"{line} has the name of the repository already", remedy=f"move {line} away")
        wanted = [(uri, suite) for uri in self.uris or () for suite in self.suites or ()]
        place = named_elsewhere(self._paths["sources"], wanted)
        if place:
            raise Conflict(
                f"{place} names this repository already, and apt cannot have it twice",
                remedy="take it out there, or give this one its file's name",
            )

    def _seen(self, part: str) -> State:
        with parent_of(self._paths[part]) as place:
            if place is None:
                return {part: None}
            with opened(place) as found:
                if found is None:
                    return {part: None}
                with refusals("reading", place.path):
                    digest = bytes_digest(found.content())
                return _stated(part, digest, described(found.fd, found.seen, "root", "root"))

    def _bytes_of(self, part: str, digest: Plain, content: Content) -> Optional[bytes]:
        if digest is None:
            return None
        if part == "sources" and digest == bytes_digest(self._text()):
            return self._text()
        try:
            return content.bytes_of(str(digest))
        except LookupError as error:
            raise StepFailed(f"the content of {self._paths[part]} is not at hand: {digest}") from error

    def _put(self, part: str, new: Optional[bytes], after: State, content: Content) -> None:
        if new is None and not os.path.lexists(self._paths[part]):
            return
        with existing_parent_of(self._paths[part]) as place, opened(place) as old:
            if old is not None:
                content.keep(old.content(), bytes_digest(old.content()))
            if new is not None:
                replace(place, old, new, {name: after[f"{part}_{name}"] for name in _ACCESS})
            elif old is not None:
                remove(place)


def _complaints_of_suites(params: Mapping[str, Any]) -> Iterator[Complaint]:
    flat = [suite for suite in params.get("suites") or () if suite.endswith("/")]
    if flat and params.get("components"):
        yield Complaint(("components",), f"the suite {flat[0]} is a path, which has none")
    elif params.get("suites") and not flat and not params.get("components"):
        yield Complaint((), "components is missing")


def _stated(part: str, digest: Optional[str], access: Mapping[str, Plain]) -> dict[str, Plain]:
    return {part: digest, **{f"{part}_{name}": access[name] for name in _ACCESS}}
