"""An inventory folder to an Environment: hosts, groups, variables, the place of evidence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cutter.errors import UsageError
from cutter.language.inventory_checkpoints import checkpoint_settings
from cutter.language.inventory_databases import databases_of
from cutter.language.inventory_files import Folder
from cutter.language.inventory_groups import Groups
from cutter.language.inventory_hosts import common_variables, host_of
from cutter.language.inventory_settings import setting
from cutter.language.limit import hosts_by_word, limited, some_of
from cutter.language.problems import InvalidDocuments, Problem, nearest
from cutter.language.step_hosts import unknown_names, words
from cutter.language.strict_yaml import Document
from cutter.model.canonical import digest
from cutter.model.inventory import Environment, Host
from cutter.model.runbook import Position, Runbook

LEDGER = "/var/lib/cutter/ledger"
TARGET_STATE = "/var/lib/cutter/target"


def load_environment(folder: str | os.PathLike[str]) -> Environment:
    """Return the environment of an inventory folder. Raises InvalidDocuments, for all its files at once."""
    files = Folder(os.fspath(folder))
    inventory = files.document("hosts.yml", "hosts", needed=True)
    own = files.document("environment.yml", "environment")
    groups = Groups.of(inventory, files.problems)
    layers = files.layers(groups)
    settings = _settings(files, own)
    builtins = {
        "inventory_dir": files.path,
        "project_dir": files.project_dir,
        "environment": settings["name"],
    }
    databases = databases_of(files, builtins)
    hosts = tuple(host_of(name, groups, layers, builtins, files.problems) for name in groups.hosts)
    if files.problems:
        raise InvalidDocuments(files.problems)
    return Environment(
        **settings,
        folder=files.path,
        project_dir=files.project_dir,
        hosts=tuple(host for host in hosts if host is not None),
        groups={name: groups.hosts_of(name) for name in groups.names},
        digest=digest("environment", files.values),
        databases=databases,
        common=common_variables(groups, layers),
    )


def _settings(files: Folder, own: Document | None) -> dict[str, Any]:
    """Return what environment.yml says; an inventory without one is taken for production, to be careful."""
    name = os.path.basename(files.path)
    given: Mapping[str, Any] = own.value if own and isinstance(own.value, dict) else {}
    named = {
        "inventory_dir": files.path,
        "project_dir": files.project_dir,
        "environment": given.get("name", name),
    }
    found = {key: setting(files.problems, own, (key,), value, named) for key, value in given.items()}
    return {
        "name": str(found.get("name", name)),
        "production": found.get("production", "yes") == "yes",
        "sandbox": found.get("sandbox", "no") == "yes",
        "ledger": found.get("ledger", LEDGER),
        "target_state": found.get("target_state", TARGET_STATE),
        "matrix_file": found.get("matrix_file"),
        **checkpoint_settings(files, own, {"ledger": LEDGER, **found}),
    }


def select_for(environment: Environment, runbook: Runbook, limit: str = "") -> tuple[Host, ...]:
    """Return the targets of a runbook: the hosts it names, or its one database, as a host to bind to.

    A limit is of hosts and leaves a database as it is, but its words must stand for something all the same.
    Raises InvalidDocuments for a name that the inventory does not have, UsageError as `select` does.
    """
    if not runbook.database:
        unknown = list(unknown_names(environment, runbook, hosts_by_word(environment)))
        if unknown:
            raise InvalidDocuments(unknown)
        return select(environment, runbook.hosts, limit)
    if limit:
        limited(environment, limit)
    names = [database.name for database in environment.databases]
    if runbook.database not in names:
        what = f"there is no database {runbook.database!r} in {environment.folder}/databases.yml"
        meant = nearest(runbook.database, names)
        raise InvalidDocuments([Problem(runbook.place, "database", what, runbook.database, meant)])
    system = (None, None)  # user and port are for its own wiring to say
    target = Host(
        runbook.database, "database", "", *system, become=False, groups=("all",), variables=environment.common
    )
    return (target,)


def select(environment: Environment, pattern: str, limit: str = "") -> tuple[Host, ...]:
    """Return the hosts that a pattern (hosts and groups, joined by commas) names, in the inventory's order.

    The words of a limit say more: see `cutter.language.limit`. Raises InvalidDocuments for a name in the
    pattern that is neither, UsageError for a word of the limit that stands for nothing and for a limit that
    leaves nobody.
    """
    wanted = _named(environment, pattern)
    if isinstance(wanted, str):
        place = Position(os.path.join(environment.folder, "hosts.yml"), 1, 1)
        what = f"hosts: {wanted!r} is neither a host nor a group of this inventory"
        meant = nearest(wanted, hosts_by_word(environment))
        raise InvalidDocuments([Problem(place, "", what, wanted, meant)])
    chosen = wanted & limited(environment, limit) if limit else wanted
    found = tuple(host for host in environment.hosts if host.name in chosen)
    if limit and not found:
        there = some_of(host.name for host in environment.hosts if host.name in wanted)
        remedy = f"widen the limit; {pattern} names {there or 'no host'}"
        raise UsageError(f"--limit {limit} leaves none of the hosts that {pattern} names", remedy=remedy)
    return found


def _named(environment: Environment, pattern: str) -> frozenset[str] | str:
    """Return the names of the hosts that a pattern stands for, or the first word that stands for nothing."""
    known = hosts_by_word(environment)
    unknown = next((word for word in words(pattern) if word not in known), None)
    return frozenset().union(*(known[word] for word in words(pattern))) if unknown is None else unknown
