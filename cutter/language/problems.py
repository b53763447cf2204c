"""What is wrong with a document, where, and what was probably meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from cutter.errors import InvalidDocument
from cutter.model.runbook import Position, ValuePath
from cutter.named_tuple import NamedTuple

P = ParamSpec("P")
R = TypeVar("R")

WIDTH = 80


class Problem(NamedTuple):
    """One complaint about one place in one file.

    `where` is the place inside the document (``steps[0].directory.mode``), `offending` the text that stands
    there, `suggestion` the word that was probably meant, and `advice` what more there is to say.
    """

    position: Position
    where: str
    what: str
    offending: str = ""
    suggestion: str = ""
    advice: str = ""

    def text(self) -> str:
        """Return ``file:line:col: where: what``, and the hint on a line of its own."""
        said = ": ".join(part for part in (str(self.position), self.where, self.what) if part)
        meant = f"did you mean {json.dumps(self.suggestion, ensure_ascii=False)}?" if self.suggestion else ""
        hint = " ".join(part for part in (meant, self.advice) if part)
        return f"{said}\n    {hint}" if hint else said

    def plain(self) -> dict[str, Any]:
        """Return the problem as values that JSON can carry; without the text, which may hold a secret."""
        told = {name: value for name, value in self._asdict().items() if name != "offending"}
        return {**told, "position": str(self.position)}


class InvalidDocuments(InvalidDocument):
    """One or more files cannot be accepted as written; `problems` holds every complaint, by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Take the problems; repeated ones are said once, in the order of files, lines and columns."""
        kept = dict.fromkeys(problems)
        self.problems = tuple(sorted(kept, key=_by_place))
        text = "\n".join(problem.text() for problem in self.problems)
        super().__init__(text, remedy="correct it; `cutter validate` says when all is well")


class Complaints:
    """Problems gathered over several documents, so that a person hears of all of them at once."""

    def __init__(self) -> None:
        """Start with none."""
        self.problems: list[Problem] = []

    def attempt(self, act: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Return what the call returns; None, its problems gathered, for an invalid document."""
        try:
            return act(*args, **kwargs)
        except InvalidDocuments as invalid:
            self.problems += invalid.problems
            return None

    def settle(self) -> None:
        """Raise InvalidDocuments when there is anything to complain about."""
        if self.problems:
            raise InvalidDocuments(self.problems)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was probably meant, or an empty text."""
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def where_text(path: ValuePath) -> str:
    """Return a path as a person writes it: ``steps[0].directory.mode``."""
    said = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return said.removeprefix(".")


def shown(value: Any) -> str:
    """Return a value as a message shows it: YAML's words for nothing and truth, long texts shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    said = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return said if len(said) <= WIDTH else f'{said[: WIDTH - 4]}..."'


def _by_place(problem: Problem) -> tuple[str, int, int, str]:
    return (problem.position.file, problem.position.line, problem.position.column, problem.what)
