"""Disks that are full or read-only, and processes that may not have more files, memory or large files."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faults import sweep
from faults.everything import STEP_IDS, Everything
from project import in_child
from waiting import runs, until

from cutter.children import Guard
from cutter.cli.main import main
from cutter.engine.recording import Recording
from cutter.errors import LedgerError, Unrecorded
from cutter.gpg import homes
from cutter.gpg.making import NewKey, generate
from cutter.model.evidence import Evidence, Outcome

FREE_PAGES = [0, 1, 2, 3, 5, 8, 12, 20]
LEDGER_PAGES = [0, 1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 45, 50, 60, 70, 80, 100, 120]
TOLD = {0, 1, 11, 12, 18, 69, 77}


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[None]:
    argv = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    folder.mkdir(exist_ok=True)
    if subprocess.run(argv, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(folder: Path, leave: int) -> None:
    """Fill a small file system but for some pages."""
    with (folder / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            filler.truncate(max(0, filler.tell() // 4096 - leave) * 4096)


def _faults(project: Everything) -> list[str]:
    return [*sweep.faults_at_death(project)]


@pytest.mark.root
@pytest.mark.parametrize("pages", FREE_PAGES)
def test_a_full_disk_of_the_target(tmp_path: Path, key: Path, pages: int) -> None:
    project = Everything(tmp_path / "p", key, made=True)
    world = tmp_path / "p" / "world"
    aside = tmp_path / "aside"
    world.rename(aside)
    with _mounted(world, "size=512k"):
        subprocess.run(["cp", "-a", f"{aside}/.", str(world)], check=True)
        _fill(world, pages)
        answer = project.cutter("apply", "--yes", project.site)
        assert answer.code in TOLD - {1}, answer
        assert _faults(project) == []
        assert [path for path in project.leftovers() if "world" in path] == []
        (world / "filler").unlink()
        assert project.cutter("apply", "--yes", project.site).code == 0
        assert [step for step in STEP_IDS if not project.holds(step)] == []


@pytest.mark.root
@pytest.mark.parametrize("pages", LEDGER_PAGES)
def test_a_full_disk_of_the_ledger(tmp_path: Path, key: Path, pages: int) -> None:
    project = Everything(tmp_path / "p", key, made=True)
    with _mounted(tmp_path / "p" / "here", "size=1m"):
        _fill(tmp_path / "p" / "here", pages)
        answer = project.cutter("apply", "--yes", project.site)
        if answer.code == 12:
            assert "what came of the run could not be recorded" in answer.err
            assert "changed before that: new-folder" in answer.err
        assert answer.code in {0, 12, 18}, answer
        if answer.code == 18:
            assert [step for step in STEP_IDS if project.holds(step)] == []
        (tmp_path / "p" / "here" / "filler").unlink()  # SQLite needs some room even to read
        assert _faults(project) == []
        assert project.cutter("apply", "--yes", project.site).code == 0
        assert [step for step in STEP_IDS if not project.holds(step)] == []


def test_what_many_targets_lost_to_a_full_ledger_is_told_once_and_no_more_than_is_known() -> None:
    def refuse(_: object) -> None:
        raise LedgerError("no space is left")

    recording = Recording(refuse, "R1", {})
    for target in ("web1", "web2", "web3"):
        for step in ("folder", "site"):
            recording.evidence(target, "machine:1", Evidence(step, "file", "h", Outcome.CHANGED))
    with pytest.raises(Unrecorded) as told:
        recording.commit()
    assert told.value.world.startswith("changed before that: folder, site, on 3 targets; ")
    assert "nothing was begun" not in told.value.world


@pytest.mark.root
@pytest.mark.parametrize(("part", "codes"), [("world", {11, 77}), ("here", {18, 77})])
def test_a_read_only_file_system(tmp_path: Path, key: Path, part: str, codes: set[int]) -> None:
    project = Everything(tmp_path / "p", key, made=True)
    folder = tmp_path / "p" / part
    aside = tmp_path / "aside"
    folder.mkdir(exist_ok=True)
    folder.rename(aside)
    with _mounted(folder, "size=1m"):
        subprocess.run(["cp", "-a", f"{aside}/.", str(folder)], check=True)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        answer = project.cutter("apply", "--yes", project.site)
        assert answer.code in codes, answer
        assert "read-only" in (answer.err + answer.out).lower()
        assert [step for step in STEP_IDS if project.holds(step)] == []
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        assert project.cutter("apply", "--yes", project.site).code == 0


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        *((resource.RLIMIT_NOFILE, number) for number in (4, 6, 8, 9, 10, 11, 12, 14, 16)),
        *((resource.RLIMIT_FSIZE, number) for number in (0, 1, 100, 4096, 10_000, 33_000)),
        *((resource.RLIMIT_AS, number) for number in (1, 8 << 20, 64 << 20)),
        *((resource.RLIMIT_NPROC, number) for number in (0,)),
    ],
)
def test_a_limit_of_the_process(tmp_path: Path, key: Path, limit: int, value: int) -> None:
    project = Everything(tmp_path / "p", key, made=True)

    def limited() -> int:
        most = value + _address_space() if limit == resource.RLIMIT_AS else value
        if limit == resource.RLIMIT_NOFILE:
            most += 1 + max(int(path.name) for path in Path("/proc/self/fd").iterdir())
        resource.setrlimit(limit, (most, most))
        return main(["apply", "-i", str(project.folder / "inventory/here"), "--yes", project.site])

    code = in_child(limited)

    assert code in TOLD, code
    if code in (1, 18, 11):
        assert [step for step in STEP_IDS if project.holds(step)] == []
    assert _faults(project) == []
    assert project.cutter("apply", "--yes", project.site).code == 0
    assert [step for step in STEP_IDS if not project.holds(step)] == []
    assert project.leftovers() == []


def test_an_agent_of_gpg_dies_with_us(tmp_path: Path) -> None:
    folder, seen = tmp_path / "home", tmp_path / "agents"
    folder.mkdir(mode=0o700)

    def die_with_an_agent(home: str, guard: Guard) -> None:
        del guard
        seen.write_text(" ".join(map(str, homes.companions(home))))
        os.kill(os.getpid(), signal.SIGKILL)

    def killed() -> int:
        homes._end_companions = die_with_an_agent
        generate(str(folder), NewKey("Backup", "backup@example.org", "ed25519", "2y"))
        return 0

    assert in_child(killed) == -signal.SIGKILL
    agents = [int(word) for word in seen.read_text().split()]
    assert agents
    until(lambda: not any(map(runs, agents)))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
