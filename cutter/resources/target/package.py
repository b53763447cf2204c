"""A Debian package.

As a step:

    - name: Web server
      package: {name: nginx}
    - name: The database stays at its version
      package: {name: postgresql-15, version: 15.8-0+deb12u1, hold: true}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Optional

from cutter.apt import running
from cutter.apt.status import CONFIG_FILES, INSTALLED, known, package
from cutter.apt.status import Package as Known
from cutter.errors import Conflict
from cutter.model.canonical import canonical
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Resource, param

_UNFINISHED = ("unpacked", "half-configured", "triggers-awaited", "triggers-pending")


class Package(Resource):
    """A package of Debian, by apt; looking reads dpkg's record and asks no network.

    Configuration that was edited stays. Nothing else is removed unless the step allows it. What an aborted
    dpkg left half done is finished. The inverse removes also what came along for it.
    """

    name: str = param(
        "Name of the package, or NAME:ARCHITECTURE.", pattern=r"^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?$"
    )
    ensure: Literal["present", "absent"] = param("Whether it should be installed.", default="present")
    version: Optional[str] = param(
        "Exactly this version; when missing, whichever is there.",
        default=None,
        pattern=r"^[0-9][A-Za-z0-9.+:~-]*$",
    )
    hold: Optional[bool] = param("Whether it stays at its version when others are upgraded.", default=None)
    purge: bool = param("With `ensure: absent`: its configuration goes too.", default=False)
    allow_removals: bool = param("Whether other packages may be removed for it.", default=False)

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about words that make no sense together."""
        absent = params.get("ensure", "present") == "absent"
        for name in ("version", "hold"):
            if absent and params.get(name) is not None:
                yield Complaint((name,), "makes no sense with ensure: absent")
        if params.get("purge") and not absent:
            yield Complaint(("purge",), "needs ensure: absent")

    @classmethod
    def needs_reason(cls, params: Mapping[str, Any]) -> bool:
        """Tell that configuration that was purged, and what was removed on the way, do not come back."""
        return bool(params.get("purge") or params.get("allow_removals"))

    def desired(self) -> Optional[State]:
        """Return that it is installed, and version and hold where they are declared."""
        if self.ensure == "absent":
            return None
        declared = {"version": self.version, "hold": self.hold}
        return {"status": INSTALLED, **{key: value for key, value in declared.items() if value is not None}}

    def observe(self) -> Optional[State]:
        """Return dpkg's word for it, its version and whether it is held. Raises Unavailable without dpkg."""
        found = package(self.name)
        if found is None or (found.status == CONFIG_FILES and self.ensure == "absent" and not self.purge):
            return None
        status = f"{found.status}, to be reinstalled" if found.broken else found.status
        return {"status": status, "version": found.version, "hold": found.hold}

    def places(self) -> tuple[str, ...]:
        """Return the name that stands for the package."""
        return (f"package {self.name}",)

    def apply(self, change: Change, content: Content) -> None:
        """Install, repair, hold or remove it. Other packages go only where the step says so."""
        after, before = change.after, change.before or {}
        if after is None or after.get("status") == CONFIG_FILES:
            self._remove(content, purge=after is None and (self.purge or self.ensure == "present"))
            return
        if before.get("status") in _UNFINISHED:
            running.configure(self.name)
        now = package(self.name)
        version = after.get("version")
        if now is None or now.status != INSTALLED or now.broken or version not in {None, now.version}:
            self._install(now, None if version is None else str(version), content)
        held = package(self.name)
        if "hold" in after and held is not None and held.hold != after["hold"]:
            running.select(self.name, hold=bool(after["hold"]))

    def _install(self, now: Optional[Known], version: Optional[str], content: Content) -> None:
        if now is not None and now.hold and self.hold is None and now.status == INSTALLED:
            raise Conflict(
                f"{self.name} is held at {now.version}",
                remedy="say hold: true or false, or apt-mark unhold it",
            )
        flags = ["--allow-downgrades", "--allow-change-held-packages"] if now is not None and version else []
        again = ["--reinstall"] if now is not None and now.broken else []
        before = {item.name for item in known()}
        try:
            self._run(["install", *flags, *again, f"{self.name}={version}" if version else self.name])
        finally:  # what came along for one that failed goes with it too
            came = sorted({item.name for item in known()} - before - {self.name.partition(":")[0]})
            if now is None:
                content.keep(canonical(came), self._kept_as())

    def _remove(self, content: Content, *, purge: bool) -> None:
        came = self._came_along(content) if self.ensure == "present" else []
        there = {item.name for item in known()}
        names = [self.name, *(name for name in came if name in there)]
        self._run(["purge" if purge else "remove", "--allow-change-held-packages", *names], names)

    def _run(self, words: list[str], meant: Optional[list[str]] = None) -> None:
        own = {name.partition(":")[0] for name in meant or ()}
        others = [name for name in running.removals(words) if name.partition(":")[0] not in own]
        if others and not self.allow_removals:
            raise Conflict(
                f"apt would remove {', '.join(others)} for {self.name}",
                remedy="declare their removal first, or say allow_removals: true",
            )
        running.change(words)

    def _came_along(self, content: Content) -> list[str]:
        try:
            found: list[str] = json.loads(content.bytes_of(self._kept_as()))
        except LookupError:
            return []
        return found

    def _kept_as(self) -> str:
        return self.keyed(f"package {self.name}".encode())
