"""The declared grammar of a document: which heading or numbering is which unit, and what may be ignored."""

from __future__ import annotations

from typing import Any, Literal

from cutter.cut.patterns import Pattern
from cutter.model.canonical import digest
from cutter.named_tuple import NamedTuple

DOCUMENT = "document"
"""What a level stands in that stands in no other level."""

Ignored = Literal["front matter", "comments", "rules", "title", "preamble"]


class Level(NamedTuple):
    """One kind of unit.

    `heading` is the depth of its heading in Markdown; 0 for a numbered line. `within` names the section types
    it may stand in. Numbers start at `first` and run on without a gap, anew in each parent (restart) or
    through the whole document (continuous, where the address leaves the parents out); `sequence` free checks
    no order. Text of its own is needed (required), may be missing where there are parts below (optional), or
    must not be there (none); the body of a unit without it is its heading as written.
    """

    kind: str
    section_type: str
    patterns: tuple[Pattern, ...]
    heading: int
    within: tuple[str, ...]
    numbering: Literal["restart", "continuous"] = "restart"
    sequence: Literal["strict", "free"] = "strict"
    first: int = 1
    body: Literal["required", "optional", "none"] = "required"
    address: str = ""


class Preamble(NamedTuple):
    """The unit that holds the text before the first other one."""

    kind: str
    section_type: str
    title: str


class Grammar(NamedTuple):
    """A grammar; `text` are patterns of lines, and depths of headings, that look like units but are text.

    `expect` is the count of each section type, in the order it was declared, or nothing.
    """

    document_ref: str
    format: Literal["markdown", "numbered"]
    levels: tuple[Level, ...]
    preamble: Preamble | None = None
    ignore: tuple[Ignored, ...] = ()
    text_patterns: tuple[Pattern, ...] = ()
    text_headings: tuple[int, ...] = ()
    expect: tuple[tuple[str, int], ...] = ()

    @property
    def digest(self) -> str:
        """Return the digest of everything that decides how a text is cut; `expect` only checks it."""
        return digest("grammar", _plain(self._replace(expect=())))


def _plain(value: Any) -> Any:
    if isinstance(value, Pattern):
        return value.text
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
