"""Hundreds of targets in one screen: names in ranges, each reason once."""

from __future__ import annotations

from cutter.model.evidence import Evidence, Outcome
from cutter.report.host_names import compact, shortened
from cutter.report.kept_out import KeptOut, kept_out_lines
from cutter.report.run_text import compensation_lines, fleet_failure_lines, left_lines, names_lines

NAMES = [f"web{number:03}" for number in range(1, 201)]


def refused(reason: str) -> list[Evidence]:
    return [
        Evidence(step, "file", "h", Outcome.BLOCKED, reason=reason, remedy="do it", refusal=10)
        for step in ("one", "two")
    ]


def test_names_are_cut_to_a_line() -> None:
    assert shortened(NAMES, 6) == "web[001-200]"
    assert shortened(["a", "b", "c"], 2) == "a, b and 1 more"
    assert compact([]) == ""


def test_which_target_ended_how_is_a_line_for_each_outcome() -> None:
    worst = [(name, "failed" if name == "web007" else "ok") for name in NAMES]
    assert list(names_lines(worst)) == ["  ok: web[001-006], web[008-200]", "  failed: web007"]
    odd = [(name, "ok") for name in NAMES[::2]]
    assert len("".join(names_lines(odd))) < 80


def test_what_is_the_same_of_many_is_said_once() -> None:
    told = list(fleet_failure_lines([(name, refused("no room")) for name in NAMES], colour=False))
    assert told == [
        "blocked: all 2 steps on web[001-200] (200 targets)",
        "  cause: no room",
        "  world: nothing was begun there",
        "  next for web001: do it",
    ]
    assert list(left_lines((name, ["run R broke off there"]) for name in NAMES)) == [
        "web[001-200]: run R broke off there; it was looked at again"
    ]


def test_what_could_not_be_taken_back_is_not_said_to_be_unchanged() -> None:
    gone = Evidence("site", "file", "h", Outcome.UNOBSERVABLE, reason="it does not answer", refusal=69)
    assert list(compensation_lines("web1", [gone])) == [
        "unobservable: site on web1",
        "  cause: it does not answer",
        "  world: it was not taken back",
    ]


def test_targets_that_are_kept_out_are_grouped_by_reason() -> None:
    out = [
        KeptOut("web1", "gone", "ssh web1"),
        KeptOut("db", "full", ""),
        KeptOut("web2", "gone", "ssh web2"),
    ]
    assert list(kept_out_lines(out, colour=False)) == [
        "  x web1, web2 (2 targets): gone",
        "      next for web1: ssh web1",
        "  x db: full",
    ]


def test_what_somebody_else_has_changed_is_not_said_to_be_ours() -> None:
    seen = [Evidence("a", "file", "h", Outcome.STALE, before={"mode": "0600"}, observed={"mode": "0644"})]
    told = list(fleet_failure_lines([("web1", seen)], colour=False))
    assert "  world: this step changed nothing; somebody else did: mode 0600 -> 0644" in told


def test_what_nobody_saw_is_one_line_for_all_steps() -> None:
    seen = [Evidence("a", "file", "h", Outcome.UNKNOWN, reason="gone")]
    seen += [Evidence(step, "file", "h", Outcome.UNKNOWN, reason="broke off at a") for step in "bcd"]
    assert [line for line in fleet_failure_lines([("web1", seen)], colour=False) if "cause" not in line] == [
        "unknown: a on web1",
        "  world: not known; the next run looks",
        "unknown: b and 2 more on web1",
        "  world: not known; the next run looks",
    ]
