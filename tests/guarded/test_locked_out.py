"""An sshd that is really broken by a step puts itself back; what lets us in again stays."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from guarded.breakable import command, guards

from cutter.hosts import confirming

if TYPE_CHECKING:
    from guarded.breakable import Breakable

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.slow]


def test_who_is_locked_out_gets_in_again(breakable: Breakable, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:  # the first is to let it settle, the second comes after an attempt
            breakable.end_guards()
            breakable.until_decided()
        time.sleep(seconds)

    monkeypatch.setattr(confirming, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
    answer = breakable.project.cutter("apply", "--yes", breakable.locked_out(within="1h"))
    assert answer.code == 11, answer
    assert breakable.is_as_before()
    assert breakable.outcomes() == {
        "before": ("ok", ""),
        "config": ("compensated", "taken back"),
        "reload": ("compensated", "taken back"),
        "after": ("skipped", ""),
    }
    assert "not confirmed within 3600 s (it does not accept this user's keys)" in answer.out
    assert breakable.armed() == []
    assert guards(breakable.state) == []
    planned = breakable.project.cutter("plan", breakable.runbook(breakable.before))
    assert planned.code == 0, planned
    assert "4 steps, would 1 create" in planned.out


def test_what_lets_us_in_stays(breakable: Breakable) -> None:
    wanted = breakable.before.replace("LogLevel ERROR", "LogLevel INFO")
    site = breakable.runbook(wanted, within="60s")
    planned = breakable.project.cutter("plan", site)
    assert "guarded: confirmed within 60 s, or taken back" in planned.out
    assert breakable.project.json("plan", site)["plans"][0]["targets"][0]["steps"][1]["confirm"] == 60

    answer = breakable.project.cutter("apply", "--yes", site)
    assert answer.code == 0, answer
    assert breakable.config.read_text() == wanted
    assert breakable.outcomes() == {
        "before": ("ok", ""),
        "config": ("changed", "confirmed"),
        "reload": ("changed", "confirmed"),
        "after": ("changed", ""),
    }
    assert breakable.armed() == []
    assert breakable.project.cutter("verify", site).code == 0
    (intent,) = breakable.project.entries("intent")
    assert [step.get("confirm") for step in intent["steps"]] == [60, 60, None]


def test_a_plan_file_is_applied_with_its_guard(breakable: Breakable) -> None:
    plan = str(breakable.project.folder / "site.plan")
    assert breakable.project.cutter("plan", breakable.locked_out(), "-o", plan).code == 0
    assert breakable.project.cutter("apply", "--yes", plan).code == 11
    assert breakable.is_as_before()


def test_who_is_gone_for_good_is_unknown(breakable: Breakable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutter.hosts.confirming.GRACE_SECONDS", 1.0)
    ended = "{{ world }}/ended"
    answer = breakable.project.cutter(
        "apply",
        "--yes",
        breakable.runbook(
            breakable.before, within="6s", more=command(f"kill {breakable.pid}; touch {ended}", ended)
        ),
    )
    assert answer.code == 12, answer
    assert breakable.outcomes()["more"] == ("unknown", "armed")
    assert "out of reach since: nothing answers at its port of ssh" in answer.out
    breakable.until_decided()


def test_a_step_that_fails_takes_its_neighbours_back_at_once(breakable: Breakable) -> None:
    site = breakable.runbook(f"{breakable.before}\n", within="1h", more=command("exit 3", "/nonexistent"))
    answer = breakable.project.cutter("apply", "--yes", site)
    assert breakable.outcomes() == {
        "before": ("ok", ""),
        "config": ("compensated", "taken back"),
        "reload": ("compensated", "taken back"),
        "more": ("failed", "taken back"),
        "after": ("skipped", ""),
    }
    assert answer.code == 12, answer  # the command ran, and nobody knows what it did
    assert breakable.is_as_before()
