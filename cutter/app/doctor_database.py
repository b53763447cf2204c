"""The checks of `cutter doctor` for each database: whether it answers, and which guarantees hold there.

Nothing is started or written: an embedded server that does not run is not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from cutter.app.doctor_checks import Check, fail, of_error, ok, warn
from cutter.app.workspace import Workspace
from cutter.errors import ConfigurationError, CutterError

if TYPE_CHECKING:
    from cutter.cut.guarantees import Guarantee
    from cutter.database.places import Place
    from cutter.model.inventory import Database

_INSTALL = "apply a runbook with a cut_schema step"


def of_databases(workspace: Workspace) -> Iterator[Check]:
    """Yield the checks of every database of an environment; one that cannot be made is a failed one."""
    for database in workspace.environment.databases:
        name = f"database {database.name}"
        try:
            yield from _checks(name, database)
        except CutterError as error:
            yield of_error(name, error)


def _checks(name: str, database: Database) -> Iterator[Check]:
    place = _place(name, database)
    if isinstance(place, Check):
        yield place
        return
    from psycopg import Connection

    from cutter.database.connections import connect

    try:
        connection = connect(Connection, place, place.login("READER"), named=f"{database.name} as READER")
    except ConfigurationError as error:
        if "does not exist" not in error.cause:  # the database, or the login that comes with the schema
            raise
        yield warn(name, error.cause, _INSTALL)
        return
    with closing(connection):
        yield from _looked_at(name, database, place, connection)


def _place(name: str, database: Database) -> Place | Check:
    """Return where a database is; a check where that tells enough already."""
    from cutter.database.places import WIRE, place_of

    if database.env_file is not None and not os.path.lexists(database.env_file):
        return warn(name, f"its wiring {database.env_file} is not there yet", WIRE)
    if database.embedded is None:
        return place_of(database)
    from cutter.database.embedded import EmbeddedServer

    server = EmbeddedServer(database.embedded)
    if not os.path.isdir(server.folder):
        return ok(name, f"{server.folder} is not there yet; the first step that needs it makes it")
    if not server.answers():
        return ok(name, "its server does not run now; the next step that needs it starts it")
    return place_of(database, server.socket_folder)


def _looked_at(name: str, database: Database, place: Place, connection: Any) -> Iterator[Check]:
    from cutter.cut.adoption import names_of
    from cutter.cut.guarantees import guarantees
    from cutter.cut.logins import GROUPS_OF_LOGIN
    from cutter.cut.schema_install import applied

    connection.read_only = True
    where = f"PostgreSQL {connection.info.server_version // 10000} at {place.shown()}"
    names = names_of(database.names)
    if not applied(connection):
        yield warn(name, f"{where}; the schema cutter is not installed", _INSTALL)
        return
    on_theirs = f"; its units are to be in {names.table}, by {names.function}" if names else ""
    yield ok(name, where + on_theirs)
    users = {login: found.user for login, found in place.logins.items() if login in GROUPS_OF_LOGIN}
    for guarantee in guarantees(connection, names, users, database.name):
        yield _told(database.name, guarantee)


def _told(database: str, guarantee: Guarantee) -> Check:
    name = f"{database}: {guarantee.promise}"
    if not guarantee.found:
        return ok(name, "holds")
    said = f"does not hold: {guarantee.told()}"
    return (fail if guarantee.vital else warn)(name, said, guarantee.mend)
