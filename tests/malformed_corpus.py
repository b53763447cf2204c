"""The malformed runbooks, each with what must be said about it in its first lines.

``# refused LINE:COL | where | what | offending | suggestion`` is one problem, in the order they are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from cutter.errors import CutterError
from cutter.language.bind import bind
from cutter.language.inventory import load_environment
from cutter.language.problems import InvalidDocuments, Problem
from cutter.language.runbooks import load_runbook

Write = Callable[[str, str], Path]
"""Writes a file of a project, and returns its path."""
FOLDER = Path(__file__).parent / "malformed"
MARK = "# refused "


def cases() -> list[Path]:
    """Return the files of the corpus, sorted."""
    return sorted(FOLDER.glob("*.yml"))


def expected(path: Path) -> list[str]:
    """Return the expectation lines of a file, without their mark."""
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    return [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]


def refusal(path: Path, inventory: Path) -> CutterError:
    """Load a runbook and bind it to the only host of an inventory; return the error that came of it."""
    try:
        runbook = load_runbook(path)
        environment = load_environment(inventory)
        bind(runbook, environment, environment.hosts[0], {}, b"key")
    except CutterError as error:
        return error
    raise AssertionError(f"{path.name} was accepted")


def described(error: CutterError) -> Iterator[str]:
    """Yield the problems of an error in the form of the expectations."""
    for problem in error.problems if isinstance(error, InvalidDocuments) else ():
        yield line_of(problem)


def line_of(problem: Problem) -> str:
    """Return one problem in the form of the expectations."""
    place = f"{problem.position.line}:{problem.position.column}"
    parts = (place, problem.where, problem.what, problem.offending, problem.suggestion)
    return " | ".join(part.replace("\n", " ").replace("\t", "TAB") for part in parts).rstrip()
