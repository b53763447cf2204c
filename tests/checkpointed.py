"""A project that leaves checkpoints of its ledger outside, and what a ledger's owner can do to its chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backup_keys import Keys
from project import Project

from cutter.gpg import certificate
from cutter.ledger.chain import Entry, link
from cutter.ledger.sqlite import SqliteLedger

STEP = '  - {{name: One, file: {{path: "{{{{ world }}}}/one", content: {}}}}}\n'
SETTINGS = """\
checkpoint_to: {to}
checkpoint_key: {{certificate: checkpoint.asc, fingerprint: {fingerprint}, home: {home}}}
"""
Entries = list[Entry]


@pytest.fixture(scope="session", name="keys")
def checkpoint_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
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


@pytest.fixture(name="project")
def watched(tmp_path: Path, keys: Keys) -> Watched:
    """Give a project that made two runs, each with its checkpoint."""
    project = Watched(tmp_path, keys)
    project.apply(project.one("first"))
    project.apply(project.one("second"))
    return project


def one_changed(entries: Entries) -> Entries:
    """Return the entries, the second one made by somebody else."""
    return [each._replace(actor="somebody else") if each.seq == 2 else each for each in entries]


def without_its_tail(entries: Entries) -> Entries:
    """Return the entries without the newest three."""
    return entries[:-3]


def rebuilt(project: Project, change: Callable[[Entries], Entries]) -> None:
    """Make the whole chain anew as its owner could, by the code that made it, after a change of entries."""
    with sqlite3.connect(project.ledger_folder / "ledger.db", isolation_level=None) as connection:
        columns = ", ".join(Entry._fields)
        rows = connection.execute(f"SELECT {columns} FROM entry ORDER BY seq").fetchall()
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("DELETE FROM entry")
        marks = ", ".join("?" * len(Entry._fields))
        for entry in _linked(change([Entry._make(row) for row in rows])):
            connection.execute(f"INSERT INTO entry ({columns}) VALUES ({marks})", entry)
    connection.close()


def _linked(entries: Entries) -> Iterator[Entry]:
    previous = None
    for each in entries:
        previous = link(previous, each.kind, each.body, each.at, each.actor)
        yield previous
