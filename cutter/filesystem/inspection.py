"""A program judges a file before it goes live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cutter.errors import StepFailed

if TYPE_CHECKING:
    from cutter.children import Finished

CANDIDATE = "{candidate}"
_SECONDS = 60
_LINES = 20
_TAIL = 8_000


def inspect(argv: Sequence[str], candidate: str, *, seconds: float = _SECONDS, quiet: bool = False) -> None:
    """Run a program on the file at `candidate`, whose path replaces ``{candidate}`` in the arguments.

    It gets a minimal environment, no input, a process group of its own and `seconds` to exit with 0. Raises
    StepFailed with the last lines it wrote (`quiet`: without, since they may quote a secret), and Unavailable
    when it is not installed.
    """
    from cutter.children import DEFAULT_PATH, run

    command = [word.replace(CANDIDATE, candidate) for word in argv]
    ended = run(command, timeout=seconds, environment={"PATH": DEFAULT_PATH}, cwd="/")
    if not ended.succeeded:
        said = "" if quiet else _last_lines(ended, candidate)
        raise StepFailed(f"the validation {' '.join(argv)} {_ended(ended, seconds)}{said}")


def _ended(ended: Finished, seconds: float) -> str:
    if ended.killed:
        return f"did not end within {seconds:g} seconds"
    return f"ended with {ended.code}" if ended.code > 0 else f"was ended by signal {-ended.code}"


def _last_lines(ended: Finished, candidate: str) -> str:
    tail = (ended.stdout[-_TAIL:] + ended.stderr[-_TAIL:]).decode("utf-8", "replace")
    lines = tail.replace(candidate, CANDIDATE).strip().splitlines()[-_LINES:]
    return "\n".join([":", *lines]) if lines else ""
