"""What the controller offers a step while it is prepared for one target."""

from __future__ import annotations

import os
import stat
from typing import Any

from cutter.language.desk_faults import DeskFault
from cutter.language.variables import Scope
from cutter.model.references import BadReference, Unresolved, references
from cutter.model.runbook import Runbook
from cutter.model.secret import Secret, keyed_digest

MAX_FILE = 64 * 2**20
_LARGE = 2**20
_newest: list[bytes] = []


class BindDesk:
    """Files beside the runbook, templates, the controller's environment, and the bytes to send along."""

    def __init__(
        self, runbook: Runbook, scope: Scope, digest_key: bytes, extra: dict[str, Any] | None = None
    ) -> None:
        """Take the runbook, the target's variables, and what a loop adds to them (`item`)."""
        self.name = runbook.name
        self.folder = os.path.dirname(os.path.abspath(runbook.path))
        self.scope = scope
        self.digest_key = digest_key
        self.extra = extra or {}
        self.content: dict[str, bytes] = {}
        self.rendered = False
        """Whether a template was rendered: it may have used any variable."""

    def read(self, path: str) -> bytes:
        """Return the bytes of a file, relative paths from the runbook's folder. Raises DeskFault."""
        try:
            opened = os.open(self.place(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(opened, "rb") as file:
                if not stat.S_ISREG(os.fstat(opened).st_mode):
                    raise DeskFault(path, f"{path} is not a regular file")
                found = file.read(MAX_FILE + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise DeskFault(path, f"{path} cannot be read: {reason}") from None
        if len(found) > MAX_FILE:
            raise DeskFault(path, f"{path} is larger than {MAX_FILE // 2**20} MiB")
        return _held_once(found)

    def render(self, path: str) -> bytes:
        """Return a rendered template. Raises DeskFault."""
        from cutter.language.templates import rendered

        self.rendered = True
        values, late = self._early()
        return rendered(self.place(path), path, {**values, **self.extra}, late)

    def place(self, path: str) -> str:
        """Return where a file is, relative paths from the runbook's folder."""
        return os.path.join(self.folder, path)

    def runbook(self) -> str:
        """Return the name of the runbook."""
        return self.name

    def grammar(self, path: str) -> Any:
        """Return the grammar in a file. Raises InvalidDocuments with every problem of it."""
        from cutter.language.grammars import load_grammar

        return load_grammar(self.place(path))

    def environment(self, name: str) -> Secret:
        """Return an environment variable of the controller. Raises DeskFault when it is not set."""
        value = os.environ.get(name)
        if value is None:
            raise DeskFault(name, f"the environment variable {name} is not set")
        return Secret(value)

    def send(self, content: bytes, digest: str) -> None:
        """Hand over bytes that travel with the step."""
        self.content[digest] = content

    def keyed(self, value: str | bytes) -> str:
        """Return the keyed digest of a secret."""
        return keyed_digest(self.digest_key, value)

    def _early(self) -> tuple[dict[str, Any], frozenset[str]]:
        """Return the variables that are known here, and the names of those that only the target knows."""
        values: dict[str, Any] = {}
        late = set()
        for name in self.scope.names():
            try:
                value = self.scope.value(name)
                late_here = any(True for _ in references(value))
            except (Unresolved, BadReference, ValueError):
                continue  # the template may not need it; if it does, it says so
            if late_here:
                late.add(name)
            else:
                values[name] = value
        return values, frozenset(late)


def _held_once(content: bytes) -> bytes:
    """Return the same bytes as the last time, where a large file is read again: steps share one."""
    if len(content) < _LARGE:
        return content
    if content not in _newest:
        _newest[:] = [content]
    return _newest[0]
