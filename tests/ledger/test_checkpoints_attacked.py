"""A rebuilt chain, a cut tail, a ledger begun again and forged checkpoints do not get past those outside."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from checkpointed import Entries, Watched, checkpoint_keys, one_changed, rebuilt, watched, without_its_tail
from project import gap_matrix

from cutter.gpg.signing import signed_in
from cutter.ledger.checkpoint import parse_kept
from cutter.ledger.sqlite import SqliteLedger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backup_keys import Keys

__all__ = ["checkpoint_keys", "watched"]


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
