"""The tree of a document as it grows: where a unit stands, whether its number is next, and its address."""

from __future__ import annotations

from cutter.cut.eid import Addresses, short_name
from cutter.cut.faults import Fault
from cutter.cut.grammar import DOCUMENT, Grammar
from cutter.cut.matching import Found
from cutter.cut.numbering import Worth, follows, worth
from cutter.named_tuple import NamedTuple


class Open:
    """A unit whose parts may still come."""

    def __init__(self, found: Found | None, address: str, line: int) -> None:
        """Take what matched (None for the document itself), the address and the line."""
        self.found = found
        self.address = address
        self.line = line
        self.last: dict[int, tuple[Worth, str]] = {}
        self.has_body = False
        self.has_parts = False

    @property
    def stands_for(self) -> str:
        """Return the section type of the unit, or the word for the document."""
        return self.found.level.section_type if self.found else DOCUMENT


class Address(NamedTuple):
    """The eId of a unit and that of its parent."""

    unit_ref: str
    parent_ref: str | None


class Outline:
    """The units that are open, outermost first; `faults` gets what does not fit."""

    def __init__(self, grammar: Grammar, faults: list[Fault]) -> None:
        """Start with the document alone."""
        self.faults = faults
        self._levels = grammar.levels
        self._addresses = Addresses()
        self._open = [Open(None, "", 0)]

    def fits(self, found: Found) -> bool:
        """Tell whether a unit may stand here and is the next of its kind."""
        parent = self._parent(found)
        return parent is not None and not self._disorder(found, parent)

    def enter(self, found: Found, line: int) -> Address:
        """Add a unit, and return its address; whatever is wrong about its place is a fault."""
        parent = self._parent(found)
        if parent is None:
            self.faults.append(Fault(line, "nesting", self._misplaced(found)))
            parent = self._open[-1]
        else:
            disorder = self._disorder(found, parent)
            self.faults += [Fault(line, *disorder)] if disorder else []
        while self._open[-1] is not parent:
            self._leave(self._open.pop())
        parent.has_parts = True
        if found.number:
            self._counter(found, parent).last[found.place] = (worth(found.style, found.number), found.number)
        prefix = "" if found.level.numbering == "continuous" else parent.address
        name = found.level.address or short_name(found.level.section_type)
        address = self._addresses.make(prefix, name, found.number)
        self._open.append(Open(found, address, line))
        return Address(address, parent.address or None)

    def preamble(self, section_type: str) -> str:
        """Return the address of the text before the first unit."""
        return self._addresses.make("", short_name(section_type), "")

    def has_body(self) -> None:
        """Remember that the newest unit has text of its own."""
        self._open[-1].has_body = True

    def finish(self) -> None:
        """Leave every unit."""
        while len(self._open) > 1:
            self._leave(self._open.pop())

    def _parent(self, found: Found) -> Open | None:
        wanted = found.level.within
        return next((unit for unit in reversed(self._open) if unit.stands_for in wanted), None)

    def _counter(self, found: Found, parent: Open) -> Open:
        return self._open[0] if found.level.numbering == "continuous" else parent

    def _disorder(self, found: Found, parent: Open) -> tuple[str, str] | None:
        """Return the rule that a number breaks, and how; None when it is the next."""
        if not found.number or found.level.sequence == "free":
            return None
        name, number = found.level.section_type, found.number
        prefix, _, _ = number.rpartition(".")
        above = parent.found.number if parent.found else ""
        if prefix and prefix != above:
            return "nesting", f"{name} {number} stands in {parent.stands_for} {above or 'without a number'}"
        value = worth(found.style, number)
        last = self._counter(found, parent).last.get(found.place)
        if last is None:
            first = (found.level.first, *value[1:])
            text = f"the first {name} here has the number {number}; {found.level.first} was expected"
            return None if value == (*first[:1], *[0] * (len(value) - 1)) else ("jump", text)
        return _order(name, last, value, number)

    def _misplaced(self, found: Found) -> str:
        here = self._open[-1].stands_for
        wanted = " or ".join(found.level.within)
        return f"{found.level.section_type} {found.number}".rstrip() + f" stands in {here}, not in {wanted}"

    def _leave(self, unit: Open) -> None:
        if unit.found is None:
            return
        level = unit.found.level
        required = level.body == "required"
        if not unit.has_body and (required or not unit.has_parts):
            lacks = "no text" if required else "neither text nor parts"
            self.faults.append(Fault(unit.line, "empty-body", f"{unit.address} has {lacks}"))
        if unit.has_body and level.body == "none":
            self.faults.append(Fault(unit.line, "unexpected-body", f"{unit.address} has text of its own"))


def _order(name: str, last: tuple[Worth, str], value: Worth, number: str) -> tuple[str, str] | None:
    if follows(last[0], value):
        return None
    if value == last[0]:
        return "repeat", f"{name} {number} comes twice"
    rule = "backwards" if value < last[0] else "jump"
    return rule, f"{name} {number} comes after {name} {last[1]}"
