"""An older schema becomes the newest one: whole, the same as a fresh one, and with what is in it kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cut_cases import RUN, Governed, cutplan
from postgres import database, superuser

from cutter.cut.adoption import names_of
from cutter.cut.adoption_install import adopt
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins
from cutter.cut.schema_install import applied, available, upgrade
from cutter.cut.statements import SCHEMA
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.errors import CutterError, Unavailable
from cutter.model.inventory import Database

NEWEST = len(available())
SHAPE = """
SELECT c.relname || ' ' || c.relkind::text || ' ' || coalesce(c.relacl::text, '') || ' ' || coalesce((
           SELECT string_agg(attname || format_type(atttypid, atttypmod) || attnotnull, ',' ORDER BY attnum)
           FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '')
FROM pg_class c WHERE c.relnamespace IN ('cutter'::regnamespace, 'cutter_proof'::regnamespace)
UNION ALL
SELECT pg_get_functiondef(p.oid) || ' ' || coalesce(p.proacl::text, '') || ' ' || pg_get_userbyid(p.proowner)
FROM pg_proc p WHERE p.pronamespace IN ('cutter'::regnamespace, 'cutter_proof'::regnamespace)
UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE NOT t.tgisinternal
UNION ALL SELECT pg_get_constraintdef(r.oid) FROM pg_constraint r
WHERE r.connamespace = 'cutter'::regnamespace
ORDER BY 1
"""

__all__ = ["database"]


def older(tmp_path: Path, count: int) -> str:
    """Return a folder with the first files alone."""
    folder = tmp_path / "older"
    folder.mkdir()
    for file in available()[:count]:
        shutil.copy(Path(SCHEMA) / file.name, folder)
    return str(folder)


def shape(provider: ConnectionProvider) -> list[tuple[object, ...]]:
    with provider("OWNER") as connection:
        return connection.execute(SHAPE.encode()).fetchall()


@pytest.mark.parametrize("count", range(1, NEWEST))
def test_each_older_state_becomes_what_a_fresh_one_is(
    provider: ConnectionProvider, postgres_server: EmbeddedServer, tmp_path: Path, count: int
) -> None:
    with provider("OWNER") as connection:
        upgrade(connection, older(tmp_path, count))
        connection.commit()
        assert [file.version for file in upgrade(connection)] == list(range(count + 1, NEWEST + 1))
    postgres_server.create_database(f"fresh_{count}")
    there = Database("fresh", production=False, embedded=postgres_server.folder, dbname=f"fresh_{count}")
    with ConnectionProvider(there) as fresh, fresh("OWNER") as connection:
        upgrade(connection)
        connection.commit()
        assert shape(fresh) == shape(provider)
    with superuser(postgres_server) as connection:
        connection.execute(f"DROP DATABASE fresh_{count} WITH (FORCE)")


def users_of(provider: ConnectionProvider) -> dict[str, str]:
    return {login: provider.place.logins[login].user for login in GROUPS_OF_LOGIN}


def grown(provider: ConnectionProvider, tmp_path: Path) -> str:
    """Install the newest schema out of files of which one more is to come; return their folder."""
    folder = Path(shutil.copytree(SCHEMA, tmp_path / "files"))
    with provider("OWNER") as connection:
        upgrade(connection, str(folder))
        map_logins(connection, users_of(provider), {})
        names = names_of(provider.database.names)
        if names is not None:
            adopt(connection, names, users_of(provider))
    more = "CREATE TABLE cutter.more (unit_id bigint);\nINSERT INTO cutter.more SELECT unit_id FROM"
    (folder / f"{NEWEST + 1:04}_more.sql").write_text(f"{more} cutter.information_unit;\n")
    return str(folder)


def test_what_is_cut_stays_through_an_upgrade(provider: ConnectionProvider, tmp_path: Path) -> None:
    folder = grown(provider, tmp_path)
    governed = Governed(provider)
    with governed.stack:
        governed.switch_on()
        governed.load(cutplan())
        leg, _ = governed.cut(cutplan())
        before = governed.as_owner("SELECT * FROM cutter.information_unit ORDER BY ordinal")
        with provider("OWNER") as connection:
            assert [file.version for file in upgrade(connection, folder)] == [NEWEST + 1]
        assert governed.as_owner("SELECT * FROM cutter.information_unit ORDER BY ordinal") == before
        assert governed.as_owner("SELECT count(*) FROM cutter.more") == [(60,)]
        again, _ = governed.cut(cutplan(), run=RUN)
        assert (again.cut_id, again.exists) == (leg.cut_id, 60)


VICTIM = """
import sys
import psycopg
from cutter.cut.schema_install import upgrade
connection = psycopg.connect(sys.argv[1])
upgrade(connection, sys.argv[2])
print("done", flush=True)
sys.stdin.read()
"""


def test_an_upgrade_killed_before_its_commit_leaves_the_old_one_whole(
    provider: ConnectionProvider, tmp_path: Path
) -> None:
    folder = grown(provider, tmp_path)
    before = shape(provider)
    with provider("OWNER") as connection:
        info = connection.info
        dsn = f"host={info.host} port={info.port} dbname={info.dbname} user={info.user}"
        argv = [sys.executable, "-c", VICTIM, dsn, folder]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as victim:
            assert victim.stdout is not None
            assert victim.stdout.readline() == b"done\n"
            victim.kill()
        assert len(applied(connection)) == NEWEST
    assert shape(provider) == before
    until_it_succeeds(provider, folder)


def test_an_upgrade_that_loses_its_connection_leaves_the_old_one_whole(
    provider: ConnectionProvider, tmp_path: Path
) -> None:
    folder = grown(provider, tmp_path)
    before = shape(provider)
    cut_off = "RESET ROLE; SELECT pg_terminate_backend(pg_backend_pid());\n"
    (Path(folder) / f"{NEWEST + 2:04}_cut_off.sql").write_text(cut_off)
    with provider("OWNER") as connection, pytest.raises(Unavailable):
        upgrade(connection, folder)
    assert shape(provider) == before
    (Path(folder) / f"{NEWEST + 2:04}_cut_off.sql").unlink()
    until_it_succeeds(provider, folder)


def until_it_succeeds(provider: ConnectionProvider, folder: str) -> None:
    """Upgrade, once the server has noticed that the one before is gone: each try waits for locks."""
    for _ in range(12):
        try:
            with provider("OWNER") as connection:
                assert [file.version for file in upgrade(connection, folder)] == [NEWEST + 1]
        except CutterError:
            continue
        return
    raise AssertionError("the dead session keeps its locks")
