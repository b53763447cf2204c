"""The files that tell apt of repositories: what is written into one, and what the others say already."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from cutter.filesystem.refusals import refusals
from cutter.named_tuple import NamedTuple

ROOT = "/etc/apt"
PARTS = f"{ROOT}/sources.list.d"
KEYRINGS = f"{ROOT}/keyrings"
_LINE = re.compile(r"\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)")


class Source(NamedTuple):
    """One repository that a file names: where it is, its suite, and the place in the file."""

    uri: str
    suite: str
    place: str


def declared(fields: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """Return the text of a .sources file; fields without words are left out."""
    return "".join(f"{name}: {' '.join(words)}\n" for name, words in fields if words).encode()


def named_elsewhere(own: str, wanted: Sequence[tuple[str, str]]) -> str:
    """Return where a file other than `own` names one of these (URI, suite), or nothing."""
    plain = {_plain(uri, suite) for uri, suite in wanted}
    for path in _files():
        if path != own:
            found = (source.place for source in _sources(path) if _plain(source.uri, source.suite) in plain)
            place = next(found, "")
            if place:
                return place
    return ""


def _plain(uri: str, suite: str) -> tuple[str, str]:
    return uri.rstrip("/"), suite.rstrip("/")


def _files() -> list[str]:
    names = sorted(os.listdir(PARTS)) if os.path.isdir(PARTS) else []
    parts = [f"{PARTS}/{name}" for name in names if name.endswith((".list", ".sources"))]
    return [path for path in (f"{ROOT}/sources.list", *parts) if os.path.isfile(path)]


def _sources(path: str) -> Iterator[Source]:
    with refusals("reading", path), open(path, encoding="utf-8", errors="replace") as file:
        lines = file.read().split("\n")
    yield from (_of_paragraphs if path.endswith(".sources") else _of_lines)(path, lines)


def _of_lines(path: str, lines: Sequence[str]) -> Iterator[Source]:
    for number, line in enumerate(lines, start=1):
        found = _LINE.match(line)
        if found is not None:
            yield Source(found.group(1), found.group(2), f"{path}:{number}")


def _of_paragraphs(path: str, lines: Sequence[str]) -> Iterator[Source]:
    fields: dict[str, str] = {}
    begun, last = 1, ""
    for number, line in enumerate([*lines, ""], start=1):
        if not line.strip():
            yield from _of_fields(fields, f"{path}:{begun}")
            fields, begun, last = {}, number + 1, ""
        elif line[0] in " \t":
            fields[last] = f"{fields.get(last, '')} {line}"
        elif not line.startswith("#"):
            last, _, rest = line.partition(":")
            last = last.strip().lower()
            fields[last] = rest


def _of_fields(fields: dict[str, str], place: str) -> Iterator[Source]:
    if fields.get("enabled", "yes").strip().lower() in {"no", "false", "0", "off", "without", "disable"}:
        return
    for uri in fields.get("uris", "").split():
        yield from (Source(uri, suite, place) for suite in fields.get("suites", "").split())
