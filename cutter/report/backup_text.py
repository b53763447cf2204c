"""The backups of a folder as a table for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cutter.backup.records import ListedBackup
from cutter.report.style import paint, printable

_HEAD = ("taken", "database", "size", "encrypted to", "signed by", "verified", "drilled", "")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_SHORT = 16
_STEP = 1024


def backup_lines(found: Sequence[ListedBackup], *, colour: bool) -> list[str]:
    """Return a line each, in columns, after a line that names them; each backup's file stands below."""
    if not found:
        return ["no backups yet"]
    rows = [_HEAD, *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    told = [paint(lines[0], "strong", colour=colour)]
    for each, line in zip(found, lines[1:], strict=True):
        role = "good" if each.recorded else "bad"
        told += [paint(line, role, colour=colour), f"  {printable(each.manifest.file)}"]
    return told


def backups_body(found: Sequence[ListedBackup]) -> Mapping[str, Any]:
    """Return the same for programs, each manifest whole."""
    shown = [
        {
            "manifest": each.manifest.body(),
            "recorded": each.recorded,
            "verified": each.verified or None,
            "drilled": each.drilled or None,
        }
        for each in found
    ]
    return {"version": 1, "backups": shown}


def _row(each: ListedBackup) -> tuple[str, ...]:
    manifest = each.manifest
    keys = (manifest.encrypted_to[-_SHORT:], manifest.signed_by[-_SHORT:])
    when = (_moment(each.verified), _moment(each.drilled))
    doubt = "" if each.recorded else "not as recorded"
    return (manifest.taken_at, printable(manifest.database), _size(manifest.size), *keys, *when, doubt)


def _moment(at: str) -> str:
    return f"{at[:19]}Z" if at else "never"


def _size(count: int) -> str:
    size, unit = float(count), 0
    while size >= _STEP and unit < len(_UNITS) - 1:
        size, unit = size / _STEP, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{count} B"
