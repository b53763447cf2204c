"""The SQLite store: the contract, and what is its own: files, readers that write nothing, complaints."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from laws import snapshot
from ledger_contract import LedgerContract, evidence

from cutter.errors import LedgerError, LockHeld
from cutter.ledger import sqlite_file
from cutter.ledger.sqlite import FILE, SqliteLedger


class TestSqlite(LedgerContract):
    """The contract over SQLite."""

    def open(self, place: Path, environment: str = "proof", **options: Any) -> SqliteLedger:
        return SqliteLedger.open(str(place), create=True, environment=environment, **options)

    def read(self, place: Path, environment: str = "proof") -> SqliteLedger:
        return SqliteLedger.read(str(place), environment=environment)

    def edit(self, place: Path, seq: int, /, **columns: object) -> None:
        words = ", ".join(f"{name} = ?" for name in columns)
        _attack(place, f"UPDATE entry SET {words} WHERE seq = ?", *columns.values(), seq)

    def delete(self, place: Path, first: int, last: int) -> None:
        _attack(place, "DELETE FROM entry WHERE seq BETWEEN ? AND ?", first, last)

    def opening_script(self, place: Path) -> str:
        call = f"SqliteLedger.open({str(place)!r}, create=True, environment='proof')"
        return f"from cutter.ledger.sqlite import SqliteLedger; open_ledger = lambda: {call}"


def _attack(place: Path, statement: str, *values: object) -> None:
    """Act as someone who owns the file: no trigger, no check."""
    connection = sqlite3.connect(place / FILE, isolation_level=None)
    for trigger in ("entry_no_update", "entry_no_delete", "entry_one_line"):
        connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    (table,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entry'").fetchone()
    if "json_valid" in table:
        connection.execute("ALTER TABLE entry RENAME TO guarded")
        for guard in (
            "NOT NULL",
            "CHECK (json_valid(body))",
            "GENERATED ALWAYS AS (json_extract(body, '$.run'))",
        ):
            table = table.replace(guard, "").replace("VIRTUAL", "")
        connection.execute(table)
        names = "seq, prev, hash, kind, body, at, actor"
        connection.execute(f"INSERT INTO entry ({names}) SELECT {names} FROM guarded")
        connection.execute("DROP TABLE guarded")
    connection.execute(statement, values)
    connection.close()


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _make(place: Path, count: int = 3) -> None:
    with SqliteLedger.open(str(place), create=True, environment="proof") as ledger:
        ledger.append([evidence(number) for number in range(count)])


INSERT = "INTO entry (seq, prev, hash, kind, body, at, actor) VALUES (?, 'p', 'h', 'k', '{}', '', '')"


FORK = "INTO entry SELECT ?, prev, 'h', kind, body, at, actor FROM entry WHERE seq = 4"


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE entry SET body = '{}' WHERE seq = ?", 2),
        ("DELETE FROM entry WHERE seq = ?", 4),
        (f"INSERT OR REPLACE {INSERT}", 4),
        (f"INSERT {INSERT}", 5),
        (f"INSERT {INSERT}", 9),
        (f"INSERT {FORK}", 5),
    ],
)
def test_the_database_itself_refuses_whatever_is_not_an_append(
    tmp_path: Path, statement: str, seq: int
) -> None:
    _make(tmp_path)
    connection = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement, (seq,))
    connection.close()


def test_folder_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        ledger = SqliteLedger.open(str(tmp_path / "a" / "ledger"), create=True, environment="proof")
        ledger.append([evidence(1)])
    finally:
        os.umask(previous)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a" / "ledger").iterdir()}
    assert modes == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "a" / "ledger").stat().st_mode) == 0o700
    ledger.close()
    assert _names(tmp_path / "a" / "ledger") == {FILE}


def test_a_reader_of_nothing_sees_nothing_and_makes_nothing(tmp_path: Path) -> None:
    with SqliteLedger.read(str(tmp_path / "none"), environment="proof") as ledger:
        assert not [*ledger.entries(), *ledger.entries({"evidence"}), *ledger.unfinished_runs()]
        assert ledger.head() is None
        assert ledger.checkpoint() is None
        assert ledger.verify() == []
    assert _names(tmp_path) == set()
    with pytest.raises(LedgerError, match="there is no ledger"):
        SqliteLedger.open(str(tmp_path / "none"), create=False, environment="proof")
    assert _names(tmp_path) == set()


def test_a_reader_writes_nothing_and_creates_nothing(tmp_path: Path) -> None:
    _make(tmp_path / "ledger")
    before = snapshot(tmp_path)
    with SqliteLedger.read(str(tmp_path / "ledger"), environment="proof") as ledger:
        assert len(list(ledger.entries())) == 4
        assert ledger.verify() == []
        assert snapshot(tmp_path) == before
        with pytest.raises((LedgerError, sqlite3.Error)):
            ledger.append([evidence(1)])
    assert snapshot(tmp_path) == before


def test_a_reader_sees_what_a_writer_commits_and_folds_in_meanwhile(tmp_path: Path) -> None:
    _make(tmp_path)
    with SqliteLedger.read(str(tmp_path), environment="proof") as reader:
        assert len(list(reader.entries())) == 4
        _make(tmp_path, 2_500)
        assert len(list(reader.entries())) == 2_504
        assert reader.verify() == []


def test_a_reader_sees_what_a_killed_writer_left_in_the_log(tmp_path: Path) -> None:
    script = f"""
    import os, signal
    from cutter.ledger.sqlite import SqliteLedger
    ledger = SqliteLedger.open({str(tmp_path)!r}, create=True, environment="proof")
    ledger.append([("evidence", {{"run": "r"}})] * 5)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    names = _names(tmp_path)
    assert f"{FILE}-wal" in names
    with SqliteLedger.read(str(tmp_path), environment="proof") as ledger:
        assert len(list(ledger.entries())) == 6
        assert ledger.verify() == []
    assert _names(tmp_path) == names


def test_a_ledger_whose_beginning_was_overwritten_can_be_looked_at_but_not_written(tmp_path: Path) -> None:
    _make(tmp_path)
    _attack(tmp_path, "UPDATE entry SET body = CAST(x'ff00fe' AS TEXT) WHERE seq = 1")
    with SqliteLedger.read(str(tmp_path), environment="proof") as ledger:
        assert [(finding.seq, finding.fault) for finding in ledger.verify()] == [(1, "edited")]
        first = next(ledger.entries())
        with pytest.raises(LedgerError, match="entry 1 cannot be read"):
            first.content()
        assert ledger.checkpoint() is None
    with pytest.raises(LedgerError, match="beginning of this ledger is missing"):
        SqliteLedger.open(str(tmp_path), create=True, environment="proof")


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be read as one" * 20])
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    for writes in (False, True):
        with pytest.raises(LedgerError) as caught:
            SqliteLedger(str(tmp_path / FILE), "proof", writes=writes)
        assert caught.value.exit_code == 18
        assert caught.value.remedy
    assert (tmp_path / FILE).read_bytes() == content


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    _make(tmp_path, 500)
    content = bytearray((tmp_path / FILE).read_bytes())
    content[4096 * 3 :] = b"\xa5" * (len(content) - 4096 * 3)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(LedgerError), SqliteLedger.read(str(tmp_path), environment="proof") as ledger:
        list(ledger.entries())


def test_a_waiter_gives_up_in_time_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(tmp_path)
    monkeypatch.setattr(sqlite_file, "WAIT_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with SqliteLedger.open(str(tmp_path), create=False, environment="proof") as ledger:
        with pytest.raises(LockHeld, match="another process keeps writing"):
            ledger.append([evidence(1)])
        other.execute("ROLLBACK")
        ledger.append([evidence(1)])
    other.close()


@pytest.mark.parametrize("by", ["nothing", "another"])
def test_what_is_added_to_a_ledger_that_was_taken_away_is_not_said_to_be_recorded(
    tmp_path: Path, by: str
) -> None:
    _make(tmp_path)
    with SqliteLedger.open(str(tmp_path), create=False, environment="proof") as ledger:
        ledger.append([evidence(1)])
        for left in tmp_path.glob(f"{FILE}*"):
            left.unlink()
        if by == "another":
            _make(tmp_path)
        with pytest.raises(LedgerError, match="was taken away while it was in use"):
            ledger.append([evidence(1)])


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_file_system_loses_nothing_and_is_named(tmp_path: Path) -> None:
    script = f"""
    mount -t tmpfs -o size=400k none {tmp_path} && exec {sys.executable} - <<'PYTHON'
    from cutter.errors import LedgerError
    from cutter.ledger.sqlite import SqliteLedger
    ledger = SqliteLedger.open({str(tmp_path / "l")!r}, create=True, environment="proof")
    added = 0
    try:
        while True:
            ledger.append([("evidence", {{"run": "r", "text": "x" * 900}})] * 10)
            added += 10
    except LedgerError as error:
        assert "space" in str(error), error
        assert error.world == "no entry was added to the ledger"
        ledger.close()
    with SqliteLedger.read({str(tmp_path / "l")!r}, environment="proof") as reader:
        assert reader.verify() == []
        assert sum(1 for _ in reader.entries({{"evidence"}})) == added, added
    print("kept", added)
    PYTHON
    """
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no mounting here")
    assert done.stdout.startswith("kept"), done.stderr


@pytest.mark.slow
def test_a_hundred_thousand_entries_verify(tmp_path: Path) -> None:
    body = dict.fromkeys(("run", "environment", "target", "identity", "runbook", "step", "type"), "a" * 24)
    body |= {"runbook_digest": "v1:" + "a" * 64, "content_hash": "v1:" + "b" * 64, "outcome": "ok"}
    with SqliteLedger.open(str(tmp_path), create=True, environment="proof") as ledger:
        ledger.append([("evidence", body)] * 10_000)
        ledger.append([("evidence", body)] * 90_000)
        assert ledger.verify() == []
        head = ledger.head()
        assert head is not None
        assert head.seq == 100_001
