from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cutter.model.obligations import Duty, fold_obligations, marks_of

DUTY = "restart of web.service"
Entry = tuple[str, Mapping[str, Any]]
RUN: Entry = ("run", {"run": "r1"})
OWED: Entry = (
    "obligation",
    {"run": "r1", "runbook": "site", "target": "t", "owed": {DUTY: ["conf", "key"]}},
)


def told(step: str, outcome: str, *, run: str = "r1", target: str = "t", **more: Any) -> Entry:
    return "evidence", {"run": run, "target": target, "step": step, "outcome": outcome, **more}


def intends(run: str, *steps: str) -> Entry:
    return "intent", {"run": run, "target": "t", "steps": [{"step": step} for step in steps]}


def owed(*entries: Entry) -> dict[str, Any]:
    return dict(marks_of(fold_obligations([RUN, OWED, *entries]), "t"))


OK = told("key", "ok")


@pytest.mark.parametrize(
    ("entries", "marks"),
    [
        ([], (None,)),
        ([told("conf", "changed", marks={DUTY: "a"})], ("a", None)),
        ([told("conf", "changed", marks={DUTY: "a"}), OK], ("a",)),
        ([told("conf", "changed"), OK], (None,)),
        ([told("conf", "unknown"), OK], (None,)),
        ([told("conf", "failed", before={"x": 1}, observed={"x": 2}), OK], (None,)),
        ([told("conf", "failed", before=None, observed=None, world="it ran"), OK], (None,)),
        ([told("conf", "changed", run="r2"), OK], (None,)),
        ([told("conf", "ok", target="other"), OK], (None,)),
        ([told("web", "ok"), OK], (None,)),
    ],
)
def test_what_is_still_owed(entries: list[Entry], marks: tuple[Any, ...]) -> None:
    assert owed(*entries) == {DUTY: marks}


@pytest.mark.parametrize(
    "entries",
    [
        [told("conf", "ok"), OK],
        [told("conf", "skipped"), told("key", "stale")],
        [told("conf", "failed", before={"x": 1}, observed={"x": 1}), OK],
        [told("conf", "changed"), OK, told("web", "changed", settled={DUTY: "b"})],
        [told("web", "ok", run="r2", settled={DUTY: "b"})],
    ],
)
def test_what_is_void_or_done(entries: list[Entry]) -> None:
    assert owed(*entries) == {}


def test_what_a_revert_does_calls_for_it_anew_from_its_intent_on() -> None:
    done = [told("conf", "changed"), OK, told("web", "changed", settled={DUTY: "b"})]
    reverts: Entry = ("run", {"run": "r2", "reverts": "r1"})
    assert owed(*done, reverts) == {}
    assert owed(*done, reverts, intends("r2", "web", "conf")) == {DUTY: (None,)}
    back = told("conf", "compensated", run="r2", marks={DUTY: "c"})
    assert owed(*done, reverts, intends("r2", "conf"), back) == {DUTY: ("c",)}
    assert owed(*done, ("run", {"run": "r3"}), intends("r3", "conf")) == {}


def test_who_is_asked_for() -> None:
    duty = Duty("restart", "web.service", ("conf", "keys[b]"))
    assert str(duty) == DUTY
    assert duty.asked_by(["conf", "conf[x]", "keys[a]", "keys[b]", "other"]) == ["conf", "conf[x]", "keys[b]"]
