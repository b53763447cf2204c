"""Where the value of each variable comes from: everybody who gave one, and whose word counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cutter.app.workspace import Choice, Workspace
from cutter.errors import UsageError
from cutter.language.extra import parse_extra, refuse_undeclared
from cutter.language.inventory import select
from cutter.language.problems import nearest
from cutter.language.runbooks import load_runbook, variable_places
from cutter.language.variables import Cycle, Scope, all_values
from cutter.model.inventory import Host, Variable, Variables
from cutter.model.references import BadReference, Unresolved
from cutter.model.runbook import Runbook


@dataclass(frozen=True)
class Explained:
    """One variable on one host: its value with references followed, or why it has none, and who gave one.

    `given` is in the order of precedence, weakest first: the last one counts.
    """

    host: str
    name: str
    value: Any
    problem: str
    given: tuple[Variable, ...]


def explain(choice: Choice, path: str, name: str = "") -> list[Explained]:
    """Return all variables, or the one named, on every host that a runbook names (all hosts without one).

    Raises UsageError for a name that nobody declares, InvalidDocuments for a bad runbook or inventory.
    """
    workspace = Workspace(choice)
    runbook = load_runbook(path) if path else None
    extra = parse_extra(choice.extra)
    refuse_undeclared(extra, [runbook] if runbook else [], workspace.environment)
    hosts = select(workspace.environment, runbook.hosts if runbook else "all", choice.limit)
    found = []
    for host in hosts:
        given = _placed(all_values(workspace.environment, host, runbook, extra), runbook)
        found += list(_explained(host, given, name))
    return found


def _placed(given: Variables, runbook: Runbook | None) -> Variables:
    """Return the variables with the exact place of those that the runbook gives."""
    places = variable_places(runbook.path) if runbook else {}
    return {
        name: tuple(
            one._replace(origin=str(places[name])) if one.layer == "runbook" and name in places else one
            for one in listed
        )
        for name, listed in given.items()
    }


def _explained(host: Host, given: Variables, wanted: str) -> Iterator[Explained]:
    if wanted and wanted not in given:
        near = nearest(wanted, given)
        hint = f"did you mean {near}?" if near else f"declared are: {', '.join(sorted(given))}"
        raise UsageError(f"no variable {wanted!r} is declared for {host.name}", remedy=hint)
    scope = Scope(given)
    for name in [wanted] if wanted else scope.names():
        try:
            value, problem = scope.value(name), ""
        except Unresolved as missing:
            value, problem = None, f"{missing.name} is not declared"
        except (Cycle, BadReference) as error:
            value, problem = None, str(error)
        yield Explained(host.name, name, value, problem, given[name])
