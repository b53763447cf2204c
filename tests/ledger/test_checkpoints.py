"""Signed checkpoints outside: every run leaves one; a rebuilt chain or a cut tail does not get past them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from checkpointed import STEP, Entries, Watched, checkpoint_keys, rebuilt
from project import Project, gap_matrix

from cutter.gpg.signing import signed_in
from cutter.ledger.checkpoint import Checkpoint, parse_kept
from cutter.ledger.sqlite import SqliteLedger

if TYPE_CHECKING:
    from backup_keys import Keys

__all__ = ["checkpoint_keys"]


def one_changed(entries: Entries) -> Entries:
    changed = [each._replace(body=each.body.replace('"exit_code":11', '"exit_code":0')) for each in entries]
    return [each._replace(actor="somebody else") if each.seq == 2 else each for each in changed]


def without_its_tail(entries: Entries) -> Entries:
    return entries[:-3]


@pytest.fixture
def project(tmp_path: Path, keys: Keys) -> Watched:
    """Give a project that made two runs, each with its checkpoint."""
    project = Watched(tmp_path, keys)
    project.apply(project.one("first"))
    project.apply(project.one("second"))
    return project


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


@pytest.mark.parametrize(
    ("attack", "told"),
    [(one_changed, "was rewritten: the checkpoint of"), (without_its_tail, "the tail was cut")],
)
def test_a_chain_that_was_made_anew(
    attack: Callable[[Entries], Entries], told: str, project: Watched
) -> None:
    rebuilt(project, attack)
    assert project.cutter("ledger", "verify").code == 0, "the chain alone is sound"

    assert told in project.verified(18)
    newest = str(project.outside / project.left()[-1])
    assert project.cutter("ledger", "verify", "--checkpoint", newest).code == 18
    before, entries = project.left(), project.head().seq
    for verb in (["apply", "--yes"], ["verify"]):
        answer = project.cutter(*verb, project.one("third"))
        assert answer.code == 18, answer
        assert told in answer.err
    assert (project.world / "one").read_text() == "second"
    assert (project.left(), project.head().seq) == (before, entries), "nothing is added to such a chain"


def test_a_chain_that_was_made_anew_before_a_later_checkpoint(project: Watched) -> None:
    newest = project.outside / project.left()[-1]
    aside = newest.read_bytes()
    newest.unlink()
    rebuilt(project, lambda entries: without_its_tail(one_changed(entries)))
    (project.outside / project.left()[0]).rename(project.folder / "first")
    with SqliteLedger.read(str(project.ledger_folder), environment="here") as ledger:
        known = ledger.checkpoint()
    assert known is not None
    text = known.text().encode()
    forged = text + signed_in(project.keys.home, text, project.keys.backup)  # root has the key, too
    (project.outside / known.file_name).write_bytes(forged)
    assert "1 of" in project.verified()
    shutil.move(
        project.folder / "first",
        project.outside / parse_kept((project.folder / "first").read_bytes(), "").checkpoint.file_name,
    )
    assert "was rewritten" in project.verified(18), "what stands outside from before tells"
    newest.write_bytes(aside)
    assert "the tail was cut" in project.verified(18)


def test_no_gap_is_closed_by_a_chain_that_was_made_anew(tmp_path: Path, keys: Keys) -> None:
    project = Watched(tmp_path, keys)
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    assert project.cutter("verify", project.one("first")).code == 2
    rebuilt(
        project, lambda entries: [each._replace(body=each.body.replace("drifted", "ok")) for each in entries]
    )
    answer = project.cutter("gaps")
    assert answer.code == 18, answer
    assert "was rewritten" in answer.err
    assert "CLOSED" not in answer.out


def test_each_run_of_a_command_leaves_its_own(project: Watched) -> None:
    before = len(project.left())
    second = project.runbook(STEP.format("other").replace("/one", "/two"), name="other")
    project.apply(project.one("third"), second)
    assert len(project.left()) == before + 2


def test_a_ledger_that_is_gone_is_not_begun_anew(project: Watched) -> None:
    shutil.rmtree(project.ledger_folder)
    answer = project.cutter("apply", "--yes", project.one("third"))
    assert answer.code == 18, answer
    assert "this is not the ledger of the checkpoint" in answer.err
    assert not project.ledger_folder.exists()
    assert "there is no ledger, and the checkpoint remembers one" in project.verified(18)


def _unsigned(_: Watched, text: bytes) -> bytes:
    return text


def _by_another(project: Watched, text: bytes) -> bytes:
    return text + signed_in(project.keys.other_home, text, project.keys.other)


def _of_another_text(project: Watched, text: bytes) -> bytes:
    other = text.replace(b"seq 1", b"seq 2")
    return text + signed_in(project.keys.home, other, project.keys.backup)


@pytest.mark.parametrize(
    ("forger", "told"),
    [
        (_unsigned, "this checkpoint is not signed"),
        (_by_another, "is not pinned here"),
        (_of_another_text, "is not over these bytes"),
    ],
)
def test_one_that_does_not_count(
    forger: Callable[[Watched, bytes], bytes], told: str, project: Watched
) -> None:
    path = project.outside / project.left()[-1]
    text = parse_kept(path.read_bytes(), "").checkpoint.text().encode()
    path.write_bytes(forger(project, text))
    assert told in project.verified(18)
    assert told in project.cutter("ledger", "verify", "--checkpoint", str(path)).out
    assert told in project.cutter("apply", "--yes", project.one("third")).err
    assert (project.world / "one").read_text() == "second"


def test_one_that_is_called_like_a_later_one(project: Watched) -> None:
    shutil.copy(project.outside / project.left()[0], project.outside / "checkpoint-000000000999.txt")
    assert "this is the checkpoint of entry" in project.verified(18)
    assert project.cutter("apply", "--yes", project.one("third")).code == 18


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
