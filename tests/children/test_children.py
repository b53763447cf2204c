"""A child inherits no secret, ends in time, and leaves nobody behind."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from signalled import heeds
from waiting import all_gone, until

from cutter.children import run
from cutter.errors import PermissionRefused, Unavailable


def test_returns_exit_code_and_both_outputs() -> None:
    ended = run(["sh", "-c", "echo out; echo err >&2; exit 3"])

    assert (ended.code, ended.stdout, ended.stderr, ended.killed) == (3, b"out\n", b"err\n", "")
    assert not ended.succeeded
    assert ended.last_lines() == "err"


def test_succeeds_silently() -> None:
    ended = run(["true"])

    assert ended.succeeded
    assert ended.last_lines() == "it said nothing"


def test_stdin_is_what_was_given_and_otherwise_empty() -> None:
    assert run(["cat"], stdin=b"x" * 200_000).stdout == b"x" * 200_000
    assert run(["cat"], timeout=60).stdout == b""


def test_inherits_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTTER_TEST_PASSWORD", "hunter2")

    seen = run(["env"], environment={"EXTRA": "yes"}).stdout.decode().splitlines()

    assert {line.partition("=")[0] for line in seen} - {"PWD", "SHLVL", "_"} == {
        "PATH",
        "HOME",
        "LANG",
        "EXTRA",
        "CUTTER_CHILD",
    }


def test_a_child_has_a_session_of_its_own_and_so_no_terminal() -> None:
    ended = run([sys.executable, "-c", "import os; print(os.getsid(0) == os.getpgid(0) == os.getpid())"])

    assert ended.stdout == b"True\n"


def test_a_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    ended = run(["sh", "-c", f"sleep 1000 & echo $! > {pid_file}; wait"], timeout=1)

    assert ended.killed == "it took longer than 1 seconds"
    assert not ended.succeeded
    until(lambda: all_gone(pid_file))


def test_a_child_that_ends_leaves_no_background_process(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    assert run(["sh", "-c", f"sleep 1000 & echo $! > {pid_file}"]).succeeded

    until(lambda: all_gone(pid_file))


def test_endless_output_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutter.children.OUTPUT_LIMIT", 100_000)

    assert run(["yes"], timeout=60).killed == "it wrote more than 100000 bytes"


def test_leaves_no_open_file_or_zombie() -> None:
    gc.collect()  # what an earlier test has left open is closed now, and not in between
    before, others = len(list(Path("/proc/self/fd").iterdir())), _children()

    for _ in range(3):
        run(["true"])

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert _children() <= others


def _children() -> set[str]:
    """Return the children of this process, zombies too; another test may have some."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(Unavailable, match="no-such-program is not installed") as caught:
        run(["no-such-program"], package="nothing")

    assert caught.value.remedy == "apt-get install nothing"


def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    with pytest.raises(Unavailable, match="cannot be entered"):
        run([sys.executable], cwd=str(tmp_path / "missing"))
    with pytest.raises(PermissionRefused, match="may not be executed"):
        run([str(tmp_path / "plain")])


WAITS = {
    "a program": ("from cutter.children import run", "run(['sleep', '1000'])"),
    "a chain": (
        "from cutter.backup.pipeline import Link, run_chain; from cutter.children import Guard",
        "run_chain([Link(['sleep', '1000'])], Guard())",
    ),
    "the last of a chain": (
        "from cutter.backup.pipeline import Link, run_chain; from cutter.children import Guard",
        "run_chain([Link(['sleep', '1000'])], Guard(), leaves_early=True)",
    ),
    "a client of PostgreSQL": (
        "from subprocess import Popen; from cutter.database.programs import Running",
        "Running('sleep', Popen(['sleep', '1000']), 2).complaint()",
    ),
}


@pytest.mark.parametrize(("imports", "call"), WAITS.values(), ids=WAITS)
def test_a_signal_that_interrupts_no_wait_is_heeded(imports: str, call: str) -> None:
    assert heeds(imports, call, signal.SIGTERM)
