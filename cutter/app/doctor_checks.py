"""One check of `cutter doctor`: what was looked at, how it stands, what was seen, and what to do."""

from __future__ import annotations

import os

from cutter.errors import CutterError
from cutter.named_tuple import NamedTuple


class Check(NamedTuple):
    """`status` is ``ok``, ``warn`` or ``fail``; `fix` is the next thing to do, empty for what is ok."""

    name: str
    status: str
    seen: str
    fix: str = ""


def ok(name: str, seen: str) -> Check:
    """Return a check that found nothing to do."""
    return Check(name, "ok", seen)


def warn(name: str, seen: str, fix: str) -> Check:
    """Return a check that found something to know, which stops nothing."""
    return Check(name, "warn", seen, fix)


def fail(name: str, seen: str, fix: str) -> Check:
    """Return a check that found what would stop a run, or make its record doubtful."""
    return Check(name, "fail", seen, fix)


def of_error(name: str, error: CutterError) -> Check:
    """Return a failed check out of the error that looking met."""
    place = f"{error.place}: " if error.place and error.place not in error.cause else ""
    return fail(name, place + error.cause, error.remedy or f"cutter explain {error.exit_code}")


def nearest_existing(path: str) -> str:
    """Return the path, or what of its parents exists."""
    while not os.path.lexists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path
