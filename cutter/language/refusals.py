"""What the reader of YAML refuses, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cutter.model.runbook import ValuePath

if TYPE_CHECKING:
    import yaml

SHOWN = 40


class Refused(Exception):
    """Something refused at one place; raised only when reading cannot go on."""

    def __init__(
        self,
        mark: Any,
        what: str,
        *,
        path: ValuePath = (),
        offending: str = "",
        suggestion: str = "",
        advice: str = "",
    ) -> None:
        """Take the mark of the place, counted from 0, and what a person should read."""
        super().__init__(what)
        self.line = mark.line + 1 if mark else 1
        self.column = mark.column + 1 if mark else 1
        self.what, self.path, self.offending = what, path, offending
        self.suggestion, self.advice = suggestion, advice


class Spot:
    """The mark of an offset in a text."""

    def __init__(self, source: str, offset: int) -> None:
        """Count the lines and columns before it, from 0."""
        self.line = source.count("\n", 0, offset)
        self.column = offset - source.rfind("\n", 0, offset) - 1


def syntax_refusal(error: yaml.MarkedYAMLError, source: str) -> Refused:
    """Return what the parser complains about, with the text that stands there."""
    lines = source.splitlines() or [""]
    mark: Any = error.problem_mark or error.context_mark
    if error.context_mark is not None and mark.line >= len(lines):
        mark = error.context_mark  # what never ended is found where it began
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    here = line[mark.column : mark.column + 1] if mark else ""
    what = ": ".join(part for part in (error.context, error.problem) if part) or "this is not YAML"
    offending = (line[mark.column :].rstrip() if mark else "") or line.strip()
    return Refused(mark, what, offending=offending[:SHOWN], advice=_syntax_advice(here, line))


def _syntax_advice(here: str, line: str) -> str:
    if here == "\t" or "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab indents here; use spaces"
    if "{{" in line:
        return 'a value that begins with {{ must be quoted: "{{ name }}"'
    if here and here in "@`%":
        return f"a value that begins with {here} must be quoted"
    if ": " in line:
        return "a text that holds ': ' must be quoted, and keys of one mapping begin in one column"
    return ""
