"""A ``.env`` text as a list of bindings that, joined, are the text again.

python-dotenv's own parser does the reading, so its pieces are the truth about what a line means to it; the
reader of docker compose is asked beside it. A value counts only where both agree, and an edit is accepted
only when both then read what was meant and still read everything else as before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Optional

from cutter.env_text.compose import effective, readings
from cutter.env_text.parser import parse
from cutter.env_text.spelling import Unwritable, spelled
from cutter.named_tuple import NamedTuple

_BLANK = r"[^\S\r\n]*"
_HEAD = re.compile(
    rf"(?P<lead>\s*(?:export[^\S\r\n]+)?)(?:'[^']+'|[^=#\s]+)(?P<gap>{_BLANK})(?P<equal>={_BLANK})?"
)
_QUOTED = re.compile(r"'(?:\\'|[^'])*'|\"(?:\\\"|[^\"])*\"")
_INTERPOLATED = re.compile(r"\$\{[^}:]*(?::-[^}]*)?\}")
_LINE_END = re.compile(r"\r\n|\n|\r")


class Unsafe(ValueError):
    """The text cannot be edited, or not even understood, without guessing; `line` counts from 1.

    The message names a key and a line, never a value.
    """


class Binding(NamedTuple):
    """One statement with everything before it since the last one, comments and blank lines too."""

    key: Optional[str]
    value: Optional[str]
    text: str
    line: int
    error: bool


class EnvText:
    """A read text. Immutable: an edit returns a new one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.bindings = _parsed(text)
        self._compose = effective(text)

    def has(self, key: str) -> bool:
        """Tell whether the key is bound, be it to nothing."""
        return any(binding.key == key for binding in self.bindings)

    def filled(self, key: str) -> bool:
        """Tell whether the key is bound to something that is not empty."""
        last = self._last(key)
        return last is not None and bool(last.value)

    def value(self, key: str) -> Optional[str]:
        """Return the value that both readers see; None where they differ, fill in variables or see none."""
        last = self._last(key)
        if last is None or last.value is None or self._compose.get(key) != last.value:
            return None
        return None if _INTERPOLATED.search(last.value) else last.value

    def demand_plain(self, keys: Iterable[str]) -> None:
        """Raise Unsafe where a key may hide in a line that one of the readers does not understand."""
        for key in keys:
            named = re.compile(rf"(?<![A-Za-z0-9_]){key}(?![A-Za-z0-9_])")
            for binding in self.bindings:
                if binding.error and named.search(binding.text):
                    raise Unsafe(f"line {_first_line(binding)} cannot be parsed and may hold {key}")
            if not self.has(key) and key in self._compose:
                start = next(reading.start for reading in readings(self.text) if reading.key == key)
                line = self.text.count("\n", 0, start) + 1
                raise Unsafe(f"line {line} binds {key} for docker compose but not for python-dotenv")

    def edited(self, values: Mapping[str, str], absent: Iterable[str] = ()) -> EnvText:
        """Return the text with the values bound and the absent keys gone; all else is the same to the byte.

        A bound key is changed where it is bound last, a new one is appended. Raises Unsafe where that cannot
        be done, and Unwritable for a value without a common spelling.
        """
        gone = frozenset(absent)
        self.demand_plain([*values, *gone])
        changed = {key: value for key, value in values.items() if self.value(key) != value}
        last = {binding.key: index for index, binding in enumerate(self.bindings)}
        pieces = []
        for index, binding in enumerate(self.bindings):
            if binding.key in gone:
                pieces.append(_before(binding))
            elif binding.key in changed and last[binding.key] == index:
                pieces.append(_rebound(binding, changed[binding.key]))
            else:
                pieces.append(binding.text)
        new = {key: value for key, value in changed.items() if key not in last}
        result = EnvText(_appended("".join(pieces), new))
        self._compare(result, values, gone)
        return result

    def _others(self, managed: frozenset[str]) -> tuple[Mapping[str, Optional[str]], ...]:
        """Return what both readers make of the keys that are not ours."""
        ours = {item.key: item.value for item in self.bindings if item.key and item.key not in managed}
        theirs = {key: value for key, value in self._compose.items() if key not in managed}
        return ours, theirs

    def _last(self, key: str) -> Optional[Binding]:
        return next((binding for binding in reversed(self.bindings) if binding.key == key), None)

    def _compare(self, result: EnvText, values: Mapping[str, str], gone: frozenset[str]) -> None:
        """Have the readers judge the edit: our own idea of the format is not proof enough."""
        for key, value in values.items():
            if result.value(key) != value:
                raise Unsafe(f"what stands before {key} makes the readers disagree about it")
        for key in gone:
            if result.has(key) or key in result._compose:
                raise Unsafe(f"{key} would still be bound after its lines are removed")
        managed = gone | values.keys()
        if self._others(managed) != result._others(managed):
            raise Unsafe(f"editing {', '.join(sorted(managed))} would change how other lines are read")


def _parsed(text: str) -> tuple[Binding, ...]:
    found = [
        Binding(item.key, item.value, item.original.string, item.original.line, item.error)
        for item in parse(text)
    ]
    return tuple(item._replace(value=_in_text_mode(item)) for item in found)


def _in_text_mode(binding: Binding) -> Optional[str]:
    """Return the value as a file opened in text mode gives it: its line breaks are all newlines."""
    if "\r" not in (binding.value or ""):
        return binding.value
    return next(parse(_LINE_END.sub("\n", binding.text))).value


def _first_line(binding: Binding) -> int:
    blank = len(binding.text) - len(binding.text.lstrip())
    return binding.line + len(_LINE_END.findall(binding.text[:blank]))


def _before(binding: Binding) -> str:
    """Return the blank lines that stand before the line of a binding."""
    blank = binding.text[: len(binding.text) - len(binding.text.lstrip())]
    ends = [match.end() for match in _LINE_END.finditer(blank)]
    return blank[: ends[-1]] if ends else ""


def _rebound(binding: Binding, value: str) -> str:
    """Return the text of a binding with another value; its ``export``, its comment and its line end stay."""
    head = _HEAD.match(binding.text)
    if head is None or binding.key is None:
        raise Unsafe(f"line {_first_line(binding)} cannot be edited in place")
    tail = binding.text[head.end() :]
    if head.group("equal") is None:
        return f"{head.group('lead')}{binding.key}={_fitting(binding.key, value, head.group('gap') + tail)}"
    tail = tail[_value_length(tail) :]
    middle = head.group("gap") + head.group("equal")
    return f"{head.group('lead')}{binding.key}{middle}{_fitting(binding.key, value, tail)}"


def _value_length(rest: str) -> int:
    quoted = _QUOTED.match(rest)
    if quoted is not None:
        return quoted.end()
    line = _LINE_END.split(rest, maxsplit=1)[0]
    return len(re.sub(r"\s+#.*", "", line).rstrip())


def _fitting(key: str, value: str, tail: str = "") -> str:
    try:
        return spelled(value, commented="#" in tail) + tail
    except Unwritable as problem:
        raise Unwritable(f"the value of {key} cannot be written: it {problem}") from None


def _appended(text: str, new: Mapping[str, str]) -> str:
    if not new:
        return text
    ends = _LINE_END.findall(text)
    end = ends[-1] if ends else "\n"
    between = "" if not text or text.endswith(("\n", "\r")) else end
    return text + between + "".join(f"{key}={_fitting(key, value)}{end}" for key, value in new.items())
