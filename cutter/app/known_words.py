"""The words that only this machine knows, for the completion of a command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cutter.app.workspace import Choice, Workspace
from cutter.errors import EXIT_CODES, UsageError

Words = list[str]


def known_words(kind: str, choice: Choice, runbooks: Sequence[str]) -> Words:
    """Return the words of a kind, those looked for most first. Raises UsageError for an unknown kind."""
    sources: Mapping[str, Callable[[], Words]] = {
        "codes": lambda: [str(row.code) for row in EXIT_CODES],
        "gaps": lambda: _gaps(choice),
        "hosts": lambda: _hosts(choice),
        "runs": lambda: _runs(choice),
        "schemas": _schemas,
        "steps": lambda: _steps(runbooks),
        "types": _types,
        "variables": lambda: _variables(choice, runbooks),
    }
    if kind not in sources:
        raise UsageError(
            f"there are no words of kind {kind!r}", remedy=f"the kinds are: {', '.join(sources)}"
        )
    return sources[kind]()


def _types() -> Words:
    """With what `cutter doc` describes beside them."""
    from cutter.report.keys_doc import PAGES
    from cutter.resources import type_names

    return [*type_names(), *PAGES]


def _schemas() -> Words:
    from cutter.app.documents import SUFFIX
    from cutter.language.schema import schema_documents

    return [name.removesuffix(SUFFIX) for name in schema_documents()]


def _gaps(choice: Choice) -> Words:
    from cutter.app.matrix_file import matrix_path
    from cutter.language.matrix import load_matrix

    return [gap.id for gap in load_matrix(matrix_path(Workspace(choice))).gaps]


def _hosts(choice: Choice) -> Words:
    environment = Workspace(choice).environment
    return sorted({host.name for host in environment.hosts}.union(environment.groups))


def _runs(choice: Choice) -> Words:
    """Newest first: it is the one that is looked for."""
    from cutter.app.settling import history

    with Workspace(choice).read_ledger() as ledger:
        return list(reversed(history(ledger)))


def _steps(runbooks: Sequence[str]) -> Words:
    from cutter.language.runbooks import load_runbooks

    return [step.id for runbook in load_runbooks(runbooks) for step in runbook.steps]


def _variables(choice: Choice, runbooks: Sequence[str]) -> Words:
    from cutter.language.runbooks import load_runbooks
    from cutter.language.variables import known_names

    return sorted(known_names(load_runbooks(runbooks), Workspace(choice).environment))
