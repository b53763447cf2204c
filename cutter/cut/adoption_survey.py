"""Looking at an existing table and function before they are adopted, and at who gets around us afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cutter.cut.adoption import Argument, Column, Fit, Names, Seen, fitted
from cutter.cut.complaints import complained
from cutter.cut.logins import GROUPS_OF_LOGIN, NARROWED
from cutter.cut.roles import Connection, rows
from cutter.cut.statements import statements
from cutter.errors import ConfigurationError
from cutter.named_tuple import NamedTuple


class Surveyed(NamedTuple):
    """How the existing table and function fit, and their numbers in the catalogue."""

    fit: Fit
    table: int
    function: int


class Right(NamedTuple):
    """One right on the ``table``, one of its columns, or the ``function``; no grantee means PUBLIC."""

    part: str
    of_column: str
    grantee: str
    privilege: str
    grantable: bool


def survey(connection: Connection, names: Names, users: Mapping[str, str], place: str) -> Surveyed:
    """Return how an existing table and function fit; nothing is changed.

    `users` has the role of each login of ours. Types are told with their schemas: the search path of the
    transaction is narrowed. Raises ConfigurationError with everything that must be otherwise.
    """
    found = looked_at(connection, names, place)
    may = [f"{what}, which {_login(connection)} is not" for what in _may_not_grant(connection, found)]
    owned = _told(connection, "owned_by_ours", found.table, found.function, our_roles(users))
    if may or owned:
        raise ConfigurationError(
            f"{names.table} and {names.function} cannot be closed to others: {'; '.join([*may, *owned])}",
            place=place,
            remedy="let the login OWNER be a member of their owner, and no other login of ours",
        )
    return found


def looked_at(connection: Connection, names: Names, place: str) -> Surveyed:
    """Return how they fit and where they are. Raises ConfigurationError where they do not."""
    with complained(place):
        connection.execute(statements("adoption")["plain_names"])
        tables = rows(connection, "adoption", "table", *names.table)
        functions = rows(connection, "adoption", "functions", *names.function)
        oid = tables[0][0] if tables else 0
        arguments = rows(connection, "adoption", "arguments", functions[0][0]) if functions else []
        seen = Seen(
            tables[0][1] if tables else "",
            [Column(*found) for found in rows(connection, "adoption", "columns", oid)],
            [name for (name,) in rows(connection, "adoption", "keys", oid)],
            len(functions),
            [Argument(*found) for found in arguments],
        )
    return Surveyed(fitted(names, seen, place), oid, functions[0][0])


def direct_rights(connection: Connection, found: Surveyed, users: Mapping[str, str]) -> list[Right]:
    """Return the rights of PUBLIC, and of our roles and logins, that would lead around our functions."""
    narrow = ["cutter_cut", *(users[login] for login in NARROWED if login in users)]
    given = {"table": found.table, "function": found.function, "narrow": narrow, "ours": our_roles(users)}
    held = connection.execute(statements("adoption")["direct_rights"], given).fetchall()
    return [Right(*right) for right in held]


def ways_around(connection: Connection, found: Surveyed, users: Mapping[str, str]) -> list[str]:
    """Return, in words, what our roles and logins may still do to the existing table by themselves."""
    given = {"table": found.table, "function": found.function, "ours": our_roles(users)}
    return [what for (what,) in connection.execute(statements("adoption")["around_us"], given).fetchall()]


def our_roles(users: Mapping[str, str]) -> list[str]:
    """Return our group roles, but for the owner, and the roles of our logins."""
    return [*{group for groups in GROUPS_OF_LOGIN.values() for group in groups}, *users.values()]


def _may_not_grant(connection: Connection, found: Surveyed) -> Iterable[str]:
    schemas = (found.fit.names.table.schema, found.fit.names.function.schema)
    return _told(connection, "may_grant", found.table, found.function, *schemas)


def _told(connection: Connection, name: str, *values: Any) -> list[str]:
    return [what for (what,) in rows(connection, "adoption", name, *values)]


def _login(connection: Connection) -> str:
    return connection.info.user
