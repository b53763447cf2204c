"""A governed project whose writing run needs an approved request, a backup and its kill switch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from backup_keys import Keys
from governed_project import FILES, SCHEMA, GovernedProject
from postgres import superuser

from cutter.database.embedded import EmbeddedServer

if TYPE_CHECKING:
    from signers import People

SWITCH = "kill_switch: {on_before: load, off_after: enact, lease: 15m}\n"
LOAD = f"  - {{name: Load, document: {FILES}}}\n"
CUT = f"  - {{name: Cut, cut: {FILES}}}\n"
ENACT = '  - {name: Enact, enact: {document: reading-room, effective_from: "2026-07-01"}}\n'
LEGS = LOAD + CUT + ENACT


class SwitchedProject(GovernedProject):
    """A project under an authority that is pinned in its database, with a key for its backups."""

    def __init__(self, folder: Path, server: EmbeddedServer, people: People, keys: Keys) -> None:
        """Write the authority, and install the schema."""
        super().__init__(folder, server)
        self.people = people
        self.keys = keys
        people.authority(self.authority_file.parent)
        self.apply(self.governed(SCHEMA, "schema"))

    @property
    def authority_file(self) -> Path:
        """Where it stands who may approve."""
        return self.folder / "inventory/here/authority.yml"

    @property
    def before(self) -> str:
        """The steps that come before the switch goes on."""
        words = f"folder: {self.folder}/backups, home: {self.keys.home}, recipient: {self.keys.backup}"
        return (
            "  - {name: Approval, approval: {roles: [SG_1, SG_2]}}\n"
            f"  - {{name: Backup, backup: {{{words}}}}}\n"
        )

    def production_run(
        self, steps: str | None = None, *, switch: str = SWITCH, head: str = "", name: str = "site"
    ) -> str:
        """Write a runbook with a kill switch, and return its path."""
        path = Path(self.governed(self.before + LEGS if steps is None else steps, name))
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("steps:\n", f"{switch}{head}steps:\n", 1), encoding="utf-8")
        return str(path)

    def requested(self, runbook: str, *words: str, name: str = "a") -> Path:
        """Plan a runbook, request the plan as dave, and return the request."""
        plan, path = self.folder / f"{name}.plan", self.folder / f"{name}.request"
        for verb in (
            ("plan", runbook, "-o", str(plan)),
            ("request", str(plan), "--key", self.people.fingerprints["dave"], *words),
        ):
            answer = self.cutter(*verb)
            assert answer.code == 0, answer
        return path

    def signed(self, path: Path, **signers: str) -> Path:
        """Sign a file for each role: by alice and bob, where nobody else is named."""
        for role, name in (signers or {"SG_1": "alice", "SG_2": "bob"}).items():
            Path(f"{path}.{role}.sig").write_bytes(self.people.sign(path.read_bytes(), name))
        return path

    def approved(self, runbook: str, *words: str, name: str = "a") -> str:
        """Plan, request and sign a runbook, and return the request."""
        return str(self.signed(self.requested(runbook, *words, name=name)))

    def turns(self) -> list[tuple[str, str]]:
        """Return what the governance record says of the switch: run and turn."""
        rows = self.sql(
            "SELECT run, body::json ->> 'turn' FROM cutter.governance_record"
            " WHERE kind = 'switch' ORDER BY seq"
        )
        return [(str(run), str(turn)) for run, turn in rows]

    def switch(self) -> list[tuple[Any, ...]]:
        """Return every row of the switch: run, and whether it is on."""
        return self.sql("SELECT run, is_on FROM cutter.fn_switch_status()")


@pytest.fixture(scope="session", name="keys")
def backup_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Make the keys of the backups once; nobody changes them."""
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(name="project")
def switched_project(
    tmp_path: Path,
    postgres_server: EmbeddedServer,
    people: People,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SwitchedProject]:
    """Give such a project; its database goes with it."""
    monkeypatch.setenv("GNUPGHOME", people.home)
    made = SwitchedProject(tmp_path, postgres_server, people, keys)
    yield made
    with superuser(postgres_server) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{made.dbname}" WITH (FORCE)'.encode())
