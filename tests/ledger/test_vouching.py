"""Nothing is added to a chain that does not verify; a long one is checked from where it was checked last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_contract import evidence
from project import Project

from cutter.errors import LedgerError
from cutter.ledger import vouching
from cutter.ledger.sqlite import SqliteLedger

STEP = '  - {name: One, file: {path: "{{ world }}/one", content: x}}\n'


def opened(place: Path) -> SqliteLedger:
    return SqliteLedger.open(str(place), create=True, environment="proof")


def edit(place: Path, seq: int, statement: str = "UPDATE entry SET body = '{}' WHERE seq = ?") -> None:
    with sqlite3.connect(place / "ledger.db") as connection:
        for trigger in ("entry_no_update", "entry_no_delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        connection.execute(statement, [seq])
    connection.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the number of each entry that is read page by page."""
    noted = list[int]()
    original = SqliteLedger._pages

    def pages(self: SqliteLedger, query: str, after: int = 0, **values: object) -> Iterator[object]:
        for entry in original(self, query, after, **values):
            noted.append(entry.seq)
            yield entry

    monkeypatch.setattr(SqliteLedger, "_pages", pages)
    return noted


def checked(place: Path) -> None:
    with opened(place) as ledger:
        vouching.refuse_broken_since(ledger, str(place))


def long(place: Path) -> None:
    """Make a chain that was checked up to entry 1,001, and has three more."""
    with opened(place) as ledger:
        ledger.append([evidence(number) for number in range(vouching.SHORT)])
    checked(place)
    with opened(place) as ledger:
        ledger.append([evidence(number) for number in range(3)])


def test_what_was_checked_is_not_read_again(tmp_path: Path, reads: list[int]) -> None:
    long(tmp_path)
    reads.clear()
    checked(tmp_path)
    assert reads == [1002, 1003, 1004]
    assert (tmp_path / "checked").stat().st_mode & 0o777 == 0o600


def test_a_short_chain_is_read_whole_and_leaves_no_note(tmp_path: Path, reads: list[int]) -> None:
    with opened(tmp_path) as ledger:
        ledger.append([evidence(number) for number in range(3)])
    checked(tmp_path)
    assert reads == [1, 2, 3, 4]
    assert not (tmp_path / "checked").exists()


@pytest.mark.parametrize(
    ("seq", "statement", "told"),
    [
        (1003, "UPDATE entry SET body = '{}' WHERE seq = ?", "entry 1003 was edited"),
        (1001, "UPDATE entry SET body = '{}' WHERE seq = ?", "entry 1001 was edited"),
        (1002, "DELETE FROM entry WHERE seq = ?", "entry 1002 is missing"),
        (900, "DELETE FROM entry WHERE seq >= ?", "the tail was cut: the ledger ends at entry 899"),
    ],
)
def test_what_was_done_since_is_found(tmp_path: Path, seq: int, statement: str, told: str) -> None:
    long(tmp_path)
    edit(tmp_path, seq, statement)
    with pytest.raises(LedgerError, match=told):
        checked(tmp_path)


@pytest.mark.parametrize("note", [b"", b"\xff\xff", b"nonsense"])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, note: bytes, reads: list[int]) -> None:
    long(tmp_path)
    (tmp_path / "checked").write_bytes(note)
    reads.clear()
    checked(tmp_path)
    assert len(reads) == 1004


def test_a_note_of_another_ledger_is_none(tmp_path: Path, reads: list[int]) -> None:
    long(tmp_path)
    (tmp_path / "ledger.db").unlink()
    reads.clear()
    checked(tmp_path)
    assert reads == [1]


@pytest.mark.parametrize("verb", [["apply", "--yes"], ["verify"]])
def test_a_converged_run_adds_nothing_to_a_broken_chain(tmp_path: Path, verb: list[str]) -> None:
    project = Project(tmp_path)
    site = project.runbook(STEP)
    project.apply(site)
    edit(project.ledger_folder, 2)

    answer = project.cutter(*verb, site)

    assert answer.code == 18, answer
    assert "entry 2 was edited" in answer.err
    with SqliteLedger.read(str(project.ledger_folder), environment="here") as ledger:
        assert sum(1 for _ in ledger.entries({"run"})) == 1
