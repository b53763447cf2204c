"""An environment opened for work: hosts, ledger, digest key, and the runbooks bound to its targets."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cached_property, partial
from shlex import quote
from typing import TYPE_CHECKING, Any

from cutter.app.opened import OPENED
from cutter.engine.target import Target
from cutter.errors import CutterError
from cutter.hosts.local import LocalTarget
from cutter.language.alike import Alike
from cutter.language.bind import bind
from cutter.language.extra import parse_extra, refuse_undeclared
from cutter.language.inventory import load_environment, select_for
from cutter.language.problems import Complaints
from cutter.language.runbooks import load_runbook
from cutter.ledger.digest_key import digest_key, new_key
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.inventory import Environment, Host
from cutter.model.runbook import BoundRunbook, Runbook
from cutter.model.secret import Secret
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    from cutter.approvals.authority import Authority
    from cutter.database.connections import ConnectionProvider
    from cutter.database.context import DatabaseContext, Progress
    from cutter.hosts.run_scope import RunScope
    from cutter.hosts.ssh_session import Session
    from cutter.model.gate import GateLook

DEFAULT_INVENTORY = "inventory/local"
PARALLEL = 50
"""How many hosts are at work at once where nobody says."""
AUTHORITY = "authority.yml"


class Choice(NamedTuple):
    """What the command line chose: the inventory folder, a limit of hosts, and variables given with -e.

    `parallel` is how many hosts are at work at once, `become_password` that of sudo on all of them.
    """

    inventory: str = ""
    limit: str = ""
    extra: Sequence[str] = ()
    parallel: int = PARALLEL
    become_password: Secret | None = None

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
        self._open = OPENED.enter_context(ExitStack())
        self._providers: dict[str, ConnectionProvider] = {}
        self._scopes: dict[str, RunScope] = {}
        self._sessions: dict[str, Session] = {}
        self._types: set[str] = set()  # what hosts will be asked about, as far as bound
        self.hears: Progress | None = None  # who is told of long work in a database
        self.environment: Environment = load_environment(choice.folder)

    @property
    def parallel(self) -> int:
        """How many hosts may be at work at once."""
        return self.choice.parallel

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

    def jobs(self, paths: Sequence[str], *, asking: bool = False) -> list[Job]:
        """Load and bind runbooks; the problems of all of them are told at once.

        With `asking` their hosts will be asked next, and agents begin there while the runbooks are bound.
        Raises InvalidDocument, and UsageError for a variable of -e that nobody declares.
        """
        return self._jobs(paths, asking=asking, declared=self.choice.extra)

    def job(self, path: str) -> Job:
        """Load one runbook and bind it to its hosts. Raises InvalidDocument."""
        return self._jobs([path])[0]

    def _jobs(self, paths: Sequence[str], *, asking: bool = False, declared: Sequence[str] = ()) -> list[Job]:
        complaints = Complaints()
        known = list(filter(None, (self._chosen(path, complaints) for path in paths)))
        self._types.update(step.type for _, book, _ in known for step in (*book.preflight, *book.steps))
        if declared and not complaints.problems:
            refuse_undeclared(parse_extra(declared), [book for _, book, _ in known], self.environment)
        if asking and not complaints.problems:
            self._let_agents_begin([host for _, _, hosts in known for host in hosts])
        jobs = [Job(path, book, self._bound(book, hosts, complaints)) for path, book, hosts in known]
        complaints.settle()
        return jobs

    def _chosen(self, path: str, complaints: Complaints) -> tuple[str, Runbook, Sequence[Host]] | None:
        """Load a runbook and choose its hosts."""
        runbook = complaints.attempt(load_runbook, path)
        if runbook is None:
            return None
        hosts = complaints.attempt(select_for, self.environment, runbook, self.choice.limit)
        return None if hosts is None else (path, runbook, hosts)

    def _bound(
        self, runbook: Runbook, hosts: Sequence[Host], complaints: Complaints
    ) -> tuple[BoundRunbook, ...]:
        bind_here = partial(bind, alike=Alike())
        given = [(runbook, self.environment, host, self.choice.extra, self.digest_key) for host in hosts]
        return tuple(filter(None, (complaints.attempt(bind_here, *words) for words in given)))

    def is_local(self, name: str) -> bool:
        """Tell whether a target is this machine."""
        return any(host.name == name and host.connection == "local" for host in self.environment.hosts)

    def is_database(self, name: str) -> bool:
        """Tell whether a target is a database of databases.yml."""
        return any(database.name == name for database in self.environment.databases)

    def target(self, name: str, *, run: str = "") -> Target:
        """Return a target by its name; `run` is the run that acts on it. Nothing is connected yet."""
        if self.is_database(name):
            return self._database_target(name, run)
        if self.is_local(name):
            return LocalTarget(name, self.environment.target_state, self.digest_key, run)
        return self._ssh_target(self._host(name), run)

    def command(self, verb: str, *words: str) -> str:
        """Return a command a person can type to go on in this environment."""
        chosen = self.choice.folder
        where = [] if chosen == DEFAULT_INVENTORY else ["-i", quote(chosen)]
        return " ".join(["cutter", verb, *where, *words])

    def command_alike(self, verb: str, *words: str) -> str:
        """Return one for the same hosts and with the same variables, which never are secrets."""
        limit = ["--limit", quote(self.choice.limit)] if self.choice.limit else []
        extra = [word for given in self.choice.extra for word in ("-e", quote(given))]
        return self.command(verb, *limit, *extra, *map(quote, words))

    @property
    def kept_folder(self) -> str:
        """Where content that was replaced on this machine, or in a database, is kept."""
        return os.path.join(self.environment.target_state, "kept")

    def _ssh_target(self, host: Host, run: str) -> Target:
        from cutter.hosts.ssh import SshTarget
        from cutter.ledger.actor import host_name, user_name

        state, by = self.environment.target_state, f"{user_name()}@{host_name()}"
        return SshTarget(self._session(host), state, self.digest_key, run=run, by=by)

    def _session(self, host: Host) -> Session:
        """Return the session with a host; there is one in a command."""
        from cutter.hosts.sessions import close_all
        from cutter.hosts.ssh_session import Session
        from cutter.hosts.ssh_way import way_to

        if host.name not in self._sessions:
            way = way_to(host, self.environment.hosts, self.choice.become_password)
            if not self._sessions:
                self._open.callback(close_all, self._sessions)
            self._sessions[host.name] = Session(host.name, *way, frozenset(self._types) or None)
        return self._sessions[host.name]

    def _let_agents_begin(self, hosts: Sequence[Host]) -> None:
        """Start agents on as many of these hosts as may be at work at once; what goes wrong is told later."""
        apart = {host.name: host for host in hosts if host.connection == "ssh"}
        for host in list(apart.values())[: self.parallel]:
            with suppress(CutterError):
                self._session(host).begin()

    def let_hosts_go(self, jobs: Sequence[Job]) -> None:
        """Let the agents end where nothing changes and no preflight is looked at once more.

        They begin anew when something is asked of them.
        """
        if self._sessions:
            from cutter.hosts.sessions import let_go_all

            asked = {bound.target for job in jobs for bound in job.bound if bound.preflight}
            let_go_all({name: held for name, held in self._sessions.items() if name not in asked})

    def end_agents(self) -> None:
        """End all agents, also those that are beginning; whoever asks a host begins with a new one."""
        if self._sessions:
            from cutter.hosts.sessions import end_all

            end_all(self._sessions)

    def install_python(self, name: str) -> None:
        """Install a Python on a host, over ssh; its next session begins anew. See cutter.hosts.bootstrap."""
        from cutter.hosts.bootstrap import install_python
        from cutter.hosts.ssh_way import way_to

        host, session = self._host(name), self._sessions[name]
        way = way_to(host, self.environment.hosts, self.choice.become_password)
        install_python(name, *way, aborted=lambda: session.broken_off)
        self._sessions.pop(name).close()

    def _database_target(self, name: str, run: str) -> Target:
        from cutter.hosts.database import DatabaseTarget

        return DatabaseTarget(name, self.kept_folder, self.digest_key, self.database_context(name, run))

    def database_context(self, name: str, run: str) -> DatabaseContext:
        """Return what acts on a database in a run; nothing is connected yet."""
        from cutter.database.connections import ConnectionProvider
        from cutter.database.context import DatabaseContext

        if name not in self._providers:
            database = next(found for found in self.environment.databases if found.name == name)
            self._providers[name] = self._open.enter_context(ConnectionProvider(database))
        return DatabaseContext(self._providers[name], self._entries, run, self.hears, self.scope(run))

    def scope(self, run: str) -> RunScope:
        """Return what belongs to a run alone: the same at every call; a new one where there is no run."""
        from cutter.hosts.run_scope import RunScope

        found = self._scopes.get(run) or RunScope(run, self.authority, self.authority_file)
        found.look_at_gaps = self.look_at_gaps
        if run:
            self._scopes[run] = found
        return found

    def look_at_gaps(self, runbook: str, run: str, *, inside: bool) -> GateLook:
        """Judge the gaps that block; see cutter.model.gate.LookAtGaps."""
        from cutter.app.gating import look_at_gaps

        return look_at_gaps(self, runbook, run, inside=inside)

    def authority(self) -> Authority:
        """Return who may approve here. Raises ConfigurationError where nobody may, InvalidDocument."""
        from cutter.language.authority import load_authority

        return load_authority(self.choice.folder)

    @property
    def authority_file(self) -> str:
        """Where it stands who may approve here; empty where nobody may."""
        path = os.path.join(self.choice.folder, AUTHORITY)
        return path if os.path.lexists(path) else ""

    def approving_roles(self) -> tuple[str, ...]:
        """Return whose signatures a request needs here; none where nobody may approve."""
        return self.authority().rule.roles if self.authority_file else ()

    def present_identity(self, name: str) -> str | None:
        """Return which database answers now under this name, if one does at once; nothing is started."""
        from cutter.database.present import present_identity

        return present_identity(next(found for found in self.environment.databases if found.name == name))

    def _entries(self, kinds: Collection[str]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        with self.read_ledger() as ledger:
            for entry in ledger.entries(kinds=set(kinds)):
                yield entry.kind, entry.at, entry.content()

    def close(self) -> None:
        """Let go of what was opened on the way: embedded servers, and agents on other machines."""
        self._open.close()
        self._providers.clear()
        self._sessions.clear()

    def _host(self, name: str) -> Host:
        return next(host for host in self.environment.hosts if host.name == name)
