"""A scratch copy: what is in it, what is not, and that none is left or taken from one who is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cut_cases import Governed, cutplan
from waiting import until

from cutter.database import programs
from cutter.database.connections import ConnectionProvider, identity
from cutter.database.scratch import PREFIX, scratch_copy
from cutter.errors import ConfigurationError, StepFailed

ROWS = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM cutter.%s t"
TABLES = ("document", "information_unit", "cut", "governance_record", "lifecycle", "schema_version")
MAKER = """
import sys
from cutter.database.connections import ConnectionProvider
from cutter.database.scratch import scratch_copy
from cutter.model.inventory import Database
at, folder, name = sys.argv[1:]
source = ConnectionProvider(Database("governed", production=False, embedded=folder, dbname=name))
if at == "dumping":
    from cutter.database import programs
    programs.Programs.start = lambda *words, **more: (print("here", flush=True), sys.stdin.read())
with scratch_copy(source):
    print("here", flush=True)
    sys.stdin.read()
"""


Instead = Callable[[str, str], None]


def copies(governed: Governed) -> list[str]:
    found = governed.as_owner(f"SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'")
    return [name for (name,) in found]


def sessions_of(governed: Governed, copy: str) -> int:
    """Return how many sessions are in a copy, and how many hold an advisory lock, as its maker does."""
    found = governed.as_owner(f"""
        SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = '{copy}')
             + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
    """)
    return int(found[0][0])


def seen(connection: Any) -> list[Any]:
    return [connection.execute(ROWS % table).fetchone() for table in TABLES]


def test_a_copy_has_everything_but_the_authorisation_and_another_identity(governed: Governed) -> None:
    plan = cutplan()
    governed.load(plan)
    governed.cut(plan)
    with scratch_copy(governed.provider) as copy, closing(copy("SCRATCH")) as inside:
        there = governed.connect("OWNER")
        assert seen(inside) == seen(there)
        assert inside.execute("SELECT count(*) FROM cutter.kill_switch").fetchone() == (0,)
        assert there.execute("SELECT count(*) FROM cutter.kill_switch").fetchone() == (1,)
        assert identity(inside) != identity(there)
        owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = %s::regnamespace"
        assert inside.execute(owners, ("cutter",)).fetchall() == [("cutter_scratch_login",)]
        assert copy.watcher == "SCRATCH"
    assert copies(governed) == []


def test_a_copy_is_dropped_when_the_work_on_it_fails(governed: Governed) -> None:
    with pytest.raises(ZeroDivisionError), scratch_copy(governed.provider):
        raise ZeroDivisionError
    assert copies(governed) == []


@contextmanager
def maker(provider: ConnectionProvider, at: str = "working") -> Iterator[subprocess.Popen[str]]:
    """Give a process that has made a copy, or is in the middle of it."""
    words = [sys.executable, "-c", MAKER, at, str(provider.database.embedded), str(provider.database.dbname)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "here\n"
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("at", ["dumping", "working"])
def test_what_a_killed_process_left_is_swept_by_the_next_and_a_live_one_is_not(
    installed: Governed, at: str
) -> None:
    with maker(installed.provider, at) as child:
        (its,) = copies(installed)
        with scratch_copy(installed.provider):
            assert its in copies(installed)
        assert copies(installed) == [its]
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    until(lambda: sessions_of(installed, its) == 0)
    with scratch_copy(installed.provider):
        assert its not in copies(installed)
    assert copies(installed) == []


def test_no_age_makes_a_live_copy_one_that_was_left(installed: Governed) -> None:
    name = f"{PREFIX}1_old"
    connection = installed.connect("SCRATCH")
    connection.autocommit = True
    connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (name,))
    connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    with scratch_copy(installed.provider):
        assert name in copies(installed)
    connection.execute("SELECT pg_advisory_unlock_all()")
    with scratch_copy(installed.provider):
        assert name not in copies(installed)


def test_another_users_database_of_that_name_is_left_alone(installed: Governed) -> None:
    name = f"{PREFIX}2_foreign"
    with installed.provider("OWNER") as owner:
        owner.autocommit = True
        owner.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        with scratch_copy(installed.provider):
            assert name in copies(installed)
        owner.execute(f"DROP DATABASE {name}".encode())


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instead:
    """Give a way to have a script run where a client program would."""
    real = programs.client_program

    def put(name: str, script: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(
            programs, "client_program", lambda word: str(path) if word == name else real(word)
        )

    return put


@pytest.mark.parametrize(
    "case",
    [
        (
            "pg_dump",
            "echo 'pg_dump: error: disk on fire' >&2; exit 3",
            StepFailed,
            "pg_dump failed: .*on fire",
        ),
        ("pg_dump", "kill -9 $$", StepFailed, "pg_dump failed: exit code -9"),
        ("pg_restore", "echo 'pg_restore: no room' >&2; exit 1", StepFailed, "pg_restore failed: .*no room"),
        (
            "pg_dump",
            "echo 'aborting because of server version mismatch' >&2; exit 1",
            ConfigurationError,
            "mismatch",
        ),
    ],
)
def test_a_program_that_fails_is_named_with_what_it_said_and_leaves_no_copy(
    installed: Governed, instead: Instead, case: tuple[str, str, type[Exception], str]
) -> None:
    name, script, kind, said = case
    instead(name, script)
    with pytest.raises(kind, match=said), scratch_copy(installed.provider):
        pytest.fail("there is no copy")
    assert copies(installed) == []


def test_rows_that_cannot_be_read_to_their_end_are_no_copy(governed: Governed, instead: Instead) -> None:
    plan = cutplan()
    governed.load(plan)
    governed.cut(plan)
    real = programs.client_program("pg_dump")
    half = f'case "$*" in *section=data*) {real} "$@" | head -c 2000; exit 1;; esac'
    instead("pg_dump", f'{half}\nexec {real} "$@"')
    with pytest.raises(StepFailed, match="pg_dump failed"), scratch_copy(governed.provider):
        pytest.fail("there is no copy")
    assert copies(governed) == []
