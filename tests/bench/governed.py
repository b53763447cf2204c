"""A fresh database with the schema, one document loaded, and the kill switch held on by its owner."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

import psycopg

from cutter.cut.cutplan import Cutplan
from cutter.cut.documents import Document, load
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins
from cutter.cut.schema_install import upgrade
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.database.switch import held_on
from cutter.model.inventory import Database

RUN = "20260101T000000Z-abcdef"
_LEASE = 3_600

Connection = psycopg.Connection[tuple[object, ...]]


class Place(NamedTuple):
    """A database to work on; OWNER is the superuser of its server."""

    provider: ConnectionProvider
    dbname: str


@contextmanager
def fresh(server: EmbeddedServer) -> Iterator[Place]:
    """Make such a database, nothing loaded yet, and drop it."""
    name = f"b_{uuid.uuid4().hex[:12]}"
    server.create_database(name)
    found = Database("governed", production=False, embedded=server.folder, dbname=name)
    with ConnectionProvider(found) as provider:
        with provider("OWNER") as connection:
            upgrade(connection)
            logins = provider.place.logins
            map_logins(connection, {login: logins[login].user for login in GROUPS_OF_LOGIN}, {})
        with closing(provider("OWNER")) as holder, held_on(holder, RUN, seconds=_LEASE, by="a bench"):
            yield Place(provider, name)
    with psycopg.connect(
        host=server.socket_folder, user="postgres", dbname="postgres", autocommit=True
    ) as last:
        last.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def loaded(place: Place, plan: Cutplan, text: bytes) -> None:
    """Load the document of a plan."""
    with place.provider("WRITER") as connection:
        load(connection, Document(plan.document_ref, plan.version, text, plan.grammar_digest, None), RUN)
