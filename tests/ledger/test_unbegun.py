"""What was declined, or could not even be refused on record, leaves no ledger where there was none."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from project import Project

from cutter.errors import LockHeld
from cutter.ledger.locks import RunLock

STEP = '  - {name: One, file: {path: "{{ world }}/one", content: x}}\n'
UNMET = 'preflight:\n  - {name: Gate, file: {path: "{{ world }}/gate", content: x}}\n'
START = "import sys; from cutter.cli.main import entry; entry()"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_refusal_that_was_recorded_is_kept(project: Project) -> None:
    assert project.cutter("apply", "--yes", project.runbook(STEP, head=UNMET)).code == 10
    assert [body["exit_code"] for body in project.entries("refusal")] == [10]


def test_a_lock_that_is_held_leaves_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(*_: object) -> None:
        raise LockHeld("another process keeps writing")

    monkeypatch.setattr("cutter.app.applying.settle", held)
    assert project.cutter("apply", "--yes", project.runbook(STEP)).code == 19
    assert not (project.folder / "here").exists()


def test_an_apply_that_may_not_ask_leaves_none(project: Project) -> None:
    assert project.cutter("apply", "--no-input", project.runbook(STEP)).code == 64
    assert not (project.folder / "here").exists()


def test_a_declined_apply_leaves_none(project: Project) -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-c", START, "apply", "-i", str(project.folder / "inventory/here")]
    with subprocess.Popen([*argv, project.runbook(STEP)], stdin=theirs, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        os.write(ours, b"n\n")
        told = b""
        while b"nothing was changed" not in told:
            told += os.read(ours, 4096)
    os.close(ours)
    assert run.returncode == 21, told
    assert not (project.folder / "here").exists()


def test_what_was_there_before_stays(project: Project) -> None:
    project.ledger_folder.mkdir(parents=True)
    (project.ledger_folder / "digest.key").write_bytes(bytes(32))
    (project.ledger_folder / "digest.key").chmod(0o600)
    assert project.cutter("apply", "--no-input", project.runbook(STEP)).code == 64
    assert [path.name for path in project.ledger_folder.iterdir()] == ["digest.key"]


def test_who_waits_for_a_lock_that_is_taken_away_takes_the_one_that_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.lock"
    with ExitStack() as holder:
        holder.enter_context(RunLock(str(path)))

        def pause(seconds: float) -> None:
            del seconds
            path.unlink()
            holder.close()

        monkeypatch.setattr("cutter.ledger.locks.time.sleep", pause)
        with RunLock(str(path), timeout=600) as waiter:
            assert path.stat().st_ino == os.fstat(waiter._file).st_ino
