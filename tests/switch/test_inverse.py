"""The approval of a cut allows its exact inverse for a while, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from postgres import superuser

if TYPE_CHECKING:
    from switched import SwitchedProject


def cut(project: SwitchedProject, *words: str) -> str:
    """Apply an approved run, and name its cut."""
    project.apply(project.approved(project.production_run(), *words))
    return f"cut:{project.sql('SELECT max(cut_id) FROM cutter.cut')[0][0]}"


def test_a_cut_is_taken_back_under_the_approval_that_made_it(project: SwitchedProject) -> None:
    what = cut(project)
    answer = project.cutter("revert", "--yes", what)
    assert answer.code == 0, answer
    assert project.sql("SELECT count(*) FROM cutter.information_unit") == [(0,)]
    on, off = project.entries("switch")[2:]
    assert (on["turn"], on["inverse_of"], off["turn"]) == ("on", int(what[4:]), "off")
    assert [turn for _, turn in project.turns()] == ["on", "off", "on", "off"]
    assert project.switch() == []
    assert project.left_behind() == []
    answer = project.cutter("revert", "--yes", what)
    assert answer.code == 0  # and says so: there is nothing to take back a second time
    assert "taken back" in answer.out


def test_after_revert_until_the_approval_allows_nothing(project: SwitchedProject) -> None:
    what = cut(project, "--revert-until", "1s")
    project.sql("SELECT pg_sleep(GREATEST(0, extract(epoch FROM revert_until - clock_timestamp()))) "
                "FROM cutter.approval_use")  # fmt: skip
    answer = project.cutter("revert", "--yes", what)
    assert answer.code == 15, answer
    assert "allowed its inverse until" in answer.err
    assert project.entries("refusal")[-1]["exit_code"] == 15
    assert project.sql("SELECT count(*) FROM cutter.cut") == [(1,)]


def test_a_cut_that_no_approval_made_stays(project: SwitchedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    from switched import LEGS

    with project.switched_on(monkeypatch):
        project.apply(project.governed(LEGS))
    answer = project.cutter("revert", "--yes", "cut:1")
    assert answer.code == 16, answer
    assert "no approval on record made" in answer.err


WRITES = {
    "fn_document_create": (
        "SELECT cutter.fn_document_create('d', 1, 't', 'sha256:' || repeat('0', 64), 'g', NULL, 'back')"
    ),
    "fn_lifecycle_undo": "SELECT cutter.fn_lifecycle_undo('reading-room', 1, 'back')",
    "another cut": "SELECT cutter.fn_cut_compensate(999, 'back')",
    "another run": "SELECT cutter.fn_cut_compensate({cut}, 'other')",
}


@pytest.mark.parametrize("write", WRITES)
def test_under_the_inverse_nothing_else_is_written(project: SwitchedProject, write: str) -> None:
    from cutter.database.turning import HeldSwitch

    number = int(cut(project)[4:])
    identity = str(project.sql("SELECT cutter.database_identity()")[0][0])
    held = HeldSwitch(superuser(project.server, project.dbname), "back")
    held.turn_on_for_inverse(number, identity, 60)
    try:
        assert project.switch() == [("back", True)]
        with pytest.raises(psycopg.Error) as caught:
            project.sql(WRITES[write].format(cut=number))
        assert caught.value.sqlstate == "CT016", caught.value
    finally:
        assert held.turn_off()
