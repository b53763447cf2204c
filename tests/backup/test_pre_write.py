"""Nothing is written without a verified backup of this very database, taken by this very run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from governed import Governed
from laws import change_of

from cutter.backup.manifest import Manifest, manifest_path
from cutter.backup.pre_write import before_production, pre_write_backup
from cutter.backup.taking import take
from cutter.database.connections import ConnectionProvider
from cutter.database.context import DatabaseContext
from cutter.database.scratch import scratch_copy
from cutter.errors import BackupFailed
from cutter.model.state import Change

if TYPE_CHECKING:
    from cutter.backup.policy import Policy


class Scope(NamedTuple):
    """A run, and its backup."""

    run: str
    backup: Manifest | None


class Elsewhere(NamedTuple):
    """Another database."""

    def identity(self) -> str:
        """Return another identity."""
        return "postgresql:1:2:copy"


@pytest.fixture
def taken(governed: Governed, policy: Policy) -> Manifest:
    """Take a backup that is good."""
    return take(governed.provider, policy, "run-1")


def refused(scope: Scope, governed: Governed) -> str:
    with pytest.raises(BackupFailed) as caught:
        pre_write_backup(scope, governed.context)
    assert caught.value.exit_code == 14
    return caught.value.cause


def test_it_is_open_with_a_verified_backup(governed: Governed, taken: Manifest) -> None:
    assert pre_write_backup(Scope("run-1", taken), governed.context) == taken


def test_it_is_shut_without_one(governed: Governed) -> None:
    assert "run-1 has no verified backup" in refused(Scope("run-1", None), governed)


@pytest.mark.parametrize("run", ["run-2", ""])
def test_it_is_shut_with_one_of_another_run(run: str, governed: Governed, taken: Manifest) -> None:
    assert "was taken by run run-1" in refused(Scope(run, taken), governed)
    assert "was taken by run " in refused(Scope("", taken._replace(run="")), governed)


def test_it_is_shut_with_one_of_another_database(taken: Manifest) -> None:
    with pytest.raises(BackupFailed, match=re.escape("what is to be written is postgresql:1:2:copy")):
        pre_write_backup(Scope("run-1", taken), Elsewhere())


@pytest.mark.parametrize("how", ["gone", "cut", "flipped"])
def test_it_is_shut_when_the_file_is_not_as_it_was(how: str, governed: Governed, taken: Manifest) -> None:
    file = Path(taken.file)
    content = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:-1] + (b"" if how == "cut" else bytes([content[-1] ^ 1])))
    assert taken.name in refused(Scope("run-1", taken), governed)


def test_it_is_shut_when_the_manifest_is_not_as_it_was(governed: Governed, taken: Manifest) -> None:
    Path(manifest_path(taken.file)).write_text(taken._replace(size=1).text())
    assert "was altered" in refused(Scope("run-1", taken), governed)


def test_the_step_proves_it_on_a_copy_and_leaves_nothing(governed: Governed, policy: Policy) -> None:
    before = governed.logical()
    step = governed.resource(
        "pre_write_backup", folder=policy.folder, home=policy.home, recipient=policy.recipient
    )
    governed.apply(step)
    seen = step.observe() or {}
    assert str(seen["shown"]).count("refused, 14") == 4
    assert str(seen["shown"]).endswith("open, and rolled back")
    assert governed.logical() == before
    assert list(Path(policy.folder).iterdir()) == []
    assert governed.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'cutter_scratch_%'") == [(0,)]


def test_the_step_notices_a_door_that_is_always_open(
    governed: Governed, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cutter.errors import ProofFailed
    from cutter.resources.controller import pre_write_backup as module

    monkeypatch.setattr(module, "pre_write_backup", lambda scope, _: scope.backup)
    step = governed.resource(
        "pre_write_backup", folder=policy.folder, home=policy.home, recipient=policy.recipient
    )
    with pytest.raises(ProofFailed, match="open with no backup"):
        governed.apply(step)


@pytest.fixture
def production(governed: Governed) -> Iterator[Governed]:
    """Give the same database, as one that counts."""
    known = governed.provider.database._replace(production=True)
    with ConnectionProvider(known) as provider:
        yield Governed(provider, governed.folder)


def test_sql_on_production_asks_for_a_backup(
    production: Governed, governed: Governed, policy: Policy, tmp_path: Path
) -> None:
    for name, text in (("do", "SELECT 1"), ("check", "SELECT false")):
        (tmp_path / f"{name}.sql").write_text(text)
    words = {"file": "do.sql", "check": "check.sql", "login": "WRITER"}
    step = production.resource("sql", **words)
    with pytest.raises(BackupFailed, match="has no verified backup"):
        step.apply(change_of(step), production.content)
    manifest = take(production.provider, policy, production.context.run)
    production.context.scope = Scope(production.context.run, manifest)
    step.apply(change_of(step), production.content)
    elsewhere = governed.resource("sql", **words)
    elsewhere.apply(change_of(elsewhere), governed.content)


def test_an_upgrade_on_production_asks_for_a_backup_and_an_installation_does_not(
    production: Governed,
) -> None:
    step = production.resource("cut_schema")
    there = step.observe()
    with pytest.raises(BackupFailed, match="has no verified backup"):
        step.apply(Change(there, step.desired()), production.content)
    step.apply(Change(None, step.desired()), production.content)


def test_on_a_copy_of_production_nothing_is_asked(production: Governed) -> None:
    with scratch_copy(production.provider) as copy:
        before_production(DatabaseContext(copy, production.entries_of, "run-1"))
    with pytest.raises(BackupFailed):
        before_production(production.context)
