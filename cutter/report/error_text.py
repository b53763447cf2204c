"""A complaint as text and as JSON: code, place, cause, state of the world, next command."""

from __future__ import annotations

from typing import Any

from cutter.errors import CutterError
from cutter.report.style import paint, printable


def error_text(error: CutterError, *, colour: bool = False) -> str:
    """Return the complaint as a person should read it."""
    place = f"{error.place}: " if error.place else ""
    lines = [paint(f"error {error.exit_code}:", "bad", colour=colour) + f" {place}{error.cause}"]
    lines += [f"  {error.world}"] if error.world else []
    lines += [f"  next: {error.remedy}"] if error.remedy else []
    lines.append(f"  more: cutter explain {error.exit_code}")
    return printable("\n".join(lines)) if not colour else "\n".join(lines)


def error_body(error: CutterError) -> dict[str, Any]:
    """Return the complaint for programs."""
    told = {
        "code": error.exit_code,
        "kind": type(error).__name__,
        "place": error.place,
        "cause": error.cause,
        "world": error.world,
        "next": error.remedy,
    }
    problems = [problem.plain() for problem in getattr(error, "problems", ())]
    return {"version": 1, "error": {**told, **({"problems": problems} if problems else {})}}
