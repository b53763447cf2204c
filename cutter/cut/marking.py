"""A source text to its units, one after another: what does not fit is a fault, nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator

from cutter.cut import markdown, numbered
from cutter.cut.coverage import last_line
from cutter.cut.faults import Fault, InvalidSource
from cutter.cut.grammar import Grammar, Preamble
from cutter.cut.guard import INVISIBLE, placeholder
from cutter.cut.lines import BOM, HEADING, HIDDEN, IGNORABLE, LINE, Piece
from cutter.cut.matching import Found, Matcher
from cutter.cut.outline import Outline
from cutter.cut.rows import Ignorable, MarkRow, Source, Span
from cutter.cut.tally import Expected, Tally
from cutter.cut.telling import tell
from cutter.model.canonical import bytes_digest, digest

_PLANNING = "plan the document, KiB"
_TOLD_BYTES = 2**18


class _Draft:
    """A unit that is being read."""

    def __init__(self, row: MarkRow, *, body_at: int, end: int, optional_body: bool) -> None:
        self.row = row
        self.body_at = body_at
        self.end = end
        self.optional_body = optional_body


class Marking:
    """The units of a source text under a grammar; iterating reads it, once.

    `ignorable` is complete when the iteration is. Raises InvalidSource, with every fault, at its end.
    """

    def __init__(self, source: Source, grammar: Grammar, expect: Expected = ()) -> None:
        """Take the text, its grammar, and counts that stand for the grammar's own; nothing is read yet."""
        expect = expect or grammar.expect
        self.source = source
        self.grammar_digest = grammar.digest
        self.grammar = grammar
        self.key = digest("marking", [source.version, source.digest, self.grammar_digest, expect])
        self._tally = Tally(expect)
        self.ignorable: list[Ignorable] = []
        self.faults: list[Fault] = []
        self._ignored = (IGNORABLE & {*grammar.ignore}) | {BOM}
        self._matcher = Matcher(grammar)
        self._outline = Outline(grammar, self.faults)
        self._draft: _Draft | None = None
        self._pending: list[tuple[Piece, str]] = []
        self._covered = 0
        self._early = False
        self._refused_early = False

    def __iter__(self) -> Iterator[MarkRow]:
        """Yield the units in order."""
        scan = markdown.pieces if self.grammar.format == "markdown" else numbered.pieces
        told, whole = _TOLD_BYTES, len(self.source.text)
        for piece in scan(self.source.text, self.grammar, self.faults):
            if piece.start >= told:
                tell(_PLANNING, piece.start >> 10, whole >> 10)
                told = piece.start + _TOLD_BYTES
            found = self._unit(piece)
            if found is not None:
                yield from self._closed()
                self._begin(found, piece)
            elif piece.role != HIDDEN:
                self._add(piece)
        yield from self._closed()
        self._ignore(whole)
        self._outline.finish()
        self.faults += self._tally.faults(self.faults, last_line(self.source.text))
        if self.faults:
            raise InvalidSource(self.source.name, self.faults)

    def _unit(self, piece: Piece) -> Found | None:
        """Return the level that a piece begins a unit of, or None for what is text or may be ignored."""
        if piece.role == HEADING:
            return self._heading(piece)
        if piece.role == LINE:
            return self._line(piece)
        if piece.role == HIDDEN and self._matcher.heading(piece):
            self._fault(piece, "hidden", f"{piece.text!r} stands inside a list or quotation")
        return None

    def _heading(self, piece: Piece) -> Found | None:
        if "\n" in piece.text:
            self._fault(piece, "ambiguous", "a heading goes over several lines")
            self._refused_early = True
            return None
        found = self._matcher.heading(piece)
        if found:
            return self._chosen(found, piece)
        if piece.depth not in self.grammar.text_headings and not self._is_title(piece):
            self._fault(piece, "undeclared", f"no level has the heading {'#' * piece.depth} {piece.text}")
            self._refused_early = True
        return None

    def _line(self, piece: Piece) -> Found | None:
        found = self._matcher.line(piece)
        if not found:
            undeclared = self._matcher.looks_like_unit(piece) and not self._matcher.is_text(piece)
            if undeclared and not self._is_title(piece):
                self._fault(piece, "undeclared", f"no level is numbered like {_shown(piece.text)}")
            return None
        if self._matcher.is_text(piece):
            fitting = [one for one in found if self._outline.fits(one)]
            if fitting:
                self._fault(piece, "ambiguous", f"{_shown(piece.text)} may be a unit or plain text")
            return None
        return self._chosen(found, piece)

    def _chosen(self, found: list[Found], piece: Piece) -> Found:
        """Return the one level that fits; where it is not one, say so and go on with the first."""
        if len(found) == 1:
            return found[0]
        fitting = [one for one in found if self._outline.fits(one)]
        if len(fitting) != 1:
            names = " or ".join(one.level.section_type for one in fitting or found)
            self._fault(piece, "ambiguous", f"{_shown(piece.text)} may be {names}")
        return (fitting or found)[0]

    def _begin(self, found: Found, piece: Piece) -> None:
        self._ignore(piece.start)
        level = found.level
        unit_ref, parent_ref = self._outline.enter(found, piece.line)
        row = self._row(level.kind, level.section_type, found.title, unit_ref, piece)
        row = row._replace(parent_ref=parent_ref, number=found.number)
        body_at = -1
        if found.body_at >= 0:
            body_at = piece.start + len(piece.text[: found.body_at].encode())
        self._draft = _Draft(row, body_at=body_at, end=piece.end, optional_body=level.body != "required")

    def _begin_preamble(self, unit: Preamble, piece: Piece) -> None:
        self._ignore(piece.start)
        unit_ref = self._outline.preamble(unit.section_type)
        row = self._row(unit.kind, unit.section_type, unit.title, unit_ref, piece)
        self._draft = _Draft(row, body_at=piece.start, end=piece.end, optional_body=False)

    def _row(self, kind: str, section_type: str, title: str, unit_ref: str, piece: Piece) -> MarkRow:
        return MarkRow(
            ordinal=self._tally.add(section_type),
            unit_kind=kind,
            section_type=section_type,
            title=title,
            body="",
            owner_ref=self.source.document_ref,
            parent_ref=None,
            unit_ref=unit_ref,
            span=Span(piece.start, piece.end),
            body_hash="",
            number="",
            line=piece.line,
        )

    def _add(self, piece: Piece) -> None:
        """Add a piece to the open unit, or keep it back where it may turn out to stand between two units."""
        if piece.role in self._ignored:
            self._pending.append((piece, piece.role))
        elif self._draft is not None:
            self._pending.clear()
            if self._draft.body_at < 0:
                self._draft.body_at = piece.start
            self._draft.end = piece.end
        else:
            self._before_units(piece)

    def _before_units(self, piece: Piece) -> None:
        grammar = self.grammar
        if self._is_title(piece):
            self._pending.append((piece, "title"))
        elif grammar.preamble is not None:
            self._begin_preamble(grammar.preamble, piece)
        elif "preamble" in grammar.ignore:
            self._pending.append((piece, "preamble"))
        elif not self._refused_early:
            self._fault(piece, "preamble", "there is text before the first unit")
            self._refused_early = True
        self._early = True

    def _is_title(self, piece: Piece) -> bool:
        """Tell whether a piece is the title of the document: its first, and at the top in Markdown."""
        if "title" not in self.grammar.ignore or self._draft or self._early:
            return False
        return piece.depth == 1 if self.grammar.format == "markdown" else piece.role == LINE

    def _closed(self) -> Iterator[MarkRow]:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        row, end = draft.row, draft.end
        body = self.source.text[draft.body_at : end] if draft.body_at >= 0 else b""
        text = body.decode()
        if text.strip(INVISIBLE):
            self._outline.has_body()
        elif draft.optional_body:
            body = self.source.text[row.span.start : end]
            text = body.decode()
        self._covered = end
        found = row._replace(body=text, span=Span(row.span.start, end), body_hash=bytes_digest(body))
        self.faults += [Fault(row.line, "placeholder", what) for what in placeholder(found)]
        if not row.title.strip(INVISIBLE):
            self.faults.append(
                Fault(row.line, "empty-title", f"{row.unit_ref} has a title that shows nothing")
            )
        yield found

    def _ignore(self, stop: int) -> None:
        """Declare what lies between the last unit and an offset."""
        at = self._covered
        for piece, why in self._pending:
            if piece.start > at:
                self.ignorable.append(Ignorable(at, piece.start, "blank"))
            self.ignorable.append(Ignorable(piece.start, piece.end, why))
            at = piece.end
        if stop > at:
            self.ignorable.append(Ignorable(at, stop, "blank"))
        self._pending.clear()
        self._covered = stop

    def _fault(self, piece: Piece, rule: str, what: str) -> None:
        self.faults.append(Fault(piece.line, rule, what))


def _shown(text: str) -> str:
    text = text.strip(" \t")
    return repr(text if len(text) <= 40 else f"{text[:40]}...")  # noqa: PLR2004 - enough to find it
