"""An environment opened for work: hosts, ledger, digest key, and the runbooks bound to its targets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from cutter.engine.target import Target
from cutter.errors import ConfigurationError
from cutter.hosts.local import LocalTarget
from cutter.language.bind import bind
from cutter.language.extra import parse_extra, refuse_undeclared
from cutter.language.inventory import load_environment, select
from cutter.language.problems import Complaints
from cutter.language.runbooks import load_runbook
from cutter.ledger.digest_key import digest_key, new_key
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.inventory import Environment, Host
from cutter.model.runbook import BoundRunbook, Runbook

DEFAULT_INVENTORY = "inventory/local"


class Choice(NamedTuple):
    """What the command line chose: the inventory folder, a limit of hosts, and variables given with -e."""

    inventory: str = ""
    limit: str = ""
    extra: Sequence[str] = ()

    @property
    def folder(self) -> str:
        """The inventory folder: the flag, else CUTTER_INVENTORY, else this machine's."""
        return self.inventory or os.environ.get("CUTTER_INVENTORY") or DEFAULT_INVENTORY


class Job(NamedTuple):
    """A runbook with everything it needs on each of its targets."""

    path: str
    runbook: Runbook
    bound: tuple[BoundRunbook, ...]


class Workspace:
    """One environment and what belongs to it. Nothing is created or written by opening it."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.environment: Environment = load_environment(choice.folder)

    @cached_property
    def digest_key(self) -> bytes:
        """The key that secrets are digested with; where there is none yet, the one that would be made."""
        return digest_key(self.environment.ledger, create=False) or new_key()

    def create_digest_key(self) -> bool:
        """Make sure that the environment has a digest key; True when what was bound is to be bound again."""
        known = self.digest_key
        self.__dict__["digest_key"] = digest_key(self.environment.ledger, create=True, new=known)
        return known != self.digest_key  # somebody else was faster

    def open_ledger(self) -> SqliteLedger:
        """Open the environment's ledger for appending, making it where there is none. Raises LedgerError."""
        return SqliteLedger.open(self.environment.ledger, create=True, environment=self.environment.name)

    def read_ledger(self) -> SqliteLedger:
        """Open the environment's ledger for looking only; one that does not exist has no entries."""
        return SqliteLedger.read(self.environment.ledger, environment=self.environment.name)

    def jobs(self, paths: Sequence[str]) -> list[Job]:
        """Load and bind runbooks; the problems of all of them are told at once.

        Raises InvalidDocument, and UsageError for a variable of -e that nobody declares.
        """
        jobs = self._jobs(paths)
        if self.choice.extra:
            runbooks = [job.runbook for job in jobs]
            refuse_undeclared(parse_extra(self.choice.extra), runbooks, self.environment)
        return jobs

    def job(self, path: str) -> Job:
        """Load one runbook and bind it to its hosts. Raises InvalidDocument."""
        return self._jobs([path])[0]

    def _jobs(self, paths: Sequence[str]) -> list[Job]:
        complaints = Complaints()
        jobs = [self._job(path, complaints) for path in paths]
        complaints.settle()
        return [job for job in jobs if job is not None]

    def _job(self, path: str, complaints: Complaints) -> Job | None:
        runbook = complaints.attempt(load_runbook, path)
        hosts = complaints.attempt(self._hosts_of, runbook) if runbook else None
        if runbook is None or hosts is None:
            return None
        extra, key = self.choice.extra, self.digest_key
        bound = [complaints.attempt(bind, runbook, self.environment, host, extra, key) for host in hosts]
        return Job(path, runbook, tuple(item for item in bound if item is not None))

    def _hosts_of(self, runbook: Runbook) -> tuple[Host, ...]:
        return select(self.environment, runbook.hosts, self.choice.limit)

    def is_local(self, name: str) -> bool:
        """Tell whether a host is this machine."""
        return self._host(name).connection == "local"

    def target(self, name: str) -> Target:
        """Return the target of a host. Raises ConfigurationError for a connection that is not known."""
        host = self._host(name)
        if not self.is_local(name):
            raise ConfigurationError(
                f"host {name} is to be reached by {host.connection}, and only local targets are supported",
                place=f"{self.environment.folder}/hosts.yml",
                remedy="set ansible_connection: local, or limit the run to local hosts with --limit",
            )
        return LocalTarget(name, os.path.join(self.environment.target_state, "kept"), self.digest_key)

    def command(self, verb: str, *words: str) -> str:
        """Return a command a person can type to go on in this environment."""
        chosen = self.choice.folder
        return " ".join(["cutter", verb, *([] if chosen == DEFAULT_INVENTORY else ["-i", chosen]), *words])

    def _host(self, name: str) -> Host:
        return next(host for host in self.environment.hosts if host.name == name)
