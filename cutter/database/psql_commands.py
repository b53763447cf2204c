"""Commands of the client psql in a file of SQL: the server knows none of them, so they are found first."""

from __future__ import annotations

import re

from cutter.named_tuple import NamedTuple

_NEXT = re.compile(
    r"--[^\n]*"
    r"|(?P<comment>/\*)"
    r"|(?<!\w)[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"
    r'|"(?:[^"]|"")*"'
    r"|(?<![\w$])\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
    r"|(?P<command>\\\S*)",
    re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")


class PsqlCommand(NamedTuple):
    """A command of psql, and the line it stands in."""

    line: int
    text: str


def psql_command(text: str) -> PsqlCommand | None:
    """Return the first command of psql in a text: a backslash that stands in no literal, name or comment."""
    at = 0
    while found := _NEXT.search(text, at):
        if found["command"]:
            return PsqlCommand(text.count("\n", 0, found.start()) + 1, found["command"])
        at = _after_comment(text, found.end()) if found["comment"] else found.end()
    return None


def _after_comment(text: str, at: int) -> int:
    """Return where a comment ends whose mark is before `at`; comments may hold others."""
    depth = 1
    while depth and (mark := _COMMENT_MARK.search(text, at)):
        depth += 1 if mark.group() == "/*" else -1
        at = mark.end()
    return len(text) if depth else at
