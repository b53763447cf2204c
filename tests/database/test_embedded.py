"""The embedded server: started by the first, ended with the last, whatever kills whom."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from project import as_nobody
from waiting import PATIENCE

from cutter.database.binaries import VARIABLE, major_of, server_folder
from cutter.database.embedded import EmbeddedServer
from cutter.errors import ConfigurationError, Conflict, Unavailable

_HASTY = {"fsync": "off"}
_OWNER = """
import sys, time
from cutter.database.embedded import EmbeddedServer
server = EmbeddedServer(sys.argv[1])
server.start()
print("held", flush=True)
sys.stdin.readline()
"""


def version(server: EmbeddedServer) -> int:
    with psycopg.connect(host=server.socket_folder, user="postgres", dbname="postgres") as connection:
        return connection.info.server_version


def postmaster(server: EmbeddedServer) -> int:
    return int(Path(server.folder, "data", "postmaster.pid").read_text(encoding="ascii").split("\n")[0])


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def gone(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    return True


def owner(folder: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _OWNER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def server(tmp_path: Path) -> EmbeddedServer:
    return EmbeddedServer(str(tmp_path / "pg"), _HASTY)


def test_it_serves_ends_and_serves_the_same_data_again(server: EmbeddedServer) -> None:
    with server:
        server.create_database("laws")
        server.create_database("laws")
    assert eventually(lambda: not server.running())
    with server, psycopg.connect(host=server.socket_folder, user="postgres", dbname="laws") as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("laws",)


def test_it_ends_only_with_its_last_user_be_that_by_kill_9(server: EmbeddedServer) -> None:
    with owner(server.folder) as first, owner(server.folder) as second:
        pid = postmaster(server)
        first.kill()
        first.wait()
        time.sleep(0.3)
        assert version(server)
        second.kill()
    assert eventually(lambda: gone(pid) and not server.running())


def test_it_ends_when_its_guard_is_killed_and_starts_again(server: EmbeddedServer) -> None:
    server.start()
    pid = postmaster(server)
    os.kill(parent(pid), signal.SIGKILL)
    assert eventually(lambda: gone(pid))
    server.start()
    assert postmaster(server) != pid
    assert version(server)
    server.close()


def test_a_killed_server_is_started_again_with_what_was_committed(tmp_path: Path) -> None:
    with EmbeddedServer(str(tmp_path / "pg")) as server:
        where = f"host={server.socket_folder} user=postgres dbname=postgres"
        with psycopg.connect(where) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(postmaster(server), signal.SIGKILL)
        assert eventually(lambda: not server.running())
        server.start()
        with psycopg.connect(where) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_a_stale_pid_file_that_names_another_program_is_in_nobodys_way(server: EmbeddedServer) -> None:
    server.start()
    pid_file = Path(server.folder, "data", "postmaster.pid")
    stale = pid_file.read_text(encoding="ascii").split("\n")
    server.close()
    assert eventually(lambda: not server.running())
    pid_file.write_text("\n".join([str(os.getppid()), *stale[1:]]), encoding="ascii")  # still says "ready"
    pid_file.chmod(0o600)
    with server:
        assert postmaster(server) != os.getppid()
        assert version(server)


def test_a_half_made_data_folder_is_made_anew(server: EmbeddedServer) -> None:
    half = Path(server.folder, "data.partial", "base")
    half.mkdir(parents=True)
    Path(server.folder).chmod(0o700)
    with server:
        assert version(server)
    assert not half.exists()


def test_a_long_path_has_its_socket_in_a_short_folder_of_its_own(tmp_path: Path) -> None:
    with EmbeddedServer(str(tmp_path / ("x" * 90) / "pg"), _HASTY) as server:
        assert server.socket_folder.startswith("/tmp/")
        assert os.lstat(server.socket_folder).st_mode & 0o777 == 0o700
        assert version(server)
    assert eventually(lambda: not server.running())
    assert not Path(server.socket_folder).exists()


def test_a_folder_that_others_may_enter_is_refused(server: EmbeddedServer) -> None:
    Path(server.folder).mkdir(mode=0o755)
    with pytest.raises(Conflict, match="only this user may enter"):
        server.start()


def test_a_link_in_its_place_is_refused(server: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    Path(server.folder).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict):
        server.start()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = EmbeddedServer(str(tmp_path / "pg"), {"fsync": "off", "shared_buffers": "none"})
    with pytest.raises(Unavailable, match=r"did not start.*shared_buffers"):
        server.start()
    server.close()
    assert not server.running()


def test_the_variable_comes_before_the_wheel_and_must_be_right(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = server_folder()
    assert int(major_of(wheel)) >= 13
    (tmp_path / "postgres").write_text(
        "#!/bin/sh\necho 'postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'\n"
    )
    (tmp_path / "postgres").chmod(0o755)
    assert major_of(str(tmp_path)) == "15"
    (tmp_path / "bin").symlink_to(wheel)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "bin"))
    assert server_folder() == str(tmp_path / "bin")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(ConfigurationError, match="has no postgres and initdb"):
        server_folder()


def test_data_of_another_version_is_refused_before_a_server_is_started(server: EmbeddedServer) -> None:
    data = Path(server.folder, "data")
    data.mkdir(parents=True)
    Path(server.folder).chmod(0o700)
    (data / "PG_VERSION").write_text("9\n", encoding="ascii")
    with pytest.raises(ConfigurationError, match="made by PostgreSQL 9"):
        server.start()
    server.close()


@pytest.mark.root
def test_an_ordinary_user_starts_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")  # that of the tests may be root's alone
    folder = Path(tempfile.mkdtemp(prefix="cutter-test-", dir="/tmp"))
    os.chown(folder, 65534, 65534)

    def work() -> int:
        with EmbeddedServer(str(folder / "pg"), _HASTY) as server:
            return 0 if version(server) else 1

    assert as_nobody(work) == 0
    probe = EmbeddedServer(str(folder / "pg"))
    assert eventually(lambda: not probe.running())
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_where_no_folder_can_be_made_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=r"file.*Not a directory|File exists"):
        EmbeddedServer(str(tmp_path / "file" / "pg")).start()


def test_a_missing_tool_is_named(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = server_folder()
    monkeypatch.setenv(VARIABLE, programs)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Unavailable, match=r"unshare|setpriv|did not start"):
        server.start()
    server.close()


def test_four_who_start_it_at_once_get_one_server(server: EmbeddedServer) -> None:
    argv = [sys.executable, "-c", _OWNER, server.folder]
    owners = [
        subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in owners:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
    log = Path(server.folder, "server.log").read_text(encoding="utf-8")
    assert log.count("starting PostgreSQL") == 1
    assert version(server)
    for process in owners:
        process.communicate("\n")
    assert eventually(lambda: not server.running())
