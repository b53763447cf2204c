"""Steps whose state is a record: what a plan, a run and a verify make of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from laws import change_of

from cutter.database.context import DatabaseContext
from cutter.resource import Resource

if TYPE_CHECKING:
    from governed import Governed

    from cutter.backup.policy import Policy


def step(governed: Governed, policy: Policy, kind: str = "backup", **more: Any) -> Resource:
    words = {"folder": policy.folder, "home": policy.home, "recipient": policy.recipient}
    return governed.resource(kind, **words, **more)


def recorded(governed: Governed, resource: Resource, at: str, outcome: str = "changed") -> None:
    """Write what a run would write of a step."""
    body = {"type": type(resource).__module__.rpartition(".")[2], "outcome": outcome}
    body |= {"identity": governed.context.identity(), "run": governed.context.run}
    governed.entries.append(("evidence", at, {**body, "observed": resource.observe()}))


def looking(governed: Governed, resource: Resource, run: str = "") -> Resource:
    """Look as another process does: at the record."""
    resource._told = None  # type: ignore[attr-defined]
    resource.context = DatabaseContext(governed.provider, governed.entries_of, run)
    return resource


NOW, OLD = "2999-01-01T00:00:00Z", "2026-01-01T00:00:00Z"


def test_a_backup_is_there_for_a_verify_and_for_its_own_run_only(governed: Governed, policy: Policy) -> None:
    made = step(governed, policy)
    assert change_of(made).creates
    governed.apply(made)
    recorded(governed, made, NOW)
    assert change_of(looking(governed, made)).empty
    assert change_of(looking(governed, made, governed.context.run)).empty
    assert change_of(looking(governed, made, "another")).creates


def test_a_backup_that_is_too_old_is_none_however_often_it_was_looked_at(
    governed: Governed, policy: Policy
) -> None:
    made = step(governed, policy, max_age="7d")
    governed.apply(made)
    recorded(governed, made, OLD)
    recorded(governed, made, NOW, outcome="ok")
    assert change_of(looking(governed, made)).creates
    assert change_of(looking(governed, step(governed, policy))).empty


def test_a_failed_try_is_no_backup(governed: Governed, policy: Policy) -> None:
    made = step(governed, policy)
    governed.apply(made)
    recorded(governed, made, NOW, outcome="failed")
    assert change_of(looking(governed, made)).creates


def test_a_backup_of_another_database_is_none(governed: Governed, policy: Policy) -> None:
    made = step(governed, policy)
    governed.apply(made)
    recorded(governed, made, NOW)
    kind, at, body = governed.entries[-1]
    governed.entries[-1] = (kind, at, {**body, "identity": "postgresql:1:2:copy"})
    assert change_of(looking(governed, made)).creates


@pytest.mark.parametrize("spoil", ["gone", "cut", "manifest"])
def test_a_look_goes_to_the_file_itself(spoil: str, governed: Governed, policy: Policy) -> None:
    made = step(governed, policy)
    governed.apply(made)
    recorded(governed, made, NOW)
    file = next(Path(policy.folder).glob("*.dump.gpg"))
    if spoil == "gone":
        file.unlink()
    elif spoil == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        beside = file.with_name(file.name + ".json")
        beside.write_text(beside.read_text().replace('"server": "1', '"server": "2'))
    assert change_of(looking(governed, made)).keys == {"verdict"}


def test_keep_lets_the_oldest_go_in_both_places(governed: Governed, policy: Policy, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    for _ in range(3):
        made = step(governed, policy, keep=2, copy_to=str(away))
        governed.apply(made)
        recorded(governed, made, NOW)
    for folder in (Path(policy.folder), away):
        assert len(list(folder.glob("*.dump.gpg"))) == 2
        assert len(list(folder.glob("*.json"))) == 2


def test_a_drill_restores_the_newest_backup(governed: Governed, policy: Policy) -> None:
    drill = step(governed, policy, "backup_drill")
    with pytest.raises(Exception, match="there is no backup of governed"):
        drill.apply(change_of(drill), governed.content)
    made = step(governed, policy)
    governed.apply(made)
    recorded(governed, made, NOW)
    drill = step(governed, policy, "backup_drill")
    governed.apply(drill)
    recorded(governed, drill, NOW)
    assert change_of(looking(governed, drill)).empty


def test_tables_can_be_named(governed: Governed, policy: Policy) -> None:
    made = step(governed, policy, tables=["cutter.schema_version", "cutter.governance_head"])
    governed.apply(made)
    recorded(governed, made, NOW)
    drill = step(governed, policy, "backup_drill")
    governed.apply(drill)
    assert (drill.observe() or {})["tables"] == 2


def test_the_scope_of_the_run_gets_the_backup(governed: Governed, policy: Policy) -> None:
    class Scope:
        backup: Any = None

    governed.context.scope = Scope()
    made = step(governed, policy)
    governed.apply(made)
    assert governed.context.scope.backup.run == governed.context.run


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"recipient": None}, "exactly one of recipient and env_file"),
        ({"env_file": "/x/.env"}, "exactly one of recipient and env_file"),
        ({"schemas": ["a"], "tables": ["a.b"]}, "beside schemas"),
        ({"schemas": ["a; drop"]}, "is not a plain name"),
        ({"tables": ["b"]}, "is not schema.table"),
        ({"off_host": True}, "copy_to, which is missing"),
        ({"copy_to": "/x"}, "is the folder itself"),
        ({"home": "/x/../y"}, "component"),
    ],
    ids=str,
)
def test_parameters_that_make_no_sense(words: dict[str, Any], complaint: str) -> None:
    from cutter.resource import type_complaints
    from cutter.resources import resource_type

    given = {"folder": "/x", "home": "/h", "recipient": "A" * 40, **words}
    found = type_complaints(resource_type("backup"), {k: v for k, v in given.items() if v is not None})
    assert any(complaint in each.message for each in found), found
