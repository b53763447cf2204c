"""Whatever goes wrong with a backup is exit 14, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from waiting import until

from cutter.backup.drill import drill
from cutter.backup.manifest import Manifest, manifest_path
from cutter.backup.proving import demand_described, demand_encrypted, demand_readable
from cutter.backup.taking import take
from cutter.database.binaries import VARIABLE, server_folder
from cutter.database.connections import ConnectionProvider
from cutter.database.places import Login, Place
from cutter.errors import BackupFailed
from cutter.model.secret import Secret

if TYPE_CHECKING:
    from backup_keys import Keys
    from governed import Governed

    from cutter.backup.policy import Policy


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have all of PostgreSQL's programs and gpg found in one folder, in which a test puts its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for real in [*Path(server_folder()).iterdir(), Path(str(shutil.which("gpg")))]:
        (folder / real.name).symlink_to(real)
    monkeypatch.setenv(VARIABLE, str(folder))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def put(folder: Path, name: str, text: str) -> None:
    """Put a program of the test's own in front of the real one, which it knows as $real."""
    real = (folder / name).resolve()
    (folder / name).unlink()
    (folder / name).write_text(f"#!/bin/sh\nreal={real}\n{text}\n")
    (folder / name).chmod(0o755)


def refused(governed: Governed, policy: Policy) -> str:
    """Take a backup, which must be refused with 14 and leave the folder empty; return why."""
    with pytest.raises(BackupFailed) as caught:
        take(governed.provider, policy, "run-1")
    assert caught.value.exit_code == 14
    folder = Path(policy.folder)
    assert not folder.exists() or list(folder.iterdir()) == []
    return caught.value.cause


def test_a_dump_that_dies_midway(governed: Governed, policy: Policy, programs: Path) -> None:
    dies = '"$real" "$@" | head -c 20000; kill -9 $$'
    put(programs, "pg_dump", f'[ "$1" = --version ] && exec "$real" "$@"\n{dies}')
    assert "pg_dump was ended by signal 9" in refused(governed, policy)


def test_a_dump_that_ends_early_and_says_all_is_well(
    governed: Governed, policy: Policy, programs: Path
) -> None:
    put(
        programs, "pg_dump", '[ "$1" = --version ] && exec "$real" "$@"\n"$real" "$@" | head -c 20000; exit 0'
    )
    assert "pg_restore ended with 1" in refused(governed, policy)


def test_a_dump_program_older_than_the_server(governed: Governed, policy: Policy, programs: Path) -> None:
    put(programs, "pg_dump", 'echo "pg_dump (PostgreSQL) 9.6.24"')
    assert "pg_dump is 9.6.24 and older than the server" in refused(governed, policy)


def test_the_newest_dump_program_is_taken(
    governed: Governed, policy: Policy, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    (programs / "postgres").unlink()
    put(
        programs,
        "pg_dump",
        '[ "$1" = --version ] && exec echo "pg_dump (PostgreSQL) 99.1"\nexec "$real" "$@"',
    )
    assert take(governed.provider, policy, "run-1").dumped_by == "99.1"


def test_gpg_that_dies(governed: Governed, policy: Policy, programs: Path) -> None:
    put(
        programs,
        "gpg",
        'case " $* " in *" --encrypt "*) head -c 20000 >/dev/null; exit 2;; esac\nexec "$real" "$@"',
    )
    assert "gpg ended with 2" in refused(governed, policy)


def test_encryption_that_is_off(governed: Governed, policy: Policy, programs: Path) -> None:
    put(programs, "gpg", 'case " $* " in *" --encrypt "*) exec cat;; esac\nexec "$real" "$@"')
    assert "is a PostgreSQL archive in the clear" in refused(governed, policy)


def test_a_message_that_is_only_signed(governed: Governed, policy: Policy, programs: Path) -> None:
    signs = f'exec "$real" --homedir {policy.home} --batch -u {policy.recipient} --sign'
    put(programs, "gpg", f'case " $* " in *" --encrypt "*) {signs};; esac\nexec "$real" "$@"')
    assert "a packet that is not encrypted" in refused(governed, policy)


def test_a_message_that_is_not_signed(governed: Governed, policy: Policy, programs: Path) -> None:
    seals = f'exec "$real" --homedir {policy.home} --batch --trust-model always -r {policy.recipient} -e'
    put(programs, "gpg", f'case " $* " in *" --encrypt "*) {seals};; esac\nexec "$real" "$@"')
    assert "is not signed" in refused(governed, policy)


@pytest.mark.parametrize("also", [False, True], ids=["instead", "beside"])
def test_the_wrong_recipient(
    also: bool, governed: Governed, policy: Policy, programs: Path, keys: Keys
) -> None:
    certificate = keys.published(programs.parent / "other.asc")
    mine = f"-r {policy.recipient}" if also else ""
    words = (
        f"--homedir {policy.home} --batch --trust-model always -u {policy.recipient} -f {certificate} {mine}"
    )
    put(
        programs, "gpg", f'case " $* " in *" --encrypt "*) exec "$real" {words} -es;; esac\nexec "$real" "$@"'
    )
    expected = "encrypted to 1 key(s)" if also else f"not to {policy.recipient}"
    assert expected in refused(governed, policy)


def test_a_key_that_is_not_there(governed: Governed, policy: Policy) -> None:
    assert "it is not there" in refused(governed, policy._replace(recipient="A" * 40))


def test_a_key_whose_private_half_is_elsewhere(
    governed: Governed, policy: Policy, keys: Keys, tmp_path: Path
) -> None:
    home = tmp_path / "public"
    home.mkdir(mode=0o700)
    exported = subprocess.run(
        ["gpg", "--homedir", keys.home, "--export", keys.backup], check=True, capture_output=True
    )
    subprocess.run(["gpg", "-q", "--homedir", home, "--import"], input=exported.stdout, check=True)
    assert "no private key" in refused(governed, policy._replace(home=str(home)))


def test_a_folder_that_others_may_look_into(governed: Governed, policy: Policy) -> None:
    Path(policy.folder).mkdir(mode=0o755)
    assert "mode 0750 or narrower" in refused(governed, policy)


def test_tables_that_are_not_there(governed: Governed, policy: Policy) -> None:
    narrow = policy._replace(schemas=(), tables=("cutter.nothing",))
    assert "there is no table cutter.nothing" in refused(governed, narrow)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk(governed: Governed, policy: Policy, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "64k") as small:
        cause = refused(governed, policy._replace(folder=str(small / "backups")))
    assert "No space left on device" in cause


class mounted:  # noqa: N801 - read as a phrase
    """A file system in memory of a size, mounted for a moment."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self.size = size

    def __enter__(self) -> Path:
        self.folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", str(self.folder)], check=False
        )
        if done.returncode:
            pytest.skip("nothing can be mounted here")
        return self.folder

    def __exit__(self, *error: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def taken(governed: Governed, policy: Policy) -> Manifest:
    """Take a backup that is good."""
    return take(governed.provider, policy, "run-1")


def test_what_is_cut_off(taken: Manifest) -> None:
    os.truncate(taken.file, taken.size - 1)
    with pytest.raises(BackupFailed, match="is cut off"):
        demand_described(taken.file, taken)


@pytest.mark.parametrize("place", [0, 40, 200, -1])
def test_a_flipped_bit(place: int, taken: Manifest) -> None:
    content = bytearray(Path(taken.file).read_bytes())
    content[place] ^= 1
    Path(taken.file).write_bytes(content)
    with pytest.raises(BackupFailed, match="altered, or another one"):
        demand_described(taken.file, taken)


@pytest.mark.parametrize("cut", [1, 22, 5000])
def test_a_cut_off_file_is_noticed_without_its_manifest_too(
    cut: int, taken: Manifest, policy: Policy
) -> None:
    os.truncate(taken.file, taken.size - cut)
    with pytest.raises(BackupFailed, match="is cut off"):
        demand_encrypted(taken.file, policy.home, policy.recipient)


def test_a_flipped_bit_is_noticed_without_its_manifest_too(taken: Manifest, policy: Policy) -> None:
    content = bytearray(Path(taken.file).read_bytes())
    content[len(content) // 2] ^= 1
    Path(taken.file).write_bytes(content)
    with pytest.raises(BackupFailed, match="gpg"):
        demand_readable(taken.file, policy.home, policy.recipient)


def test_another_backup_in_its_place(governed: Governed, taken: Manifest, policy: Policy) -> None:
    other = take(governed.provider, policy, "run-2")
    Path(other.file).rename(taken.file)
    demand_encrypted(taken.file, policy.home, policy.recipient)
    with pytest.raises(BackupFailed, match=r"altered, or another one|has .* bytes and not"):
        demand_described(taken.file, taken)


def test_a_drill_finds_what_the_manifest_does_not_say(
    governed: Governed, taken: Manifest, policy: Policy
) -> None:
    content = {**taken.content, "cutter.work": "0 rows 0 0"}
    with pytest.raises(BackupFailed, match=r"differs from what was dumped: cutter\.work"):
        drill(governed.provider, policy, taken._replace(content=content))
    assert governed.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'cutter_scratch_%'") == [(0,)]


def test_a_drill_with_another_signer(governed: Governed, taken: Manifest, policy: Policy, keys: Keys) -> None:
    with pytest.raises(BackupFailed, match="and not by"):
        drill(governed.provider, policy, taken._replace(signed_by=keys.other))


def test_what_a_dead_run_left_is_gone_after_the_next(governed: Governed, policy: Policy) -> None:
    folder = Path(policy.folder)
    folder.mkdir(mode=0o750)
    folder.chmod(0o750)
    (folder / ".cutter-0123456789abcdef01234567").write_bytes(b"half a backup")
    manifest = take(governed.provider, policy, "run-1")
    found = sorted(path.name for path in folder.iterdir())
    assert found == [manifest.name, Path(manifest_path(manifest.file)).name]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())


@pytest.fixture(autouse=True)
def no_agent_is_left(keys: Keys) -> Iterator[None]:
    """Look for agents of the home afterwards."""
    from cutter.gpg.homes import companions

    yield
    assert companions(keys.home) == []


class WithPassword(ConnectionProvider):
    """The same database, entered with a password, which this server does not ask for."""

    @property
    def place(self) -> Place:
        """Where it is."""
        found = super().place
        login = Login(found.login("BACKUP").user, Secret("canary: \\'x"))
        return found._replace(logins={**found.logins, "BACKUP": login})


def test_the_password_is_in_no_argument_and_no_environment(
    governed: Governed, policy: Policy, programs: Path
) -> None:
    seen = programs.parent / "seen"
    for name in ("pg_dump", "gpg"):
        put(programs, name, f'tr "\\0" "\\n" </proc/$$/cmdline >>{seen}; env >>{seen}; exec "$real" "$@"')
    with WithPassword(governed.provider.database) as provider:
        take(provider, policy, "run-1")
    told = seen.read_text()
    assert "--encrypt" in told
    assert "--snapshot=" in told
    assert "canary" not in told


def test_a_backup_that_is_killed_leaves_nothing_that_runs_and_nothing_that_stays(
    governed: Governed, policy: Policy, programs: Path
) -> None:
    begun = programs.parent / "begun"
    waits = f'"$real" "$@" | head -c 20000; echo $$ >{begun}.new; mv {begun}.new {begun}; exec sleep 600'
    put(programs, "pg_dump", f'[ "$1" = --version ] && exec "$real" "$@"\n{waits}')
    child = os.fork()
    if child == 0:
        try:
            take(governed.provider, policy, "run-1")
        finally:
            os._exit(0)  # whatever came of it: the tests are the parent's
    until(begun.exists)
    folder = Path(policy.folder)
    assert [path.name[:8] for path in folder.iterdir()] == [".cutter-"]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    dump = Path("/proc", begun.read_text().strip())
    until(lambda: not dump.exists())
    shutil.rmtree(programs)
    os.environ.pop(VARIABLE)
    manifest = take(governed.provider, policy, "run-2")
    found = sorted(path.name for path in folder.iterdir())
    assert found == [manifest.name, Path(manifest_path(manifest.file)).name]
