"""A file.

As a step:

    - name: Message of the day
      file: {path: /etc/motd, owner: root, group: root, mode: "0644", content: This host is managed.}
    - name: Web server
      file:
        path: /etc/nginx/nginx.conf
        template: documents/nginx.conf.j2
        validate: [nginx, -t, -c, "{candidate}"]
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal, Optional

from cutter.errors import Conflict, StepFailed, Unavailable
from cutter.filesystem.attributes import described, put_in_place
from cutter.filesystem.inspection import CANDIDATE, inspect
from cutter.filesystem.preview import compared
from cutter.filesystem.refusals import refusals
from cutter.filesystem.regular import LARGEST, Regular, opened
from cutter.filesystem.replace import changed_meanwhile, remove, replace_alone
from cutter.filesystem.sources import SOURCES, is_secret, late_references, rendered
from cutter.filesystem.walk import Place, existing_parent_of, parent_of, problem_of
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Desk, Resource, param

_ONE_OF = "exactly one of content, source, template, json and yaml is needed"


class File(Resource):
    """A regular file with its content, an owner, a group and a mode.

    The content comes from exactly one of `content`, `source`, `template`, `json` and `yaml`, all read where
    cutter is started, so facts and step outputs cannot be in it. A file is replaced in one move and what it
    replaces is kept; where only owner, group or mode differ, the content is not touched.
    """

    inherited = ("xattr:system.posix_acl_access",)
    path: str = param("Absolute path, without symbolic links on the way.", pattern="^/")
    ensure: Literal["present", "absent"] = param("Whether it should exist.", default="present")
    content: Optional[str] = param("The text itself.", default=None)
    source: Optional[str] = param("A file whose bytes to take, relative to the runbook.", default=None)
    template: Optional[str] = param("A Jinja2 template to render, relative to the runbook.", default=None)
    json: Any = param("A value to write as JSON, keys in their order.", default=None)
    yaml: Any = param("A value to write as YAML, keys in their order.", default=None)
    secret: bool = param("Whether the content must never be shown.", default=False)
    validate: Optional[list[str]] = param(
        "A command that judges the new file, {candidate}, before it goes live.", default=None
    )
    owner: Optional[str] = param("User name, or number; when missing, whoever it is.", default=None)
    group: Optional[str] = param("Group name, or number; when missing, whichever it is.", default=None)
    mode: str = param("Four octal digits, quoted.", default="0644", pattern="^[0-7]{4}$")
    digest: Optional[str] = param("The digest of the content.", default=None, internal=True)

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about a path that is not plain, content that is not one, and a validation of nothing."""
        problem = problem_of(params["path"])
        if problem and "{{" not in params["path"]:
            yield Complaint(("path",), problem)
        given = [name for name in (*SOURCES, "digest") if params.get(name) is not None]
        if params.get("ensure", "present") == "present" and len(given) != 1:
            yield Complaint((), f"{_ONE_OF}, not {' and '.join(given) or 'none'}")
        for name in given:
            yield from (Complaint((name,), text) for text in late_references(params[name]))
        validate = params.get("validate")
        if validate is not None and not any(CANDIDATE in word for word in validate):
            yield Complaint(("validate",), f"no argument names {CANDIDATE}, so it would judge something else")

    @classmethod
    def prepare(cls, params: dict[str, Any], desk: Desk) -> dict[str, Any]:
        """Read or render the content, hand it over, and leave its digest in its place."""
        others = {name: value for name, value in params.items() if name not in SOURCES}
        if params.get("ensure") == "absent":
            return others
        content = rendered(params, desk)
        secret = bool(params.get("secret")) or is_secret(params)
        digest = desk.keyed(content) if secret else bytes_digest(content)
        desk.send(content, digest)
        return {**others, "secret": secret, "digest": digest}

    def desired(self) -> Optional[State]:
        """Return content (as a digest) and mode, and owner and group where they are declared."""
        if self.ensure == "absent":
            return None
        declared = {"content": self.digest, "owner": self.owner, "group": self.group, "mode": self.mode}
        return {key: value for key, value in declared.items() if value is not None}

    def observe(self) -> Optional[State]:
        """Return content (as a digest), owner, group, mode and extended attributes.

        Raises Conflict when something else is there, and Unavailable for a secret whose key is missing.
        """
        with parent_of(self.path) as place:
            if place is None:
                return None
            with opened(place) as found:
                return None if found is None else self._state(found)

    def workplaces(self) -> tuple[str, ...]:
        """Return the folder of the file."""
        return (os.path.dirname(self.path),)

    def apply(self, change: Change, content: Content) -> None:
        """Write, alter or remove the file; its bytes are kept before they go."""
        with existing_parent_of(self.path) as place, opened(place) as found:
            current = None if found is None else self._content(found)
            self._require_known(change, current)
            if change.after is None:
                self._remove(place, current, content)
            elif found and current is not None and change.after["content"] == self._digest(current):
                put_in_place(found.fd, change.after, self.path)
            else:
                self._write(place, found, current, change.after, content)

    def ready(self, change: Change, content: Content) -> None:
        """Raise StepFailed when the bytes to be written are not at hand, or damaged."""
        if change.after is not None and (change.before or {}).get("content") != change.after["content"]:
            self._bytes_of(str(change.after["content"]), content)

    def preview(self, change: Change, content: Content) -> str:
        """Return a unified diff of the content, or what else can be said of it; empty when it stays."""
        before = "" if change.before is None else str(change.before["content"])
        after = "" if change.after is None else str(change.after["content"])
        if before == after:
            return ""
        if self.secret:
            return "***"
        try:
            new = content.bytes_of(after) if after else b""
        except LookupError:
            return ""
        return compared(self._live(), new, self.path)

    def _live(self) -> bytes:
        with parent_of(self.path) as place:
            if place is None:
                return b""
            with opened(place) as found:
                return b"" if found is None else self._content(found)

    def _state(self, found: Regular) -> State:
        content = self._digest(self._content(found))
        return {"content": content, **described(found.fd, found.seen, self.owner, self.group)}

    def _content(self, found: Regular) -> bytes:
        if found.seen.st_size > LARGEST:
            raise Conflict(
                f"{self.path} has {found.seen.st_size} bytes: too large to be looked at and kept as a whole",
                remedy=f"move it away, or remove it, by hand: what is declared has at most {LARGEST}",
            )
        with refusals("reading", self.path):
            return found.content()

    def _digest(self, content: bytes) -> str:
        if not self.secret:
            return bytes_digest(content)
        if not self.digest_key:
            raise Unavailable(
                f"without its key nobody can tell whether the secret in {self.path} is as declared"
            )
        return self.keyed(content)

    def _require_known(self, change: Change, current: Optional[bytes]) -> None:
        """Refuse to overwrite what was not there, or was different, when it was looked at."""
        if current is not None and (
            change.before is None or change.before["content"] != self._digest(current)
        ):
            raise changed_meanwhile(self.path)

    def _remove(self, place: Place, current: Optional[bytes], content: Content) -> None:
        if current is not None:
            content.keep(current, self._digest(current))
            remove(place)

    def _write(
        self,
        place: Place,
        found: Optional[Regular],
        current: Optional[bytes],
        wanted: State,
        content: Content,
    ) -> None:
        new = self._bytes_of(str(wanted["content"]), content)
        if current is not None:
            content.keep(current, self._digest(current))
        judged = self.validate if wanted["content"] == self.digest else None
        inspection = partial(inspect, judged, quiet=self.secret) if judged else None
        replace_alone(place, found, new, wanted, inspection)

    def _bytes_of(self, digest: str, content: Content) -> bytes:
        try:
            found = content.bytes_of(digest)
        except LookupError as error:
            raise StepFailed(f"the content of {self.path} is not at hand: {error.args[0]}") from error
        if self._digest(found) != digest:
            raise StepFailed(f"the bytes at hand for {self.path} are not those of {digest}")
        return found
