"""`kill_switch:` of a runbook: its steps exist, in this order, on a database, with a short lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cutter.language.problems import InvalidDocuments
from cutter.language.runbooks import load_runbook
from cutter.model.runbook import KillSwitch

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = """\
apiVersion: cutter/v1
runbook: site
title: A test
{place}
{switch}
steps:
  - {{name: One, enact: {{document: d, effective_from: "2026-07-01"}}}}
  - {{name: Two, enact: {{document: e, effective_from: "2026-07-01"}}}}
  - {{name: Three, enact: {{document: f, effective_from: "2026-07-01"}}}}
"""
_GOOD = "kill_switch: {on_before: two, off_after: three, lease: 15m}"


def written(folder: Path, switch: str, place: str = "database: governed") -> str:
    path = folder / "site.yml"
    path.write_text(_TEXT.format(switch=switch, place=place))
    return str(path)


def test_it_knows_all_steps_that_it_is_on_for(tmp_path: Path) -> None:
    assert load_runbook(written(tmp_path, _GOOD)).kill_switch == KillSwitch(
        "two", "three", "15m", ("two", "three")
    )
    assert load_runbook(written(tmp_path, "")).kill_switch is None


BAD = {
    "no such step": (_GOOD.replace("two", "tow"), "no step under steps: has the id 'tow'", "two"),
    "wrong order": (
        _GOOD.replace("on_before: two", "on_before: three").replace("off_after: three", "off_after: one"),
        "'one' comes before 'three'",
        "",
    ),
    "too long": (_GOOD.replace("15m", "5h"), "a lease of 5h is too long", "at most 4h"),
    "no duration": (_GOOD.replace("15m", "soon"), '"soon" does not match', ""),
    "unknown key": (_GOOD.replace("lease: 15m", "lease: 15m, on: yes"), "on", ""),
    "no lease": (_GOOD.replace(", lease: 15m", ""), "lease", ""),
    "as a word": ("kill_switch: on", "kill_switch", ""),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_meant_is_refused_at_its_place(bad: str, tmp_path: Path) -> None:
    switch, told, advice = BAD[bad]
    with pytest.raises(InvalidDocuments) as caught:
        load_runbook(written(tmp_path, switch))
    said = str(caught.value)
    assert "site.yml:5:" in said
    assert told in said
    assert advice in said


def test_only_a_database_has_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocuments, match="this runbook names none"):
        load_runbook(written(tmp_path, _GOOD, "hosts: all"))
