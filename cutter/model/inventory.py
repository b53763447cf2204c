"""An environment: its hosts, their variables with their origins, and where evidence belongs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional


class Variable(NamedTuple):
    """One value that somebody gave to a variable.

    `origin` is file:line:col, or ``-e``, or ``builtin``; `layer` says whose word it is: ``runbook``, ``group
    web``, ``host web1``, ``-e``.
    """

    value: Any
    origin: str
    layer: str


Variables = Mapping[str, tuple[Variable, ...]]
"""Every value given to each name, weakest first: the last one counts."""


class Host(NamedTuple):
    """One target. `connection` is ``local`` or ``ssh``; what is None is left to the system."""

    name: str
    connection: str
    address: str
    user: Optional[str]
    port: Optional[int]
    become: bool
    groups: tuple[str, ...]
    variables: Variables


class Environment(NamedTuple):
    """An inventory folder, read whole.

    `ledger` is an absolute folder or a PostgreSQL URL; `target_state` the folder on each target where kept
    content and locks live. `groups` maps each group's name to its hosts' names. `digest` covers the content
    of all files.
    """

    name: str
    production: bool
    sandbox: bool
    folder: str
    project_dir: str
    ledger: str
    target_state: str
    matrix_file: Optional[str]
    hosts: tuple[Host, ...]
    groups: Mapping[str, tuple[str, ...]]
    digest: str
