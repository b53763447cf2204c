"""One host of an inventory: its variables, weakest first, and how it is reached."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from cutter.language.connection_words import BOOTSTRAP
from cutter.language.inventory_files import Layers
from cutter.language.inventory_groups import Groups
from cutter.language.problems import Problem, nearest, shown
from cutter.language.variables import Cycle, Scope, missing_text
from cutter.model.inventory import Host, SecretSource, Variable, Variables
from cutter.model.references import BadReference, Unresolved
from cutter.model.runbook import Position

CONNECTIONS = ("local", "ssh")
_TRUTH = {True: True, False: False, "yes": True, "no": False, "true": True, "false": False}
_PASSWORD = "ansible_become_password"  # noqa: S105 - the name of a variable
_SSH_WORDS = ("ansible_ssh_common_args", "ansible_ssh_extra_args")
_ALSO_SSH = {"smart": "ssh", "paramiko": "ssh", "paramiko_ssh": "ssh"}


def host_of(
    name: str, groups: Groups, layers: Layers, builtins: Mapping[str, str], problems: list[Problem]
) -> Host | None:
    """Return a host; None, and problems, when its connection makes no sense."""
    variables = _variables(name, groups, layers)
    reading = _Reading(name, variables, builtins, problems)
    before = len(problems)
    host = Host(
        name=name,
        connection=reading.connection(),
        address=str(reading.value("ansible_host", name)),
        user=reading.text("ansible_user"),
        port=reading.port(),
        become=reading.truth("ansible_become"),
        groups=groups.groups_of(name),
        variables=variables,
        key_file=reading.text("ansible_ssh_private_key_file") or "",
        ssh_words=tuple(word for key in _SSH_WORDS for word in reading.words(key)),
        python=reading.text("ansible_python_interpreter") or "python3",
        become_password=reading.secret_source(),
        bootstrap_python=reading.truth(BOOTSTRAP),
    )
    return host if len(problems) == before else None


def _variables(host: str, groups: Groups, layers: Layers) -> Variables:
    own = [groups.hosts[host], layers.get(("host", host), {})]
    return _gathered([*_said_by(groups.groups_of(host), groups, layers), *own])


def common_variables(groups: Groups, layers: Layers) -> Variables:
    """Return what everything in the inventory has: the variables of the group ``all``."""
    return _gathered(_said_by(["all"], groups, layers))


def _said_by(names: Iterable[str], groups: Groups, layers: Layers) -> list[Mapping[str, Variable]]:
    said: list[Mapping[str, Variable]] = []
    for group in names:
        said += [groups.variables[group], layers.get(("group", group), {})]
    return said


def _gathered(said: Iterable[Mapping[str, Variable]]) -> Variables:
    found: dict[str, list[Variable]] = {}
    for layer in said:
        for key, variable in layer.items():
            found.setdefault(key, []).append(variable)
    return {key: tuple(given) for key, given in found.items()}


class _Reading:
    """The connection variables of one host, references followed."""

    def __init__(
        self, name: str, variables: Variables, builtins: Mapping[str, str], problems: list[Problem]
    ) -> None:
        given = {**builtins, "inventory_hostname": name}
        own = {key: (Variable(value, "builtin", "builtin"),) for key, value in given.items()}
        self.scope = Scope({**variables, **own})
        self.variables = variables
        self.problems = problems

    def value(self, key: str, default: Any) -> Any:
        """Return a variable, or the default where nobody gives it."""
        if key not in self.variables:
            return default
        try:
            return self.scope.value(key)
        except Unresolved as missing:
            self._problem(key, *missing_text(missing))
        except (BadReference, Cycle) as error:
            self._problem(key, str(error))
        return default

    def text(self, key: str) -> str | None:
        """Return a text, or None where nobody gives it."""
        found = self.value(key, None)
        return None if found is None else str(found)

    def words(self, key: str) -> list[str]:
        """Return the words of a text as a shell splits it; none where nobody gives it."""
        try:
            return shlex.split(self.text(key) or "")
        except ValueError as error:
            self._problem(key, f"cannot be split into words: {error}")
            return []

    def connection(self) -> str:
        """Return how the host is reached; ssh where nobody says."""
        found = self.value("ansible_connection", "ssh")
        found = _ALSO_SSH.get(found, found) if isinstance(found, str) else found
        if found not in CONNECTIONS:
            self._problem(
                "ansible_connection",
                f"{shown(found)} is not one of {', '.join(CONNECTIONS)}",
                nearest(str(found), CONNECTIONS),
            )
        return str(found)

    def port(self) -> int | None:
        """Return a port number, or None where nobody gives one."""
        found = self.value("ansible_port", None)
        if found is None:
            return None
        said = str(found)
        if isinstance(found, bool) or not (said.isascii() and said.isdigit() and 0 < int(said[:9]) < 2**16):
            self._problem("ansible_port", f"{shown(found)} is not a port number")
            return None
        return int(said)

    def truth(self, key: str) -> bool:
        """Return whether something is so; not, where nobody says."""
        found = self.value(key, default=False)
        said = found.lower() if isinstance(found, str) else found
        if not isinstance(said, (bool, str)) or said not in _TRUTH:
            self._problem(key, f"{shown(found)} is neither true nor false")
            return False
        return _TRUTH[said]

    def secret_source(self) -> SecretSource | None:
        """Return where the password of sudo is found, None where nobody says."""
        found = self.value(_PASSWORD, None)
        if found is None:
            return None
        if isinstance(found, dict) and len(found) == 1 and found.keys() <= {"env", "file"}:
            where = next(iter(found.values()))
            if isinstance(where, str) and where:
                return SecretSource(**found)
        what = "no password stands in a file of the project; say where it is: {env: NAME} or {file: PATH}"
        self._problem(_PASSWORD, what, hide=True)
        return None

    def _problem(self, key: str, what: str, suggestion: str = "", *, hide: bool = False) -> None:
        given = self.variables[key][-1]
        offending = "" if hide else str(given.value)
        problem = Problem(_position(given.origin), key, what, offending, suggestion)
        if problem not in self.problems:
            self.problems.append(problem)


def _position(origin: str) -> Position:
    file, line, column = origin.rsplit(":", 2)
    return Position(file, int(line), int(column))
