"""Signed checkpoints outside: every run leaves one; a rebuilt chain or a cut tail does not get past them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backup_keys import Keys
from project import Project

from cutter.gpg import certificate
from cutter.gpg.signing import signed_in
from cutter.ledger.chain import Entry, link
from cutter.ledger.checkpoint import Checkpoint, parse_kept
from cutter.ledger.sqlite import SqliteLedger

STEP = '  - {{name: One, file: {{path: "{{{{ world }}}}/one", content: {}}}}}\n'
SETTINGS = """\
checkpoint_to: {to}
checkpoint_key: {{certificate: checkpoint.asc, fingerprint: {fingerprint}, home: {home}}}
"""
Entries = list[Entry]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Make two keys; the first is that of the checkpoints."""
    return Keys(tmp_path_factory.mktemp("k"))


class Watched(Project):
    """A project that leaves checkpoints in a folder outside."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        """Pin the key and make the folder."""
        super().__init__(folder)
        self.keys = keys
        self.outside = folder / "outside"
        self.outside.mkdir()
        (folder / "inventory/here/checkpoint.asc").write_bytes(certificate(keys.home, keys.backup))
        with (folder / "inventory/here/environment.yml").open("a") as file:
            file.write(SETTINGS.format(to=self.outside, fingerprint=keys.backup, home=keys.home))

    def one(self, content: str) -> str:
        """Write the runbook that makes a file with this content, and return its path."""
        return self.runbook(STEP.format(content))

    def left(self) -> list[str]:
        """Return the names outside."""
        return sorted(path.name for path in self.outside.iterdir())

    def head(self) -> Entry:
        """Return the last entry."""
        with SqliteLedger.read(str(self.ledger_folder), environment="here") as ledger:
            head = ledger.head()
        assert head is not None
        return head

    def verified(self, code: int = 0) -> str:
        """Verify against the folder outside, check the exit code, and return what is said."""
        answer = self.cutter("ledger", "verify", "--checkpoint", str(self.outside))
        assert answer.code == code, answer
        assert "Traceback" not in answer.err
        return answer.out + answer.err

    def rebuilt(self, change: Callable[[Entries], Entries]) -> None:
        """Make the whole chain anew as its owner could, by the code that made it, after a change."""
        with sqlite3.connect(self.ledger_folder / "ledger.db", isolation_level=None) as connection:
            columns = ", ".join(Entry._fields)
            entries = [
                Entry._make(row) for row in connection.execute(f"SELECT {columns} FROM entry ORDER BY seq")
            ]
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in triggers:
                connection.execute(f'DROP TRIGGER "{name}"')
            connection.execute("DELETE FROM entry")
            marks = ", ".join("?" * len(Entry._fields))
            for entry in _linked(change(entries)):
                connection.execute(f"INSERT INTO entry ({columns}) VALUES ({marks})", entry)
        connection.close()


def _linked(entries: Entries) -> Iterator[Entry]:
    previous = None
    for each in entries:
        previous = link(previous, each.kind, each.body, each.at, each.actor)
        yield previous


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
    project.rebuilt(attack)
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
    project.rebuilt(lambda entries: without_its_tail(one_changed(entries)))
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
