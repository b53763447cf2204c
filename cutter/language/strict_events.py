"""One pass over the events of PyYAML's C parser: values, marks, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from cutter.language.refusals import Refused, Spot, syntax_refusal
from cutter.language.scalars import SUSPECT_FIRST, Doubt, plain
from cutter.model.runbook import ValuePath

MAX_BYTES = 4 * 2**20
MAX_DEPTH = 64
MAX_NODES = 500_000
MAX_ALIASED = 10_000
"""Bounds of one document: bytes, nesting, values, and values that aliases repeat."""


class Reading:
    """The state of one pass: `marks` maps the id of each container to its entries' marks (key, value)."""

    def __init__(self, source: str, words: Callable[[str], bool]) -> None:
        """Take the text, and the rule that tells under which keys yes and no are words."""
        self.source = source
        self.words = words
        self.parser: Any = yaml.CLoader(source)
        self.marks: dict[int, Any] = {}
        self.problems: list[Refused] = []
        self.doubts: dict[ValuePath, Refused] = {}
        self.top = (1, 1)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._path: list[Any] = []
        self._nodes = 0
        self._aliased = 0
        self._quoted: list[tuple[int, int]] | None = [] if "\t" in source else None

    def document(self) -> Any:
        """Return the value of the only document; an empty one is None. Raises Refused."""
        try:
            return self._document()
        except yaml.MarkedYAMLError as error:
            raise syntax_refusal(error, self.source) from None
        except yaml.YAMLError as error:
            raise Refused(None, f"this is not YAML: {error}") from None
        finally:
            self.parser.dispose()

    def tabs(self) -> Iterator[Refused]:
        """Yield a refusal for each tab that is neither in quotes, nor in a block text, nor in a comment."""
        start = 0
        for begin, end in [*(self._quoted or []), (len(self.source), 0)]:
            gap = self.source[start:begin]
            yield from self._tabs_between(start, gap)
            start = end

    def _tabs_between(self, start: int, gap: str) -> Iterator[Refused]:
        if "\t" not in gap:
            return
        offset = start
        for line in gap.splitlines(keepends=True):
            at = line.partition("#")[0].find("\t")
            if at >= 0:
                yield Refused(
                    Spot(self.source, offset + at), "a tab stands here", offending="\t", advice="use spaces"
                )
            offset += len(line)

    def _document(self) -> Any:
        get = self.parser.get_event
        get()  # the start of the stream
        event = get()
        if type(event) is StreamEndEvent:
            return None
        event = get()
        self.top = (event.start_mark.line + 1, event.start_mark.column + 1)
        value = self._value(event, 0)
        event = get()
        if type(event) is DocumentEndEvent:
            event = get()
        if type(event) is not StreamEndEvent:
            raise Refused(
                event.start_mark, "a second document begins here", advice="one file holds one document"
            )
        return value

    def _value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent and event.anchor is None:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event)
        before = self._nodes
        if depth >= MAX_DEPTH:
            raise Refused(event.start_mark, f"this is nested deeper than {MAX_DEPTH} levels")
        if kind is MappingStartEvent:
            value: Any = self._mapping(event, depth + 1)
        elif kind is SequenceStartEvent:
            value = self._sequence(event, depth + 1)
        else:
            value = self._scalar(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _count(self, event: Any, nodes: int = 1) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Refused(event.start_mark, f"the document holds more than {MAX_NODES} values")

    def _scalar(self, event: Any) -> Any:
        self._count(event)
        if event.tag is not None:
            self._tag(event)
            return event.value
        if not event.implicit[0]:
            if self._quoted is not None:
                self._quoted.append((event.start_mark.index, event.end_mark.index))
            return event.value
        text = event.value
        if text and text[0] not in SUSPECT_FIRST and text != "null":
            return text
        value, doubt = plain(text)
        if doubt is not None:
            self._doubt(event, text, doubt)
        return value

    def _doubt(self, event: Any, text: str, doubt: Doubt) -> None:
        if text.lower() in {"yes", "no"} and self._path and self.words(str(self._path[-1])):
            return
        path = tuple(self._path)
        self.doubts[path] = Refused(
            event.start_mark,
            doubt.what,
            path=path,
            offending=text,
            suggestion=doubt.meant,
            advice=doubt.advice,
        )

    def _tag(self, event: Any) -> None:
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._refuse(
            event.start_mark, f"the tag {tag} is not allowed", offending=tag, advice="write a plain value"
        )

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise Refused(
                event.start_mark, f"*{event.anchor} repeats something that is not complete before it"
            )
        value, size = self._anchors[event.anchor]
        self._count(event, size)
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise Refused(event.start_mark, f"aliases repeat more than {MAX_ALIASED} values")
        return value

    def _sequence(self, event: Any, depth: int) -> list[Any]:
        self._opened(event)
        get, path = self.parser.get_event, self._path
        value: list[Any] = []
        marks: dict[int, Any] = {}
        item = get()
        while type(item) is not SequenceEndEvent:
            index = len(value)
            marks[index] = (item.start_mark, item.start_mark)
            path.append(index)
            value.append(self._value(item, depth))
            path.pop()
            item = get()
        self.marks[id(value)] = marks
        return value

    def _mapping(self, event: Any, depth: int) -> dict[str, Any]:
        self._opened(event)
        get, path = self.parser.get_event, self._path
        value: dict[str, Any] = {}
        marks: dict[str, Any] = {}
        item = get()
        while type(item) is not MappingEndEvent:
            key = self._key(item, marks, depth)
            at_key = item.start_mark
            path.append(key)
            item = get()
            found = self._value(item, depth)
            path.pop()
            if key not in marks:
                marks[key] = (at_key, item.start_mark)
                value[key] = found
            item = get()
        self.marks[id(value)] = marks
        return value

    def _opened(self, event: Any) -> None:
        self._count(event)
        if event.tag is not None:
            self._tag(event)

    def _key(self, event: Any, marks: dict[str, Any], depth: int) -> str:
        mark = event.start_mark
        if type(event) is not ScalarEvent:
            self._value(event, depth)
            advice = 'a value that begins with {{ must be quoted: "{{ name }}"'
            self._refuse(mark, "a key must be a text", advice=advice)
            return f"key at {mark.line + 1}:{mark.column + 1}"
        text = event.value
        if text in marks:
            first = marks[text][0]
            what = f"the key {text!r} is given twice, first at {first.line + 1}:{first.column + 1}"
            self._refuse(mark, what, offending=text)
        elif text == "<<" and event.implicit[0]:
            self._refuse(mark, "merge keys are not allowed", offending=text, advice="write the keys out")
        elif event.anchor is not None or self._reads_otherwise(event):
            self._refuse(mark, f"the key {text} is not a text", offending=text, advice=f'quote it: "{text}"')
        return str(text)

    def _reads_otherwise(self, event: Any) -> bool:
        if not event.implicit[0] or (
            event.value and event.value[0] not in SUSPECT_FIRST and event.value != "null"
        ):
            return False
        value, doubt = plain(event.value)
        return doubt is not None or not isinstance(value, str)

    def _refuse(self, mark: Any, what: str, *, offending: str = "", advice: str = "") -> None:
        self.problems.append(Refused(mark, what, path=tuple(self._path), offending=offending, advice=advice))
