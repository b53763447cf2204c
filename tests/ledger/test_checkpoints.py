"""Signed checkpoints outside: every run leaves one, or says and records why it could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from checkpointed import STEP, Watched, checkpoint_keys, rebuilt, watched, without_its_tail
from project import Project

from cutter.ledger.checkpoint import Checkpoint, parse_kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["checkpoint_keys", "watched"]


def test_every_run_leaves_one_that_covers_it(project: Watched) -> None:
    assert len(project.left()) == 2
    head = project.head()
    assert project.left()[-1] == f"checkpoint-{head.seq:012d}.txt"
    kept = parse_kept((project.outside / project.left()[-1]).read_bytes(), "")
    assert (kept.checkpoint.seq, kept.checkpoint.hash) == (head.seq, head.hash)
    assert f"2 of {project.outside} agree; the newest (signed) is of entry {head.seq}" in project.verified()
    assert project.cutter("verify", project.one("second")).code == 0
    assert len(project.left()) == 3
    first, *_, last = project.entries("checkpoint")
    assert (first["follows"], first["key"]) == (0, project.keys.backup)
    assert last["follows"] == head.seq


def test_what_adds_nothing_leaves_none(project: Watched) -> None:
    before = project.left()
    assert project.cutter("plan", project.one("third")).code == 0
    assert project.cutter("revert", "nothing").code != 0
    assert project.left() == before


def test_a_refused_run_leaves_one_too(project: Watched) -> None:
    (project.world / "one").unlink()
    (project.world / "one").mkdir()
    assert project.cutter("apply", "--yes", project.one("third")).code == 10
    assert project.left()[-1] == f"checkpoint-{project.head().seq:012d}.txt"


def test_each_run_of_a_command_leaves_its_own(project: Watched) -> None:
    before = len(project.left())
    second = project.runbook(STEP.format("other").replace("/one", "/two"), name="other")
    project.apply(project.one("third"), second)
    assert len(project.left()) == before + 2


def _away(project: Watched) -> None:
    project.outside.rename(project.folder / "elsewhere")


def _not_mounted(project: Watched) -> None:
    _away(project)
    project.outside.mkdir()


def _without_the_key(project: Watched) -> None:
    key = project.folder / "inventory/here/environment.yml"
    key.write_text(key.read_text().replace(project.keys.home, f"{project.folder}/nowhere"))


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (_away, "there is no such folder"),
        (_not_mounted, "is there no longer: is the place mounted?"),
        (_without_the_key, "no checkpoint of the ledger could be left outside"),
    ],
)
def test_a_place_that_is_not_there_is_said_and_recorded(
    trouble: Callable[[Watched], None], told: str, project: Watched
) -> None:
    trouble(project)
    answer = project.cutter("apply", "--yes", project.one("third"), "--json")
    assert answer.code == 18, answer
    assert told in answer.err
    assert "what the command did stands" in answer.err
    assert '"exit_code": 0' in answer.out or '"exit_code":0' in answer.out
    assert (project.world / "one").read_text() == "third"
    assert project.entries("end")[-1]["exit_code"] == 0
    assert "missing" in project.entries("checkpoint")[-1]
    assert project.cutter("ledger", "verify").code == 0


def test_a_run_that_failed_keeps_its_own_code(project: Watched) -> None:
    _away(project)
    (project.world / "one").unlink()
    (project.world / "one").mkdir()
    answer = project.cutter("apply", "--yes", project.one("third"))
    assert answer.code == 10, answer
    assert "no checkpoint of the ledger could be left" in answer.err


def test_the_place_is_back_and_the_next_one_covers_all(project: Watched) -> None:
    _away(project)
    assert project.cutter("apply", "--yes", project.one("third")).code == 18
    (project.folder / "elsewhere").rename(project.outside)
    assert project.cutter("apply", "--yes", project.one("third")).code == 0
    assert "3 of" in project.verified()


def test_one_made_by_hand_is_signed_where_there_is_a_key(project: Watched) -> None:
    path = project.folder / "by-hand"
    path.write_text(project.cutter("ledger", "checkpoint").out)
    answer = project.cutter("ledger", "verify", "--checkpoint", str(path))
    assert answer.code == 0, answer
    assert "the newest (signed)" in answer.out
    path.write_text(path.read_text().partition("-----BEGIN")[0])
    assert project.cutter("ledger", "verify", "--checkpoint", str(path)).code == 18


def test_without_a_key_one_made_by_hand_is_as_good_as_its_place(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apply(project.runbook(STEP.format("x")))
    path = tmp_path / "by-hand"
    path.write_text(project.cutter("ledger", "checkpoint").out)
    answer = project.cutter("ledger", "verify", "--checkpoint", str(path))
    assert (answer.code, "as good as the place" in answer.out) == (0, True), answer


def test_the_doctor_says_how_it_stands(project: Watched) -> None:
    def told() -> tuple[str, str]:
        (check,) = (each for each in project.json("doctor")["checks"] if each["name"] == "checkpoints")
        return check["status"], check["seen"]

    assert told() == ("ok", f"the newest, of entry {project.head().seq}, agrees with the ledger")
    newest = project.outside / project.left()[-1]
    newest.rename(project.folder / "newest")
    assert told()[0] == "warn"
    (project.folder / "newest").rename(newest)
    rebuilt(project, without_its_tail)
    assert "the tail was cut" in told()[1]
    _away(project)
    assert told() == ("fail", f"{project.outside} is not there: is the place mounted?")


def test_words_that_make_no_sense(project: Watched) -> None:
    assert project.cutter("ledger", "verify", "--checkpoint", "/nowhere").code == 64
    (project.folder / "empty").mkdir()
    answer = project.cutter("ledger", "verify", "--checkpoint", str(project.folder / "empty"))
    assert (answer.code, "there is no checkpoint here" in answer.err) == (18, True)
    known = Checkpoint("0a" * 16, 12, "v1:" + "b" * 64, "2026-05-21T07:08:09.123Z")
    (project.folder / "foreign").write_text(known.text())
    assert project.cutter("ledger", "verify", "--checkpoint", str(project.folder / "foreign")).code == 18


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("checkpoint_to:", "#", "checkpoint_key: needs checkpoint_to beside it"),
        ("checkpoint_key:", "#", "checkpoint_to: needs checkpoint_key beside it"),
        ("/outside", "/here/ledger/outside", "lies in the folder of the ledger"),
        ("home:", "hom:", "hom"),
    ],
)
def test_settings_that_make_no_sense(old: str, new: str, told: str, project: Watched) -> None:
    path = project.folder / "inventory/here/environment.yml"
    path.write_text(path.read_text().replace(old, new))
    answer = project.cutter("gaps")
    assert answer.code == 65, answer
    assert told in answer.err
