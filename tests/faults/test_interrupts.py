"""Ctrl-C once and twice, SIGTERM, a closed terminal, a closed pipe, kill -9: real processes, real signals."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

import pytest
from faults.live import Live, send
from waiting import PATIENCE, runs, until

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
POLITE = {"first": "changed", "slow": "changed", "last": "skipped"}
ABORTED = {"first": "changed", "slow": "unknown", "last": "skipped"}


def _goes_on(live: Live) -> None:
    """Let the next run end well."""
    live.go_on()
    assert live.start().wait(60) == 0, live.said()
    assert (live.world / "last").read_text() == "text\n"
    assert live.cutter("ledger", "verify").code == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_lets_the_step_end_and_settles(live: Live, number: signal.Signals) -> None:
    run = live.start()
    live.until_slow()
    send(run, number)
    until(lambda: f"{number.name}: finishing the current step" in live.said())
    live.go_on()

    assert run.wait(PATIENCE) == 21, live.said()
    assert live.outcomes() == POLITE
    assert [body["exit_code"] for body in live.entries("end")] == [21]
    assert not (live.world / "last").exists()
    _goes_on(live)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_aborts_and_leaves_no_child(live: Live, number: signal.Signals) -> None:
    run = live.start()
    children = live.until_slow()
    send(run, signal.SIGINT)
    until(lambda: "finishing" in live.said())
    send(run, number)

    assert run.wait(PATIENCE) == 21, live.said()
    until(lambda: not any(map(runs, children)))
    assert live.outcomes() == ABORTED
    assert [body["exit_code"] for body in live.entries("end")] == [21]
    assert live.json("runs")["runs"][0]["outcomes"] == {"changed": 1, "skipped": 1, "unknown": 1}
    assert "unknown: slow" in live.cutter("runs").out
    _goes_on(live)


def test_kill_9_leaves_no_child_and_frees_the_lock(live: Live) -> None:
    run = live.start()
    children = live.until_slow()
    run.kill()
    run.wait()

    until(lambda: not any(map(runs, children)))
    assert live.json("runs")["runs"][0]["state"] == "unsettled"
    assert (
        "unknown: last, slow" in live.cutter("runs").out or "unknown: slow, last" in live.cutter("runs").out
    )
    _goes_on(live)
    assert live.json("runs")["runs"][1]["state"] == "interrupted"


def test_a_closed_terminal_settles(live: Live) -> None:
    run, terminal = live.on_terminal()
    live.until_slow()
    os.close(terminal)
    live.go_on()

    assert run.wait(PATIENCE) == 21
    assert live.outcomes() == POLITE
    assert [body["exit_code"] for body in live.entries("end")] == [21]
    _goes_on(live)


def test_a_closed_pipe_settles(live: Live) -> None:
    run = live.start(stdout=subprocess.PIPE)
    live.until_slow()
    assert run.stdout is not None
    run.stdout.close()
    live.go_on()

    assert run.wait(PATIENCE) == 21, live.said()
    assert live.outcomes() == POLITE
    _goes_on(live)


def test_a_pipe_that_nobody_reads_from_the_start_changes_nothing(live: Live) -> None:
    live.go_on()
    reading, writing = os.pipe()
    os.close(reading)
    run = live.start(stdout=writing)
    os.close(writing)

    assert run.wait(PATIENCE) == 21, live.said()
    assert list(live.world.iterdir()) == []


def test_a_full_disk_under_the_output_does_not_change_the_exit_code(live: Live) -> None:
    live.go_on()
    with Path("/dev/full").open("wb") as full:
        run = live.start("--json", stdout=full)

    assert run.wait(PATIENCE) == 0, live.said()
    assert set(live.outcomes().values()) == {"changed"}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_at_the_question_changes_nothing(live: Live, number: signal.Signals) -> None:
    live.go_on()
    run, terminal = live.on_terminal(yes=False)
    _until_asked(terminal)
    send(run, number)

    assert run.wait(PATIENCE) == 21
    os.close(terminal)
    assert list(live.world.iterdir()) == []
    assert live.entries("run") == []


def test_a_terminal_closed_at_the_question_changes_nothing(live: Live) -> None:
    live.go_on()
    run, terminal = live.on_terminal(yes=False)
    _until_asked(terminal)
    os.close(terminal)

    assert run.wait(PATIENCE) == 21
    assert list(live.world.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_planning_changes_nothing(live: Live, number: signal.Signals) -> None:
    live.go_on()
    check = "[sh, -c, \"echo $$ > '{{ world }}/../looking'; sleep 300\"]"
    live.site = live.runbook(
        f'  - {{name: Look, command: {{argv: ["true"], check: {check}}}, irreversible: it is a test}}\n'
    )
    run = live.start()
    looking = live.folder / "looking"
    until(lambda: looking.exists() and looking.read_text())
    send(run, number)

    assert run.wait(PATIENCE) == 21, live.said()
    until(lambda: not runs(int(looking.read_text())))
    assert list(live.world.iterdir()) == []
    assert live.entries("run") == []


def test_what_nohup_made_ignored_stays_ignored(live: Live) -> None:
    run = live.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    live.until_slow()
    send(run, signal.SIGHUP)
    live.go_on()

    assert run.wait(PATIENCE) == 0, live.said()


def _until_asked(terminal: int) -> None:
    said = b""
    while b"[y/N]" not in said:
        assert select.select([terminal], [], [], PATIENCE)[0]
        said += os.read(terminal, 4096)
