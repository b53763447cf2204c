"""Databases with a table and a function that cutter adopts: one schema near ours, one far from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import psycopg
import pytest
from cut_cases import Governed, governed
from postgres import database as plain_database
from postgres import postgres_server, provider, superuser

from cutter.cut.adoption import names_of
from cutter.cut.adoption_install import adopt
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins
from cutter.cut.schema_install import upgrade
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.model.inventory import Database

__all__ = ["governed", "plain_database", "postgres_server", "provider"]

HERE = Path(__file__).parent
NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "near": {
            "information_unit": "legacy.units",
            "information_unit.body": "content",
            "fn_iu_create": "legacy.make_unit",
            "fn_iu_create.body": "p_text",
        },
        "far": {
            "information_unit": "OldLaws.Passage",
            "information_unit.unit_ref": "address",
            "information_unit.owner_ref": "law",
            "information_unit.body": "wording",
            "information_unit.title": "heading",
            "information_unit.unit_kind": "kind",
            "information_unit.ordinal": "position",
            "information_unit.parent_ref": "part_of",
            "information_unit.body_hash": "kept-apart",
            "fn_iu_create": "api.put_passage",
            "fn_iu_create.parent_ref": "within",
            "fn_iu_create.document_id": "edition",
            "fn_iu_create.ordinal": "nth",
        },
    }
)


@pytest.fixture(params=list(NAMES))
def variant(request: pytest.FixtureRequest) -> str:
    """Name the schema that is there."""
    return str(request.param)


@pytest.fixture
def database(postgres_server: EmbeddedServer, plain_database: Database, variant: str) -> Database:
    """Make a database of this test alone that somebody else's schema is in."""
    with superuser(postgres_server, plain_database.dbname) as connection:
        with suppress(psycopg.errors.DuplicateObject):
            connection.execute("CREATE ROLE legacy_owner NOLOGIN")
        connection.execute((HERE / f"{variant}.sql").read_bytes())
    return plain_database._replace(names=NAMES[variant])


def users_of(provider: ConnectionProvider) -> dict[str, str]:
    """Return the role of each login of ours."""
    return {login: provider.place.logins[login].user for login in GROUPS_OF_LOGIN}


@pytest.fixture
def installed(provider: ConnectionProvider, variant: str) -> Iterator[Governed]:
    """Install our schema on theirs, and its logins; the switch is off. Edits by hand go through our view."""
    names = names_of(provider.database.names)
    assert names is not None
    with provider("OWNER") as connection:
        upgrade(connection)
        map_logins(connection, users_of(provider), {})
        adopt(connection, names, users_of(provider))
    governed = Governed(provider)
    governed.as_owner((HERE / f"{variant}_edit.sql").read_text())
    with governed.stack:
        yield governed
