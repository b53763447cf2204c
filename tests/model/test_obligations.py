from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

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
    return dict(marks_of(fold_obligations([RUN, OWED, *entries]), "t", ""))


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
        ([told("conf", "failed", before={"x": 1}, observed={"x": 1}, guard="taken back"), OK], (None,)),
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


def word(**about: str) -> Entry:
    return "resolve", {"resolves": "r1", "reason": "it is gone", **about}


def test_a_word_ends_one_duty_on_one_target() -> None:
    assert owed(word(owed=DUTY, target="t")) == {}
    for other in ({}, {"owed": DUTY}, {"owed": "reload of web.service", "target": "t"}):
        assert owed(word(**other)) != {}
    assert owed(word(owed=DUTY, target="other")) != {}
    assert owed(word(owed=DUTY, target="t", resolves="r2")) != {}


def test_a_revert_after_such_a_word_owes_it_anew() -> None:
    back: Entry = ("run", {"run": "r2", "reverts": "r1"})
    assert owed(word(owed=DUTY, target="t"), back, intends("r2", "conf")) == {DUTY: (None,)}


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


def at(entry: Entry, target: str, identity: str, run: str = "") -> Entry:
    """Return an entry as it is told of a machine, under a name, perhaps of another run."""
    return entry[0], {**entry[1], "target": target, "identity": identity, "run": run or entry[1]["run"]}


DONE = told("web", "ok", run="r2", settled={DUTY: "b"})
CHANGED = at(OWED, "old", "m1"), at(told("conf", "changed", marks={DUTY: "a"}), "old", "m1")
HERE: list[Entry] = [RUN, *CHANGED, at(OK, "old", "m1")]


def handed(entries: list[Entry], target: str, identity: str) -> dict[str, Any]:
    return dict(marks_of(fold_obligations(entries), target, identity))


def test_what_is_owed_follows_the_machine_and_not_its_name() -> None:
    assert handed(HERE, "new", "m1") == handed(HERE, "old", "m1") == {DUTY: ("a",)}
    assert handed(HERE, "old", "m2") == handed(HERE, "new", "m2") == handed(HERE, "new", "") == {}
    assert handed(HERE, "old", "") == handed(HERE, "old", "hostname:old") == {DUTY: ("a",)}


def test_a_host_name_is_no_identity() -> None:
    entries = [RUN, at(OWED, "old", "hostname:x")]
    assert handed(entries, "new", "hostname:x") == {}
    assert set(handed(entries, "old", "hostname:y")) == set(handed(entries, "old", "m1")) == {DUTY}


def test_a_look_at_another_machine_settles_nothing() -> None:
    assert handed([*HERE, at(DONE, "old", "m2")], "old", "m1") == {DUTY: ("a",)}
    assert handed([*HERE, at(DONE, "new", "m2")], "new", "m1") == {DUTY: ("a",)}
    assert fold_obligations([*HERE, at(DONE, "old", "m1")]) == []


def test_a_look_under_another_name_settles_it_under_that_name_alone() -> None:
    """Two machines that were copied from one disk have one identity."""
    done = [*HERE, at(DONE, "new", "m1")]
    assert handed(done, "new", "m1") == {}
    assert handed(done, "old", "m1") == {DUTY: ("a",)}
    again = at(told("conf", "changed", marks={DUTY: "c"}), "old", "m1")
    assert handed([*done, again], "new", "m1") == {DUTY: ("c",)}


def test_it_says_which_machine_is_meant() -> None:
    now = at(told("conf", "ok"), "old", "m2", "r3"), at(told("conf", "ok"), "new", "m1", "r3")
    (found,) = fold_obligations([*HERE, *now])
    assert (found.identity, found.stranger, found.names) == ("m1", "m2", ("new",))
    (found,) = fold_obligations(HERE)
    assert (found.stranger, found.names) == ("", ())


def runs(names: Sequence[str], identity: str, told_of: Sequence[Sequence[Entry]]) -> list[Entry]:
    """Return runs on one machine, each under the next of these names."""
    found: list[Entry] = []
    for number, (name, entries) in enumerate(zip(cycle(names), told_of)):
        run = f"{identity}-{number}"
        found += [("run", {"run": run}), *(at(each, name, identity, run) for each in entries)]
    return found


CHANGES = told("conf", "changed", marks={DUTY: "a"})
TOLD = some.lists(some.sampled_from([OWED, CHANGES, told("conf", "ok"), OK, told("key", "unknown"), DONE]))
RUNS = some.lists(TOLD.map(lambda found: [OWED, *found]), min_size=1, max_size=4)
NAMES = some.lists(some.sampled_from(["t", "u", "v"]), min_size=1, max_size=4)


@given(RUNS, NAMES, RUNS, NAMES)
def test_however_a_machine_is_called_nothing_is_forgotten_and_nothing_of_another_is_added(
    mine: list[list[Entry]], names: list[str], others: list[list[Entry]], other_names: list[str]
) -> None:
    always, renamed = runs(["t"], "m1", mine), runs(names, "m1", mine)
    last = names[(len(mine) - 1) % len(names)]
    assert handed(always, "t", "m1").keys() <= handed(renamed, last, "m1").keys()
    beside = runs(other_names, "m2", others)
    for mixed in ([*renamed, *beside], [*beside, *renamed]):
        assert handed(mixed, last, "m1") == handed(renamed, last, "m1")
