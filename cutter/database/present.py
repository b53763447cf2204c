"""Which database is there now, asked only where the answer costs little: nothing is started for it."""

from __future__ import annotations

from contextlib import closing

from cutter.database.connections import connect, identity
from cutter.database.places import Place, place_of
from cutter.errors import CutterError
from cutter.model.inventory import Database

_SECONDS = 2


def present_identity(database: Database) -> str | None:
    """Return the identity of a database that answers at once, or None: nobody can be asked now."""
    try:
        place = _place(database)
        return None if place is None else _asked(place)
    except CutterError:
        return None


def _place(database: Database) -> Place | None:
    if database.embedded is None:
        return place_of(database)
    from cutter.database.embedded import EmbeddedServer

    server = EmbeddedServer(database.embedded)
    return place_of(database, server.socket_folder) if server.answers() else None


def _asked(place: Place) -> str:
    import psycopg

    login = place.login("OWNER" if "OWNER" in place.logins else "READER")
    with closing(connect(psycopg.Connection, place, login, seconds=_SECONDS)) as connection:
        return identity(connection)
