"""The fixtures of this room's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cut_cases import governed, installed
from postgres import database, postgres_server, provider

from cutter.cut.statements import SCHEMA
from cutter.database.connections import ConnectionProvider

if TYPE_CHECKING:
    import psycopg

__all__ = ["database", "governed", "installed", "postgres_server", "provider"]

_ROLES = """
DO $$ BEGIN
    IF to_regrole('cutter_owner') IS NULL THEN CREATE ROLE cutter_owner; END IF;
    IF to_regrole('cutter_writer_login') IS NULL THEN CREATE ROLE cutter_writer_login LOGIN NOINHERIT; END IF;
    IF to_regrole('cutter_verify_login') IS NULL THEN CREATE ROLE cutter_verify_login LOGIN; END IF;
END $$;
"""
_WORLD = """
CREATE SCHEMA world AUTHORIZATION cutter_writer_login;
SET ROLE cutter_writer_login;
CREATE TABLE world.item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE world.part (
    item bigint REFERENCES world.item (id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO world.item (name) VALUES ('first'), ('second');
RESET ROLE;
"""


@pytest.fixture
def world(provider: ConnectionProvider) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Install the guard, and tables that the WRITER login owns; yield the owner, in autocommit."""
    with provider("OWNER") as owner:
        owner.autocommit = True
        owner.execute(_ROLES)
        guard = (Path(SCHEMA) / "0010_rollback_only.sql").read_bytes()
        owner.execute(b"BEGIN; " + guard + b"; COMMIT")
        owner.execute("GRANT USAGE ON SCHEMA cutter_proof TO cutter_writer_login, cutter_verify_login")
        owner.execute(_WORLD)
        yield owner
