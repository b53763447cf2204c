"""Groups of an inventory in Ansible's YAML form: who is in which, and what each says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cutter.language.connection_words import connection_problems
from cutter.language.problems import Problem
from cutter.language.strict_yaml import Document
from cutter.language.vars_checks import vars_problems
from cutter.model.inventory import Variable
from cutter.model.runbook import ValuePath

MAX_RANGE = 10_000
_RANGE = re.compile(r"\[([0-9]+|[a-z]|[A-Z]):([0-9]+|[a-z]|[A-Z])(?::([0-9]+))?\]")


class Groups:
    """What hosts.yml declares: members, children and variables of each group, and variables of each host."""

    def __init__(self) -> None:
        """Start with nothing declared."""
        self.members: dict[str, dict[str, None]] = {}
        self.children: dict[str, dict[str, None]] = {}
        self.variables: dict[str, dict[str, Variable]] = {}
        self.hosts: dict[str, dict[str, Variable]] = {}

    @classmethod
    def of(cls, document: Document | None, problems: list[Problem]) -> Groups:
        """Return the groups of a document; what is wrong is added to the problems."""
        groups = cls()
        value = document.value if document is not None and isinstance(document.value, dict) else {}
        groups._declare("all")
        if document is not None:
            for name, body in value.items():
                groups._read(document, (name,), name, body, problems)
                if name != "all":
                    groups.children["all"][name] = None
            groups._refuse_cycles(document, problems)
        return groups

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all groups, in the order of the file."""
        return tuple(self.members)

    def hosts_of(self, name: str) -> tuple[str, ...]:
        """Return the hosts of a group and of the groups below it, in the order of the file."""
        if name == "all":
            return tuple(self.hosts)
        inside = {host for group in self._below(name) for host in self.members[group]}
        return tuple(host for host in self.hosts if host in inside)

    def groups_of(self, host: str) -> tuple[str, ...]:
        """Return the groups of a host, weakest first: all, then parents before children, peers by name."""
        found = {name for name in self.members if name != "all" and host in self.hosts_of(name)}
        return ("all", *sorted(found, key=lambda name: (self._depth(name), name)))

    def _declare(self, name: str) -> None:
        for table in (self.members, self.children, self.variables):
            table.setdefault(name, {})

    def _read(
        self, document: Document, path: ValuePath, name: str, body: Any, problems: list[Problem]
    ) -> None:
        self._declare(name)
        found = body if isinstance(body, dict) else {}
        for key, item in _mapping(found, "vars"):
            self.variables[name][key] = Variable(
                item, str(document.position((*path, "vars", key))), f"group {name}"
            )
        problems += vars_problems(document, found.get("vars"), (*path, "vars"))
        problems += connection_problems(document, found.get("vars"), (*path, "vars"))
        for pattern, said in _mapping(found, "hosts"):
            for host in self._expanded(document, (*path, "hosts", pattern), pattern, problems):
                self._host(document, (*path, "hosts", pattern), name, host, said)
            problems += vars_problems(document, said, (*path, "hosts", pattern))
            problems += connection_problems(document, said, (*path, "hosts", pattern))
        for child, below in _mapping(found, "children"):
            self.children[name][child] = None
            self._read(document, (*path, "children", child), child, below, problems)

    def _host(self, document: Document, path: ValuePath, group: str, host: str, said: Any) -> None:
        self.members[group][host] = None
        own = self.hosts.setdefault(host, {})
        for key, item in said.items() if isinstance(said, dict) else ():
            own[key] = Variable(item, str(document.position((*path, key))), f"host {host}")

    def _expanded(
        self, document: Document, path: ValuePath, pattern: str, problems: list[Problem]
    ) -> Iterator[str]:
        names = list(expand(pattern))
        if not names or len(names) > MAX_RANGE or "[" in names[0]:
            what = f"{pattern!r} is not a range of hosts"
            problems.append(
                document.problem(path, what, key=True, offending=pattern, suggestion="web[01:10]")
            )
            return
        yield from names

    def _below(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            group = waiting.pop()
            if group not in found:
                found.add(group)
                waiting.extend(self.children[group])
        return found

    def _depth(self, name: str) -> int:
        parents = [parent for parent, children in self.children.items() if name in children]
        return 1 + max((self._depth(parent) for parent in parents), default=0)

    def _refuse_cycles(self, document: Document, problems: list[Problem]) -> None:
        for name in self.names:
            looped = [child for child in self.children[name] if name in self._below(child)]
            for child in looped:
                what = f"the groups {name!r} and {child!r} are inside each other"
                problems.append(
                    document.problem((), what, offending=child, advice="remove one of the two children")
                )
                del self.children[name][child]


def expand(pattern: str) -> Iterator[str]:
    """Yield the hosts of ``web[01:10]``, ``db-[a:c]`` or ``n[0:8:2]``; a name without a range is itself."""
    found = _RANGE.search(pattern)
    if not found:
        yield pattern
        return
    for part in _span(found[1], found[2], int(found[3] or 1)):
        yield from expand(pattern[: found.start()] + part + pattern[found.end() :])


def _span(first: str, last: str, step: int) -> Iterator[str]:
    if first.isdigit() and last.isdigit() and step and int(last) - int(first) <= MAX_RANGE * step:
        width = len(first) if first.startswith("0") else 0
        yield from (str(number).zfill(width) for number in range(int(first), int(last) + 1, step))
    elif first.isalpha() and last.isalpha() and step:
        yield from (chr(code) for code in range(ord(first), ord(last) + 1, step))


def _mapping(body: dict[str, Any], key: str) -> list[tuple[str, Any]]:
    found = body.get(key)
    return list(found.items()) if isinstance(found, dict) else []
