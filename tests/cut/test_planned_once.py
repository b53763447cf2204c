"""A plan is made once for the same bytes under the same grammar, and nothing else is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cut_texts import LAW, RULES, level

from cutter.cut import cutplan, planned_once
from cutter.cut.discover import InMemory
from cutter.cut.faults import InvalidSource
from cutter.cut.grammar import Grammar
from cutter.cut.planned_once import Summary, summed_up_once
from cutter.cut.tally import Expected

BODY = "The text of an article says what is so and what follows from it, no more.\n" * 8
LONG = "".join(f"### Article {n}. Title {n}\n\n{BODY}\n" for n in range(1, 1_001))
SHORT = "### Article 1. A\n\ntext\n"


@pytest.fixture(autouse=True)
def plans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Forget what this process and this user remember, and note every plan that is made from now on."""
    made: list[str] = []

    def noted(marks: cutplan.Marks) -> cutplan.Cutplan:
        made.append(marks.source.name)
        return cutplan.plan(marks)

    monkeypatch.setattr(planned_once, "plan", noted)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _forget(monkeypatch)
    return made


def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned_once, "_memory", planned_once._Memory())


def _sum(text: str, grammar: Grammar = LAW, expect: Expected = (), version: int = 1) -> Summary:
    return summed_up_once(InMemory("d", text, version).discover(grammar, expect))


def test_the_same_text_is_planned_once_in_a_process(plans: list[str]) -> None:
    first = _sum(SHORT)
    assert planned_once.planned_once(InMemory("d", SHORT).discover(LAW)).pin == first.pin
    assert (_sum(SHORT), plans) == (first, ["d"])


def test_another_text_grammar_version_or_count_is_planned_by_itself(plans: list[str]) -> None:
    _sum(SHORT)
    _sum(SHORT + "more\n")
    _sum(SHORT, LAW._replace(levels=(*LAW.levels, level("part", "Part {1}. {title}", 1))))
    _sum(SHORT, LAW._replace(expect=(("article", 1),)))
    _sum(SHORT, expect=(("article", 1), ("section", 0)))
    _sum(SHORT, version=2)
    assert len(plans) == 6
    with pytest.raises(InvalidSource):
        _sum(SHORT, RULES)
    with pytest.raises(InvalidSource, match="2 expected"):
        _sum(SHORT, expect=(("article", 2),))


def test_what_a_long_text_comes_to_outlives_the_process(
    plans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _sum(LONG)
    _forget(monkeypatch)
    assert (_sum(LONG), plans) == (first, ["d"])
    monkeypatch.setattr(planned_once, "_program", lambda: "another version")
    _forget(monkeypatch)
    assert (_sum(LONG), plans) == (first, ["d", "d"])


def test_a_remembered_plan_that_was_altered_is_not_believed(
    plans: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = _sum(LONG)
    (kept,) = (tmp_path / "cache" / "cutter" / "plans").iterdir()
    whole = kept.read_bytes()
    for content in (whole.replace(b"1000", b"1001"), whole[:-9], b"", b"\xff\n[]", b"{}"):
        kept.write_bytes(content)
        _forget(monkeypatch)
        assert _sum(LONG) == first
    assert len(plans) == 6


def test_a_large_plan_is_not_kept_whole(plans: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned_once, "KEPT_BYTES", 10)
    planned_once.planned_once(InMemory("d", SHORT).discover(LAW))
    planned_once.planned_once(InMemory("d", SHORT).discover(LAW))
    assert len(plans) == 2
