"""What every store of a ledger promises; the test of a store supplies how to open and how to attack it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cutter.errors import LedgerError
from cutter.ledger.chain import Entry
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.canonical import NotCanonical, digest
from cutter.model.secret import Secret


def evidence(number: int, run: str = "r1") -> tuple[str, dict[str, Any]]:
    return ("evidence", {"run": run, "number": number, "outcome": "ok", "words": "ÜñÍ \n\t\x7f\udc80 \"'"})


class LedgerContract:
    """Inherit, and fill in the first part."""

    def open(self, place: Path, environment: str = "proof", **options: Any) -> SqliteLedger:
        raise NotImplementedError

    def read(self, place: Path, environment: str = "proof") -> SqliteLedger:
        raise NotImplementedError

    def edit(self, place: Path, seq: int, /, **columns: object) -> None:
        """Overwrite columns of a row, past every guard of the store."""
        raise NotImplementedError

    def delete(self, place: Path, first: int, last: int) -> None:
        """Remove rows, past every guard of the store."""
        raise NotImplementedError

    def opening_script(self, place: Path) -> str:
        """Return Python text that binds `open_ledger` to a function without parameters."""
        raise NotImplementedError

    def filled(self, place: Path, count: int = 8) -> list[Entry]:
        with self.open(place) as ledger:
            for number in range(count):
                ledger.append([evidence(number)])
            return list(ledger.entries())

    def faults(self, place: Path, checkpoint: Any = None) -> list[tuple[int, str]]:
        with self.read(place) as ledger:
            findings = ledger.verify([checkpoint] if checkpoint else [])
            return [(finding.seq, finding.fault) for finding in findings]

    # What it keeps

    def test_the_first_entry_names_the_ledger_and_its_environment(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as ledger:
            (first,) = ledger.entries()
        assert (first.seq, first.prev, first.kind) == (1, "", "ledger")
        assert set(first.content()) == {"id", "environment"}
        assert first.content()["environment"] == "proof"

    def test_every_entry_is_hashed_over_its_canonical_form_and_linked(self, tmp_path: Path) -> None:
        before = ""
        for entry in self.filled(tmp_path):
            said = entry._asdict()
            del said["hash"]
            assert (entry.prev, entry.hash) == (before, digest("ledger", said))
            before = entry.hash
        assert self.faults(tmp_path) == []

    def test_what_was_appended_is_read_back(self, tmp_path: Path) -> None:
        now = datetime(2026, 5, 21, 7, 8, 9, 123456, tzinfo=UTC)
        with self.open(tmp_path, now=lambda: now) as ledger:
            added = ledger.append([evidence(1), evidence(2)])
            with self.read(tmp_path) as reader:
                assert tuple(reader.entries({"evidence"})) == added
        assert [entry.content()["words"] for entry in added] == [evidence(0)[1]["words"]] * 2
        assert {entry.at for entry in added} == {"2026-05-21T07:08:09.123Z"}
        assert all(f"({os.geteuid()})" in entry.actor for entry in added)

    def test_entries_are_chosen_by_kind_and_by_run_and_come_in_order(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as ledger:
            for run in ("r1", "r2"):
                ledger.append(
                    [("run", {"run": run}), *(evidence(n, run) for n in range(3)), ("end", {"run": run})]
                )
            chosen = [(entry.kind, entry.content()["run"]) for entry in ledger.entries({"run", "end"})]
            assert chosen == [("run", "r1"), ("end", "r1"), ("run", "r2"), ("end", "r2")]
            assert [entry.seq for entry in ledger.entries(run="r2")] == [7, 8, 9, 10, 11]
            assert [entry.seq for entry in ledger.entries({"evidence", "end"}, run="r1")] == [3, 4, 5, 6]
            assert [entry.seq for entry in ledger.entries()] == list(range(1, 12))
            assert list(ledger.entries({"nothing"})) == list(ledger.entries(run="r3")) == []
            head = ledger.head()
            assert head is not None
            assert head.seq == 11

    def test_a_run_is_unfinished_until_its_end_is_appended(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as ledger:
            ledger.append([("run", {"run": "b"}), ("run", {"run": "a"}), ("run", {"run": "c"})])
            ledger.append([("end", {"run": "a"}), ("evidence", {"run": "b"})])
            assert ledger.unfinished_runs() == ["b", "c"]

    def test_more_entries_than_a_page_are_all_read(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as ledger:
            ledger.append([evidence(number) for number in range(4_500)])
            assert sum(1 for _ in ledger.entries({"evidence"})) == 4_500
            assert ledger.verify() == []

    def test_appending_is_all_or_nothing(self, tmp_path: Path) -> None:
        with self.open(tmp_path) as ledger:
            with pytest.raises(NotCanonical):
                ledger.append([evidence(1), ("evidence", {"password": Secret("x")})])
            assert ledger.append([]) == ()
            assert [entry.kind for entry in ledger.entries()] == ["ledger"]
            ledger.append([evidence(1)])
        assert self.faults(tmp_path) == []

    def test_the_ledger_of_another_environment_is_refused(self, tmp_path: Path) -> None:
        self.filled(tmp_path, 1)
        for ways in (self.open, self.read):
            with pytest.raises(LedgerError, match="environment 'proof', not to 'other'"):
                ways(tmp_path, environment="other")

    # What it finds

    @pytest.mark.parametrize("column", ["body", "at", "actor", "kind", "hash", "prev"])
    def test_an_edited_entry_is_found_where_it_is(self, tmp_path: Path, column: str) -> None:
        values = {
            "body": json.dumps({"run": "r1", "outcome": "changed"}),
            "at": "2020-01-01T00:00:00.000Z",
            "actor": "somebody@else (0)",
            "kind": "note",
            "hash": "v1:" + "0" * 64,
            "prev": "v1:" + "0" * 64,
        }
        self.filled(tmp_path)
        self.edit(tmp_path, 5, **{column: values[column]})
        assert (5, "edited") in self.faults(tmp_path) or (4, "edited") in self.faults(tmp_path)

    def test_only_the_edited_entry_is_named_when_its_body_was_edited(self, tmp_path: Path) -> None:
        self.filled(tmp_path)
        self.edit(tmp_path, 5, body='{"outcome":"ok"}')
        with self.read(tmp_path) as ledger:
            (finding,) = ledger.verify()
        assert (finding.seq, finding.fault) == (5, "edited")
        assert "entry 5 was edited" in finding.message

    def test_an_entry_edited_and_hashed_anew_is_found(self, tmp_path: Path) -> None:
        entry = self.filled(tmp_path)[4]
        said = {**entry._asdict(), "body": '{"outcome":"ok"}'}
        del said["hash"]
        self.edit(tmp_path, 5, body=said["body"], hash=digest("ledger", said))
        assert self.faults(tmp_path) == [(5, "edited")]

    @pytest.mark.parametrize(("first", "last"), [(4, 4), (3, 6), (1, 1)])
    def test_deleted_entries_are_found(self, tmp_path: Path, first: int, last: int) -> None:
        self.filled(tmp_path)
        self.delete(tmp_path, first, last)
        with self.read(tmp_path) as ledger:
            (finding,) = ledger.verify()
        assert (finding.seq, finding.fault) == (first, "deleted")

    def test_a_forked_link_is_found(self, tmp_path: Path) -> None:
        entries = self.filled(tmp_path)
        forked = {**entries[5]._asdict(), "prev": entries[2].hash}
        del forked["hash"]
        self.edit(tmp_path, 6, prev=entries[2].hash)
        assert self.faults(tmp_path) == [(6, "forked")]
        self.edit(tmp_path, 6, hash=digest("ledger", forked))
        assert (6, "forked") in self.faults(tmp_path)

    def test_swapped_neighbours_are_found(self, tmp_path: Path) -> None:
        self.filled(tmp_path)
        self.edit(tmp_path, 4, seq=99)
        self.edit(tmp_path, 5, seq=4)
        self.edit(tmp_path, 99, seq=5)
        with self.read(tmp_path) as ledger:
            (finding,) = ledger.verify()
        assert (finding.seq, finding.fault) == (4, "swapped")
        assert finding.message == "entries 4 and 5 changed places"

    def test_swapped_content_is_found(self, tmp_path: Path) -> None:
        entries = self.filled(tmp_path)
        self.edit(tmp_path, 4, body=entries[4].body, at=entries[4].at)
        self.edit(tmp_path, 5, body=entries[3].body, at=entries[3].at)
        assert self.faults(tmp_path) == [(4, "swapped")]

    def test_a_cut_tail_is_found_by_a_checkpoint_only(self, tmp_path: Path) -> None:
        self.filled(tmp_path)
        with self.read(tmp_path) as ledger:
            checkpoint = ledger.checkpoint()
        self.delete(tmp_path, 8, 9)
        assert self.faults(tmp_path) == []
        assert self.faults(tmp_path, checkpoint) == [(8, "cut")]
        with self.open(tmp_path) as ledger:
            ledger.append([evidence(number) for number in range(10)])
        assert self.faults(tmp_path, checkpoint) == [(9, "rewritten")]

    def test_a_checkpoint_holds_after_more_was_appended(self, tmp_path: Path) -> None:
        self.filled(tmp_path)
        with self.open(tmp_path) as ledger:
            checkpoint = ledger.checkpoint()
            ledger.append([evidence(1)])
        assert self.faults(tmp_path, checkpoint) == []

    def test_a_checkpoint_of_another_ledger_is_told_apart(self, tmp_path: Path) -> None:
        self.filled(tmp_path / "one")
        self.filled(tmp_path / "two")
        with self.read(tmp_path / "one") as ledger:
            checkpoint = ledger.checkpoint()
        assert self.faults(tmp_path / "two", checkpoint) == [(1, "foreign")]

    # What it survives

    def test_fifty_appenders_at_once_make_one_line(self, tmp_path: Path) -> None:
        script = f"""
        import os
        {self.opening_script(tmp_path)}
        children = []
        for name in range(50):
            child = os.fork()
            if not child:
                with open_ledger() as ledger:
                    for number in range(4):
                        ledger.append([("evidence", {{"run": f"r{{name}}", "number": number}})] * 2)
                os._exit(0)
            children.append(child)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)
        with self.read(tmp_path) as ledger:
            assert ledger.verify() == []
            found = list(ledger.entries({"evidence"}))
        assert [entry.seq for entry in found] == list(range(2, 402))
        pairs = {
            (a.content()["run"], b.content()["run"]) for a, b in zip(found[::2], found[1::2], strict=True)
        }
        assert all(one == other for one, other in pairs), "what was appended together stands together"

    def test_kill_9_while_appending_leaves_a_sound_chain(self, tmp_path: Path) -> None:
        script = f"""
        {self.opening_script(tmp_path)}
        ledger = open_ledger()
        for number in range(100_000):
            print(ledger.append([("evidence", {{"run": "r", "number": number}})] * 3)[-1].seq, flush=True)
        """
        for heard in (1, 4, 9):
            child = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
            )
            assert child.stdout is not None
            said = [child.stdout.readline() for _ in range(heard)]
            child.send_signal(signal.SIGKILL)
            said += child.communicate()[0].splitlines()
            durable = max(int(line) for line in said if line.strip())
            with self.read(tmp_path) as ledger:
                assert ledger.verify() == []
                head = ledger.head()
            assert head is not None
            assert head.seq >= durable, "what append returned was lost"
            assert head.seq % 3 == 1, "half of what was appended together is there"
