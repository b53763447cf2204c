"""The schema: all of it or nothing, each file once, none altered afterwards."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cut_cases import Governed, cutplan
from postgres import superuser

from cutter.cut.schema_install import applied, available, pending, remove, schema_digest, upgrade
from cutter.cut.statements import SCHEMA
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.errors import ConfigurationError, Conflict, StepFailed
from cutter.model.inventory import Database


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SCHEMA, tmp_path / "schema"))


def test_all_files_are_applied_once(provider: ConnectionProvider) -> None:
    with provider("OWNER") as connection:
        assert applied(connection) == ()
        assert upgrade(connection) == available()
        connection.commit()
        assert upgrade(connection) == ()
        assert schema_digest(applied(connection)) == schema_digest(available())


def test_a_newer_file_alone_is_applied(provider: ConnectionProvider, files: Path) -> None:
    with provider("OWNER") as connection:
        upgrade(connection, str(files))
        number = len(available()) + 1
        (files / f"{number:04}_more.sql").write_text("CREATE TABLE cutter.more (a int);\n")
        assert [file.version for file in pending(connection, str(files))] == [number]
        assert [file.name for file in upgrade(connection, str(files))] == [f"{number:04}_more.sql"]


def test_an_applied_file_that_was_altered_is_refused(provider: ConnectionProvider, files: Path) -> None:
    with provider("OWNER") as connection:
        upgrade(connection, str(files))
        with (files / "0002_information_unit.sql").open("a") as file:
            file.write("-- another word\n")
        with pytest.raises(Conflict, match=r"0002_information_unit\.sql is applied and was altered"):
            upgrade(connection, str(files))


def test_a_database_newer_than_the_files_is_refused(provider: ConnectionProvider, files: Path) -> None:
    with provider("OWNER") as connection:
        upgrade(connection)
        max(files.iterdir()).unlink()
        with pytest.raises(Conflict, match="the newest file is"):
            pending(connection, str(files))


def test_a_file_that_fails_leaves_nothing(provider: ConnectionProvider, files: Path) -> None:
    (files / f"{len(available()) + 1:04}_bad.sql").write_text("CREATE TABLE cutter.more (a nonsense);\n")
    with provider("OWNER") as connection:
        with pytest.raises(StepFailed, match="nonsense"):
            upgrade(connection, str(files))
        connection.rollback()
        assert applied(connection) == ()
        assert connection.execute("SELECT to_regnamespace('cutter')").fetchone() == (None,)


def test_numbers_have_no_gap(files: Path) -> None:
    (files / "0003_roles_and_rights.sql").unlink()
    with pytest.raises(ConfigurationError, match="not numbered one by one"):
        available(str(files))


def test_two_installations_at_the_same_time(provider: ConnectionProvider) -> None:
    def install(_: int) -> int:
        with provider("OWNER") as connection:
            return len(upgrade(connection))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(install, range(2))) == [0, len(available())]


def test_it_is_dropped_only_while_empty(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    with governed.provider("OWNER") as connection, pytest.raises(Conflict, match="1 document versions"):
        remove(connection)


def test_it_is_dropped_and_installed_again(provider: ConnectionProvider) -> None:
    with provider("OWNER") as connection:
        upgrade(connection)
        remove(connection)
        assert applied(connection) == ()
        assert upgrade(connection) == available()


def test_another_encoding_is_refused(postgres_server: EmbeddedServer) -> None:
    name = "latin"
    with superuser(postgres_server) as connection:
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    there = Database("latin", production=False, embedded=postgres_server.folder, dbname=name)
    with ConnectionProvider(there) as provider, provider("OWNER") as connection:
        with pytest.raises(ConfigurationError, match="LATIN1"):
            upgrade(connection)
        connection.rollback()
    with superuser(postgres_server) as connection:
        connection.execute("DROP DATABASE latin WITH (FORCE)")
