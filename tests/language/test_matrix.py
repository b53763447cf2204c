"""The gap matrix file: what it declares, and that nothing in it can close a gap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutter.language.matrix import load_matrix
from cutter.language.problems import InvalidDocuments

if TYPE_CHECKING:
    from malformed_corpus import Write

ROOT = Path(__file__).parents[2]
HEAD = 'apiVersion: cutter/v1\nmatrix: {macro: m, date_utc: "2026-05-21", gate: G8}\ngaps:\n'
GAP = """  - id: GAP5
    title: Directories
    baseline:
      pre: {status: OPEN}
      post: {status: PARTIAL, note: half}
      as_of: "2026-05-21"
    blocks_first_production_run: yes
    reason: runtime
    requires: []
    evidence_max_age: 30d
    done: [one, two]
    objectives:
      - {runbook: gap5.yml, steps: all}
      - {runbook: other.yml, steps: [a, b], proof: true}
"""


def test_a_gap_is_what_its_declaration_says(write: Write) -> None:
    path = write("gap-matrix.yml", HEAD + GAP)
    matrix = load_matrix(path)
    (gap,) = matrix.gaps
    assert (matrix.header.macro, matrix.header.date, matrix.header.gate) == ("m", "2026-05-21", "G8")
    assert (gap.id, gap.blocks, gap.max_age_seconds, gap.done) == ("GAP5", "yes", 30 * 86400, "one\ntwo")
    assert (gap.pre.status, gap.post.status, gap.post.note, gap.post.as_of) == (
        "OPEN",
        "PARTIAL",
        "half",
        "2026-05-21",
    )
    assert [(one.runbook, one.steps, one.proof) for one in gap.objectives] == [
        ("gap5.yml", "all", False),
        ("other.yml", ("a", "b"), True),
    ]
    assert str(gap.place) == f"{path}:4:9"
    assert str(gap.objectives[1].place) == f"{path}:17:9"


def test_evidence_counts_for_ever_where_nothing_else_is_said(write: Write) -> None:
    text = GAP.replace("    evidence_max_age: 30d\n", "")
    assert load_matrix(write("gap-matrix.yml", HEAD + text)).gaps[0].max_age_seconds is None


@pytest.mark.parametrize(
    "case",
    [
        ("    reason:", "    status: CLOSED\n    reason:", "11:5", "unknown key 'status'", ""),
        ("{runbook: gap5.yml,", "{runbook: gap5.yml, closed: true,", "16:29", "unknown key 'closed'", ""),
        ("production_run: yes", "production_run: maybe", "10:34", "is not one of", ""),
        ("production_run: yes", "production_run: recomended", "10:34", "is not one of", "recommended"),
        ("status: OPEN", "status: open", "7:21", "is not one of", "OPEN"),
        ("age: 30d", "age: 30 days", "13:23", "does not match", ""),
        ("requires: []", "requires: [GAP6]", "12:16", "there is no gap 'GAP6'", "GAP5"),
        ("requires: []", "requires: [GAP5]", "12:16", "require each other", ""),
        ("    title: Directories\n", "", "4:5", "title is missing", ""),
        ("runbook: gap5.yml", "runbook: /etc/gap5.yml", "16:19", "does not match", ""),
        ("steps: all", "steps: al", "16:36", "is not all", "all"),
        ('as_of: "2026-05-21"', "as_of: 2026-05-21", "9:14", "is a date in YAML 1.1", "2026-05-21"),
        (GAP, GAP + GAP, "18:9", "the gap 'GAP5' is declared twice", ""),
    ],
)
def test_what_is_wrong_is_told_at_its_place(write: Write, case: Sequence[str]) -> None:
    old, new, place, what, meant = case
    path = write("gap-matrix.yml", HEAD + GAP.replace(old, new, 1))
    with pytest.raises(InvalidDocuments) as caught:
        load_matrix(path)
    problem = caught.value.problems[0]
    assert str(problem.position) == f"{path}:{place}"
    assert what in problem.what
    assert problem.suggestion == meant


def test_the_matrix_of_the_project_loads() -> None:
    matrix = load_matrix(ROOT / "runbooks" / "gap-matrix.yml")
    assert [gap.id for gap in matrix.gaps] == ["F1", "F2", "F3", "F4", "GAP5", "GAP6", "GAP7", "GAP8"]
