"""How the keys of a file stand in a State, and how a change of them is shown to a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from cutter.env_text.forms import Source
from cutter.model.state import State

HAS, VALUE = "has:", "value:"
TEXT = "text"
"""The keyed digest of the whole text: only an observed state has it, and it names every byte."""
_MASK, _UNKNOWN = "***", "?"


def changed_lines(
    before: State, after: State, keys: Iterable[str], sources: Mapping[str, Source], required: Collection[str]
) -> Iterator[str]:
    """Yield one line for each key that changes; secrets, and values of keys without a source, are masked."""
    for key in keys:
        was, will = bool(before.get(HAS + key)), bool(after.get(HAS + key))
        if will and not was and key in required:
            yield f"! {key} is required"
        elif will and not was:
            yield f"+ {key}={_shown(key, after, sources)}"
        elif was and not will:
            yield f"- {key}"
        elif before.get(VALUE + key) != after.get(VALUE + key):
            yield f"~ {key}: {_shown(key, before, sources)} -> {_shown(key, after, sources)}"


def _shown(key: str, state: State, sources: Mapping[str, Source]) -> str:
    source = sources.get(key)
    if source is None or source.secret:
        return _MASK
    value = state.get(VALUE + key, None if TEXT in state else source.text)
    return _UNKNOWN if value is None else _printable(str(value))


def _printable(value: str) -> str:
    """Return the value on one line, without anything that a terminal would obey."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in value)
