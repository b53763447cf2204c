"""A command that is run until its check says that it is done.

As a step:

    - name: German locale
      command:
        argv: [localedef, -i, de_DE, -f, UTF-8, de_DE.UTF-8]
        check: [localedef, --list-archive, de_DE.utf8]
      irreversible: a locale that is not used harms nobody
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from cutter.children import Finished, run
from cutter.errors import Conflict, StepFailed, Unavailable
from cutter.model.secret import contains_secret
from cutter.model.state import Change, State
from cutter.resource import Complaint, Content, Resource, param

# a list of one type, so that `check` below can say more about a string than that it is no list
_WORDS = {"type": ["array"], "items": {"type": "string"}, "minItems": 1}
_NO_SHELL = "write a list, [program, argument, ...]; there is no shell"
_PERHAPS = "the command ran and may have changed something"


class Command(Resource):
    """A command that is run when its check says it is not done yet.

    Commands are lists of words, run without a shell or input, and with PATH, HOME, LANG, `environment` and
    the mark of the call, CUTTER_CHILD, only. What they leave running in the background is ended with them.
    """

    opaque = True
    argv: list[str] = param("The command: program and arguments.", schema=_WORDS)
    check_: list[str] = param("A command that only looks: exit code 0 means done.", schema=_WORDS)
    undo: Optional[list[str]] = param("The command that takes it back.", default=None, schema=_WORDS)
    cwd: str = param("Absolute path of the folder to run in.", default="/", pattern="^/")
    timeout: int = param("Seconds that each command may take.", default=300, minimum=1)
    environment: Optional[dict[str, str]] = param("Further variables; no secrets.", default=None)

    @classmethod
    def check(cls, params: Mapping[str, Any]) -> Iterator[Complaint]:
        """Complain about shell text, empty words, NUL bytes, secrets and a relative folder."""
        for name in ("argv", "check", "undo"):
            yield from _complaints_of_words(name, params.get(name))
        for name, value in (params.get("environment") or {}).items():
            if contains_secret(value):
                yield Complaint(("environment", name), "is a secret; let the command read it from a file")
            elif not name or "=" in name or "\0" in f"{name}{value}":
                yield Complaint(("environment", name), "cannot be a variable of a process")

    @classmethod
    def needs_reason(cls, params: Mapping[str, Any]) -> bool:
        """Tell that a command without `undo` cannot be taken back."""
        return not params.get("undo")

    def desired(self) -> Optional[State]:
        """Return the state of a command that is done."""
        return {"done": True}

    def observe(self) -> Optional[State]:
        """Run the check. Raises Unavailable when it cannot start or gives no answer."""
        ended = self._run(self.check_)
        if ended.killed or ended.code < 0:
            raise Unavailable(f"the check {_shown(self.check_)} gave no answer: {_end_of(ended)}")
        return {"done": True} if ended.code == 0 else None

    def preview(self, change: Change, content: Content) -> str:
        """Show the command that would run."""
        del content
        words = self.undo if change.removes else self.argv
        return f"run {_shown(words)}" if words and not change.empty else ""

    def apply(self, change: Change, content: Content) -> None:
        """Run the command, or its undo. Raises StepFailed with its exit code and its last lines."""
        del content
        words = self.undo if change.after is None else self.argv
        if not words:
            raise Conflict(f"{_shown(self.argv)} has no undo", remedy="take it back by hand")
        ended = self._run(words)
        if ended.killed:
            raise StepFailed(
                f"{_shown(words)} was ended, and its outcome is unknown: {ended.killed}", world=_PERHAPS
            )
        if not ended.succeeded:
            raise StepFailed(f"{_shown(words)} {_end_of(ended)}: {ended.last_lines()}", world=_PERHAPS)

    def _run(self, words: list[str]) -> Finished:
        return run(words, timeout=self.timeout, environment=self.environment, cwd=self.cwd)


def _complaints_of_words(name: str, words: Any) -> Iterator[Complaint]:
    if isinstance(words, list):
        if not words or words[0] == "":
            yield Complaint((name,), f"names no program; {_NO_SHELL}")
        for index, word in enumerate(words):
            if contains_secret(word):
                yield Complaint((name, index), "is a secret, and everybody on the machine can read arguments")
            elif "\0" in word:
                yield Complaint((name, index), "has a NUL byte, which no argument can")
    elif words is not None and not (isinstance(words, str) and "{{" in words):
        yield Complaint((name,), f"{words!r} is not a list: {_NO_SHELL}")


def _shown(words: list[str]) -> str:
    return shlex.join(words)


def _end_of(ended: Finished) -> str:
    if ended.killed:
        return ended.killed
    return f"ended with exit code {ended.code}" if ended.code >= 0 else f"was ended by signal {-ended.code}"
