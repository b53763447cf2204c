"""The kill switches of an environment's databases: looked at, and turned off by whoever wants to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cutter.app.run_scoping import ENTRY
from cutter.app.workspace import Workspace
from cutter.errors import ConfigurationError, CutterError, Unavailable
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    import psycopg

    from cutter.database.connections import ConnectionProvider

    Connection = psycopg.Connection[tuple[Any, ...]]

_LOGINS = ("READER", "VERIFY", "BACKUP", "ENACT", "WRITER", "AUTHORISER")
"""Whoever has one of them may turn the switch off; the first that is configured does."""
_ROLES = {"ENACT": "cutter_enact", "WRITER": "cutter_cut"}


class Turn(NamedTuple):
    """The switch on for a run: until when at most, since when, by whom; `inverse_of` limits it to one cut."""

    run: str
    until: str
    since: str
    by: str
    inverse_of: int | None

    @property
    def alone(self) -> str:
        """What it is limited to, in words."""
        return "" if self.inverse_of is None else f" (to take back cut {self.inverse_of} and nothing else)"


class Switch(NamedTuple):
    """The switch of a database: for which runs it is on; `trouble` says why nobody can tell."""

    database: str
    turns: tuple[Turn, ...]
    trouble: str = ""

    def body(self) -> dict[str, Any]:
        """Return it for programs."""
        state = "unknown" if self.trouble else "on" if self.turns else "off"
        turns = [turn._asdict() for turn in self.turns]
        return {"database": self.database, "state": state, "runs": turns, "trouble": self.trouble}


def statuses(workspace: Workspace) -> list[Switch]:
    """Return the switch of every database, as it is at this moment."""
    return [_status(workspace, database.name) for database in workspace.environment.databases]


def switch_off(workspace: Workspace, run: str) -> list[tuple[str, tuple[str, ...]]]:
    """Turn it off everywhere, for a run or for all; return the runs it was on for, by database.

    Every database is tried; then raises what the first one that could not be reached said.
    """
    done, troubles = [], []
    for database in workspace.environment.databases:
        try:
            done.append((database.name, _off(workspace, database.name, run)))
        except CutterError as error:  # one that is down must not keep the others on
            troubles.append(error)
    if troubles:
        told = "; ".join(f"{name}: off" for name, _ in done) or "nothing was turned off"
        troubles[0].world = told
        raise troubles[0]
    return done


def _status(workspace: Workspace, name: str) -> Switch:
    from cutter.database.statements import statements

    try:
        with _connected(workspace, name) as connection:
            rows = connection.execute(statements("switch")["status"]).fetchall() if connection else []
    except CutterError as error:
        return Switch(name, (), error.cause)
    return Switch(
        name,
        tuple(
            Turn(run, until.isoformat(), since.isoformat(), by, inverse_of)
            for run, is_on, until, by, since, inverse_of in rows
            if is_on
        ),
    )


def _off(workspace: Workspace, name: str, run: str) -> tuple[str, ...]:
    from cutter.database.turning import settle, turn_off

    with _connected(workspace, name) as connection:
        if connection is None:
            return ()
        runs = turn_off(connection, run or None)
        for each in runs:
            _note(workspace, name, each)
        with suppress(CutterError):  # a leg under way keeps the record; the run itself writes it then
            settle(connection)
    return runs


@contextmanager
def _connected(workspace: Workspace, name: str) -> Iterator[Connection | None]:
    """Give a connection in autocommit as any login of ours; None where our schema is not installed."""
    from cutter.database.failures import told
    from cutter.database.statements import statements

    provider = workspace.database_context(name, "").provider
    with closing(_login(provider)) as connection, told(f"kill switch of {name}"):
        connection.autocommit = True
        row = connection.execute(statements("switch")["installed"]).fetchone()
        yield connection if row == (True,) else None


def _login(provider: ConnectionProvider) -> Connection:
    configured = [login for login in _LOGINS if provider.has(login)]
    error: CutterError = ConfigurationError("no login of ours is configured", place=provider.database.name)
    for login in configured:
        try:
            connection = provider(login)
        except Unavailable:
            raise
        except CutterError as refusal:
            error = refusal
            continue
        if login in _ROLES:
            connection.execute(b"SET ROLE " + _ROLES[login].encode())
            connection.commit()
        return connection
    raise error


def _note(workspace: Workspace, database: str, run: str) -> None:
    """Record a turn off. It is off already: a ledger that cannot be written keeps nobody from that."""
    body = {"run": run, "environment": workspace.environment.name, "database": database}
    with suppress(CutterError), workspace.open_ledger() as ledger:
        ledger.append([(ENTRY, {**body, "turn": "off", "how": "by `cutter switch off`"})])
