"""Numbers for new users and groups, from the ranges that login.defs(5) gives."""

from __future__ import annotations

from collections.abc import Callable

from cutter.accounts.books import Books
from cutter.accounts.tables import FOLDER
from cutter.errors import Conflict

_RANGES = {"UID_MIN": 1000, "UID_MAX": 60000, "SYS_UID_MIN": 100, "SYS_UID_MAX": 999}


def free_number(books: Books, *, system: bool) -> str:
    """Return a number that neither a user nor a group has, so that both can share it.

    Ordinary accounts get the lowest one in their range that is above all taken ones where there is room,
    system accounts the highest that is free. Raises Conflict when none is.
    """
    first, last = _range(system=system)
    taken = {int(fields[2]) for table in (books.passwd, books.group) for fields in table.entries()}
    free = [number for number in range(first, last + 1) if number not in taken]
    highest = max(taken.intersection(range(first, last + 1)), default=0)
    above = [number for number in free if number > highest]
    order = reversed(free) if system else iter([*above, *free])
    found = next((number for number in order if not _known(number)), None)
    if found is None:
        raise Conflict(
            f"no number from {first} to {last} is free", remedy=f"widen the range in {FOLDER}/login.defs"
        )
    return str(found)


def _range(*, system: bool) -> tuple[int, int]:
    limits = {**_RANGES, **_defined()}
    prefix = "SYS_" if system else ""
    return limits[f"{prefix}UID_MIN"], limits[f"{prefix}UID_MAX"]


def _defined() -> dict[str, int]:
    try:
        with open(f"{FOLDER}/login.defs", encoding="utf-8", errors="replace") as file:
            pairs = [line.split()[:2] for line in file]
    except OSError:
        return {}
    return {
        pair[0]: int(pair[1]) for pair in pairs if pair[:1] and pair[0] in _RANGES and pair[-1].isdecimal()
    }


def _known(number: int) -> bool:
    """Ask what else knows accounts, a directory service say, so that nobody gets a number that is taken."""
    import grp
    import pwd

    return _finds(pwd.getpwuid, number) or _finds(grp.getgrgid, number)


def _finds(ask: Callable[[int], object], number: int) -> bool:
    try:
        ask(number)
    except KeyError:
        return False
    return True
