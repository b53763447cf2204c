"""A bug of our own after the first intent: exit 12 and never 1, the step unknown, the rest skipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cutter.agent.running import Agent
from cutter.model.evidence import Evidence
from cutter.resources.target.file import File

if TYPE_CHECKING:
    from faults.live import Live

OUTCOMES = {"first": "changed", "slow": "unknown", "last": "skipped"}


class Bug(Exception):
    """What nobody thought of."""


@pytest.fixture(autouse=True)
def open_gate(live: Live) -> None:
    live.go_on()


def test_in_the_target(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Agent.apply

    def breaks(*args: object) -> Iterator[Evidence]:
        results = original(*args)  # type: ignore[arg-type]
        yield next(results)
        raise Bug

    monkeypatch.setattr(Agent, "apply", breaks)
    answer = live.cutter("apply", "--yes", live.site)

    assert answer.code == 12, answer
    assert live.outcomes() == OUTCOMES
    assert "internal error: Bug at " in answer.out
    assert [body["exit_code"] for body in live.entries("end")] == [12]


def test_in_a_type(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object) -> None:
        raise Bug(args)

    monkeypatch.setattr(File, "apply", breaks)

    assert live.cutter("apply", "--yes", live.site).code == 11  # a fresh look says that nothing was changed
    assert live.outcomes() == {"first": "failed", "slow": "skipped", "last": "skipped"}


def test_in_what_is_told(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object) -> None:
        raise Bug(args)

    monkeypatch.setattr("cutter.cli._printing.print_outcome", breaks)
    answer = live.cutter("apply", "--yes", live.site)

    assert answer.code == 12, answer
    assert "internal error: Bug" in answer.err
    assert live.outcomes() == {"first": "changed"}
    assert "slow" in live.cutter("runs").out
    monkeypatch.undo()
    assert live.cutter("apply", "--yes", live.site).code == 0


def test_before_the_first_intent(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object) -> None:
        raise Bug(args)

    monkeypatch.setattr("cutter.app.planning.plan_target", breaks)

    assert live.cutter("apply", "--yes", live.site).code == 1
    assert live.entries("run") == []
