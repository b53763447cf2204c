"""Variables: who said what, which word counts, and their values with references followed.

One precedence, weakest first: runbook vars, group vars (all, parents, children), host vars, ``-e``.
What cutter gives itself (`inventory_dir`, `project_dir`, ...) cannot be set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from cutter.language.problems import nearest
from cutter.model.inventory import Environment, Host, Variable, Variables
from cutter.model.references import Unresolved, is_late, lookup_in, resolve, written
from cutter.model.runbook import Runbook

_WITHOUT_RUNBOOK = "."


class Cycle(ValueError):
    """Variables that need each other; the text is the chain."""


class Scope:
    """The values of the variables of one target, worked out when they are asked for."""

    def __init__(self, variables: Variables) -> None:
        """Take every value given to each name; the last of each counts."""
        self._given = {name: found[-1].value for name, found in variables.items()}
        self._known: dict[str, Any] = {}
        self._chain: list[str] = []

    def value(self, name: str) -> Any:
        """Return a variable, early references followed. Raises Unresolved, BadReference, Cycle."""
        if name not in self._known:
            if name in self._chain:
                raise Cycle(" -> ".join([*self._chain[self._chain.index(name) :], name]))
            if name not in self._given:
                raise Unresolved(name, tuple(sorted(self._given)))
            self._chain.append(name)
            try:
                self._known[name] = resolve(self._given[name], self.lookup)
            finally:
                self._chain.pop()
        return self._known[name]

    def lookup(self, name: str) -> Any:
        """Return what a reference stands for."""
        if is_late(name):
            return written(name)
        head = name.partition(".")[0]
        return lookup_in({head: self.value(head)}, name)

    def names(self) -> tuple[str, ...]:
        """Return the names of all variables, sorted."""
        return tuple(sorted(self._given))


def all_values(
    environment: Environment, host: Host | None, runbook: Runbook | None, extra: Mapping[str, Any]
) -> Variables:
    """Return every value given to each name, weakest first, for one host and one runbook."""
    found: dict[str, list[Variable]] = {}
    if runbook is not None:
        for name, value in runbook.variables.items():
            found.setdefault(name, []).append(Variable(value, runbook.path, "runbook"))
    for name, given in (host.variables if host else {}).items():
        found.setdefault(name, []).extend(given)
    for name, value in extra.items():
        found.setdefault(name, []).append(Variable(value, "-e", "-e"))
    for name, value in builtins(environment, host, runbook).items():
        found[name] = [Variable(value, "builtin", "builtin")]
    return {name: tuple(given) for name, given in found.items()}


def builtins(environment: Environment, host: Host | None, runbook: Runbook | None) -> dict[str, str]:
    """Return the variables that cutter gives itself; all folders are absolute."""
    given = {
        "environment": environment.name,
        "inventory_dir": environment.folder,
        "project_dir": environment.project_dir,
    }
    if host is not None:
        given["inventory_hostname"] = host.name
    if runbook is not None:
        given["runbook_dir"] = os.path.dirname(os.path.abspath(runbook.path)) or _WITHOUT_RUNBOOK
    return given


def missing_text(missing: Unresolved) -> tuple[str, str]:
    """Return what to say about a variable that nothing declares, and the name that was probably meant."""
    head, _, rest = missing.name.rpartition(".")
    wanted = rest if head else missing.name
    meant = nearest(wanted, missing.known)
    suggestion = f"{head}.{meant}" if head and meant else meant
    return f"{missing.name!r} is not declared anywhere", suggestion


def known_names(runbooks: Iterable[Runbook], environment: Environment) -> set[str]:
    """Return every variable that a runbook or the inventory declares."""
    names = {name for runbook in runbooks for name in runbook.variables}
    return names.union(*(host.variables for host in environment.hosts))
