"""The grammar file of a document to a Grammar: checked, with the place of everything that is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from cutter.cut.grammar import DOCUMENT, Grammar, Level, Preamble
from cutter.cut.patterns import BadPattern, Pattern, compiled
from cutter.language.problems import InvalidDocuments, Problem, nearest
from cutter.language.strict_yaml import Document, read_file_and_bytes
from cutter.language.validate import judged
from cutter.model.runbook import ValuePath

_SPECIAL = frozenset({DOCUMENT})


def load_grammar(path: str | os.PathLike[str]) -> Grammar:
    """Return the grammar in a file. Raises InvalidDocuments with every problem of it."""
    document, text = read_file_and_bytes(path)
    problems = judged(document, text, "grammar")
    if not problems:
        problems = list(_cross_checked(document))
    if problems:
        raise InvalidDocuments(problems)
    return _grammar(document.value)


def _grammar(value: Mapping[str, Any]) -> Grammar:
    text = value.get("text", {})
    return Grammar(
        document_ref=value["document"],
        format=value["format"],
        levels=tuple(_level(level, within) for level, within in _placed(value["levels"])),
        preamble=_preamble(value.get("preamble")),
        ignore=tuple(value.get("ignore", ())),
        text_patterns=tuple(compiled(pattern) for pattern in text.get("lines", ())),
        text_headings=tuple(text.get("headings", ())),
        expect=tuple(value.get("expect", {}).items()),
    )


def _placed(levels: list[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    """Yield each level with the section types it may stand in."""
    before = DOCUMENT
    for level in levels:
        yield level, _several(level.get("within", before))
        before = level["section_type"]


def _level(level: Mapping[str, Any], within: tuple[str, ...]) -> Level:
    options = ("numbering", "sequence", "first", "body", "address")
    return Level(
        kind=level.get("kind", level["section_type"]),
        section_type=level["section_type"],
        patterns=tuple(compiled(pattern) for pattern in _several(level["match"])),
        heading=level.get("heading", 0),
        within=within,
        **{name: level[name] for name in options if name in level},
    )


def _preamble(found: Mapping[str, Any] | None) -> Preamble | None:
    if found is None:
        return None
    section_type = found.get("section_type", "preamble")
    return Preamble(found.get("kind", section_type), section_type, found["title"])


def _several(found: str | list[str]) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else tuple(found)


def _cross_checked(document: Document) -> Iterator[Problem]:
    """Yield what is wrong between the parts of a grammar whose shape is right."""
    value = document.value
    yield from _bad_patterns(document)
    known = [level["section_type"] for level in value["levels"]]
    for index, (level, within) in enumerate(_placed(value["levels"])):
        path: ValuePath = ("levels", index)
        yield from _level_problems(document, path, level, known)
        yield from _unknown_parents(document, path, within, known)
    if value.get("preamble") and "preamble" in value.get("ignore", ()):
        yield document.problem(("preamble",), "the preamble cannot be both a unit and ignored")
    preamble = value.get("preamble", {}).get("section_type", "preamble") if "preamble" in value else ""
    for name in value.get("expect", {}):
        if name not in {*known, preamble}:
            meant = nearest(name, known)
            path = ("expect", name)
            yield document.problem(
                path, f"there is no level {name!r}", key=True, offending=name, suggestion=meant
            )


def _level_problems(
    document: Document, path: ValuePath, level: Mapping[str, Any], known: list[str]
) -> Iterator[Problem]:
    name = level["section_type"]
    if name in _SPECIAL or known.index(name) != path[1]:
        what = f"the section type {name!r} is " + (
            "the document itself" if name in _SPECIAL else "declared twice"
        )
        yield document.problem((*path, "section_type"), what, offending=name)
    if "heading" in level and document.value["format"] == "numbered":
        yield document.problem((*path, "heading"), "numbered text has no headings; leave it out", key=True)
    for place, text in _patterns_of(path, level):
        yield from _pattern_problems(document, place, text, level)


def _pattern_problems(
    document: Document, path: ValuePath, text: str, level: Mapping[str, Any]
) -> Iterator[Problem]:
    pattern = _compiled(text)
    if pattern is None:
        return
    if "heading" in level and "{body}" in text:
        yield document.problem(path, "a heading has no {body}; its text follows it", offending=text)
    if "heading" not in level and not pattern.style and not text.partition("{")[0].strip():
        yield document.problem(path, "every line would match; give it a number or a word", offending=text)
    if "." in pattern.style and level.get("numbering") == "continuous":
        what = "a dotted number carries its parent's, so it cannot run through the document"
        yield document.problem(path, what, offending=text)
    if text in document.value.get("text", {}).get("lines", ()) and "heading" not in level:
        yield document.problem(path, "the same pattern is declared as plain text", offending=text)


def _unknown_parents(
    document: Document, path: ValuePath, within: tuple[str, ...], known: list[str]
) -> Iterator[Problem]:
    for parent in within:
        if parent not in {*known, DOCUMENT}:
            meant = nearest(parent, [*known, DOCUMENT])
            what = f"there is no level {parent!r}"
            yield document.problem((*path, "within"), what, offending=parent, suggestion=meant)


def _bad_patterns(document: Document) -> Iterator[Problem]:
    value = document.value
    found = [
        pair for index, level in enumerate(value["levels"]) for pair in _patterns_of(("levels", index), level)
    ]
    lines = value.get("text", {}).get("lines", ())
    found += [(("text", "lines", index), text) for index, text in enumerate(lines)]
    for path, text in found:
        try:
            compiled(text)
        except BadPattern as bad:
            yield document.problem(path, str(bad), offending=text)


def _patterns_of(path: ValuePath, level: Mapping[str, Any]) -> Iterator[tuple[ValuePath, str]]:
    match = level["match"]
    if isinstance(match, str):
        yield (*path, "match"), match
    else:
        yield from (((*path, "match", index), text) for index, text in enumerate(match))


def _compiled(text: str) -> Pattern | None:
    try:
        return compiled(text)
    except BadPattern:
        return None
