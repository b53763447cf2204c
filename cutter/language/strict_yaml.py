"""YAML text to plain values, strictly, with the position of every key and value.

Values are built in one pass over the events of PyYAML's C parser, so that depth, aliases and size are bounded
before anything is built on them. Refused are duplicate keys, keys that are not texts, tabs, merge keys, tags,
a second document, and unquoted texts that YAML 1.1 reads as something else (see `scalars`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from typing import Any

from cutter.language.problems import InvalidDocuments, Problem, nearest, where_text
from cutter.language.refusals import Refused
from cutter.language.strict_events import MAX_BYTES, Reading
from cutter.model.runbook import Position, ValuePath
from cutter.named_tuple import NamedTuple

_UNPRINTABLE_ASCII = "[^\t\n\r\x20-\x7e]"
_UNPRINTABLE = "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
"""Beside control characters: the line breaks that YAML 1.2 does not take for such any more.

Compiling it costs 4 ms, so it is left to the texts that need it.
"""
_BOM = b"\xef\xbb\xbf"


Words = Callable[[str], bool]
"""Tells under which keys an unquoted yes or no is the word."""


def no_words(key: str) -> bool:
    """Hold for no key."""
    del key
    return False


class Document(NamedTuple):
    """A document that is well-formed YAML: its plain value, and where everything in it stands.

    `problems` are refusals at single places (a duplicate key, say); `doubts` are unquoted texts that must be
    quoted, by path, kept apart because a schema that expects something else there says it better.
    """

    name: str
    value: Any
    problems: tuple[Problem, ...]
    doubts: Mapping[ValuePath, Problem]
    marks: Mapping[int, Any]
    top: Position

    def position(self, path: ValuePath, *, key: bool = False) -> Position:
        """Return where the value at a path stands, or its key; for what is missing, where it would belong."""
        value: Any = self.value
        found = self.top
        part: Any
        for depth, part in enumerate(path):
            marks = self.marks.get(id(value), {})
            if not isinstance(value, (dict, list)) or part not in marks:
                break
            at_key, at_value = marks[part]
            mark = at_key if key and depth == len(path) - 1 else at_value
            found = Position(self.name, mark.line + 1, mark.column + 1)
            value = value[part]
        return found

    def problem(self, path: ValuePath, what: str, *, key: bool = False, **more: str) -> Problem:
        """Return a problem about the value (or the key) at a path."""
        return Problem(self.position(path, key=key), where_text(path), what, **more)


def read(text: bytes, name: str, words: Words = no_words) -> Document:
    """Return the document in UTF-8 bytes; `name` is the file's name in positions.

    Raises InvalidDocuments when it is no YAML or beyond a bound; refusals at single places are in the
    document's `problems` and `doubts`.
    """
    if len(text) > MAX_BYTES:
        raise InvalidDocuments([_at(name, 1, 1, f"the file is larger than {MAX_BYTES // 2**20} MiB")])
    source = _decoded(text, name)
    reading = Reading(source, words)
    try:
        value = reading.document()
    except Refused as refused:
        raise InvalidDocuments([_placed(name, refused)]) from None
    problems = [_placed(name, found) for found in (*reading.problems, *reading.tabs())]
    doubts = {path: _placed(name, found) for path, found in reading.doubts.items()}
    top = Position(name, reading.top[0], reading.top[1])
    return Document(name, value, tuple(problems), doubts, reading.marks, top)


def read_file(path: str | os.PathLike[str], words: Words = no_words) -> Document:
    """Return the document in a file, whose name stays as it was given. Raises InvalidDocuments."""
    document, _ = read_file_and_bytes(path, words)
    return document


def read_file_and_bytes(path: str | os.PathLike[str], words: Words = no_words) -> tuple[Document, bytes]:
    """Return the document in a file, and its bytes. At most one byte beyond the limit is ever read."""
    name = os.fspath(path)
    text = _file_bytes(name)
    return read(text, name, words), text


def _file_bytes(name: str) -> bytes:
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise InvalidDocuments([_at(name, 1, 1, "this is not a regular file")])
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidDocuments([_unreadable(name, error)]) from None


def _unreadable(name: str, error: OSError | ValueError) -> Problem:
    reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    folder, wanted = os.path.split(name)
    try:
        beside = os.listdir(folder or ".")
    except (OSError, ValueError):
        beside = []
    meant = nearest(wanted, (found for found in beside if found != wanted))
    suggestion = _in_runbooks(name) or (os.path.join(folder, meant) if meant else "")
    what = f"cannot be read: {reason.lower()}"
    return Problem(Position(name, 1, 1), "", what, offending=name, suggestion=suggestion)


def _in_runbooks(name: str) -> str:
    """Return the file in the usual folder that was named without it, or without its ending; else nothing."""
    paths = (os.path.join("runbooks", f"{name}{ending}") for ending in ("", ".yml"))
    return next((path for path in paths if os.path.isfile(path)), "")


def _decoded(text: bytes, name: str) -> str:
    try:
        source = text.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        before = text[: error.start]
        line, column = (
            before.count(b"\n") + 1,
            len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1,
        )
        what = f"byte 0x{text[error.start]:02x} is not UTF-8"
        offending = f"0x{text[error.start]:02x}"
        raise InvalidDocuments([_at(name, line, column, what, "save the file as UTF-8", offending)]) from None
    found = re.search(_UNPRINTABLE_ASCII if source.isascii() else _UNPRINTABLE, source)
    if found:
        line = source.count("\n", 0, found.start()) + 1
        column = found.start() - source.rfind("\n", 0, found.start())
        what = f"the character U+{ord(found[0]):04X} is not allowed"
        raise InvalidDocuments(
            [_at(name, line, column, what, 'write it as an escape inside "double quotes"', ascii(found[0]))]
        )
    return source


def _at(name: str, line: int, column: int, what: str, *more: str) -> Problem:
    """Return a problem without a path; `more` are its advice and the offending text."""
    advice, offending = (*more, "", "")[:2]
    return Problem(Position(name, line, column), "", what, offending=offending, advice=advice)


def _placed(name: str, found: Refused) -> Problem:
    return Problem(
        Position(name, found.line, found.column),
        where_text(found.path),
        found.what,
        offending=found.offending,
        suggestion=found.suggestion,
        advice=found.advice,
    )
