"""Steps on a database whose units are in an adopted table: installed, cut, rehearsed there and on a copy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from governed import ROOMS, Governed, obeys_the_laws
from laws import change_of

from cutter.errors import Conflict
from cutter.model.state import Change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cutter.database.connections import ConnectionProvider

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
STEPS: list[Any] = [
    {"document": FILES},
    {"cut": FILES},
    {"enact": {"document": "reading-room", "effective_from": "2026-07-01"}},
]
TABLE = {"near": "legacy.units", "far": '"OldLaws"."Passage"'}
RIGHTS = """
SELECT relname, relacl::text FROM pg_class WHERE relnamespace::regnamespace::text IN ('legacy', '"OldLaws"')
UNION ALL SELECT attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
UNION ALL SELECT proname, coalesce(proacl, acldefault('f', proowner))::text FROM pg_proc
WHERE pronamespace::regnamespace::text IN ('legacy', 'api') ORDER BY 1
"""


@pytest.fixture
def bare(provider: ConnectionProvider, tmp_path: Path) -> Governed:
    shutil.copytree(ROOMS, tmp_path / "documents")
    return Governed(provider, tmp_path)


@pytest.fixture
def on_theirs(bare: Governed) -> Iterator[Governed]:
    bare.install()
    with bare.switched_on():
        yield bare


def test_the_laws_hold_for_a_cut(on_theirs: Governed, variant: str) -> None:
    on_theirs.apply(on_theirs.resource("document", **FILES))
    lasting = ("cutter.governance_record", "cutter.governance_head")
    obeys_the_laws(on_theirs, on_theirs.resource("cut", **FILES), lasting=lasting)
    assert on_theirs.sql(f"SELECT count(*) FROM {TABLE[variant]}") == [(0,)]


@pytest.mark.parametrize("more", [{"where": "database"}, {"where": "copy", "round_trip": True}], ids=str)
def test_a_rehearsal_proves_the_steps_and_leaves_nothing(on_theirs: Governed, more: dict[str, Any]) -> None:
    on_theirs.sql("CREATE SCHEMA IF NOT EXISTS legacy; CREATE TABLE legacy.secrets (word text)")
    before = on_theirs.logical()
    change = on_theirs.apply(on_theirs.resource("rehearsal", steps=STEPS, **more))
    assert change.creates
    assert on_theirs.logical() == before


def test_installing_closes_what_leads_around_us_and_removing_opens_it_again(
    bare: Governed, variant: str
) -> None:
    before = bare.sql(RIGHTS)
    resource = bare.resource("cut_schema")
    change = bare.apply(resource)
    state = resource.observe()
    assert state is not None
    assert state["ways around"] == "none"
    public = "SELECT count(*) FROM pg_class, aclexplode(relacl) a WHERE oid = %s::regclass AND a.grantee = 0"
    assert bare.sql(public, TABLE[variant]) == [(0,)]
    resource.apply(Change(before=state, after=change.before), bare.content)
    assert resource.observe() is None
    kept = [(name, sorted(str(acl).strip("{}").split(","))) for name, acl in bare.sql(RIGHTS)]
    were = [(name, sorted(str(acl).strip("{}").split(","))) for name, acl in before]
    for (name, now), (_, then) in zip(kept, were, strict=True):
        assert set(then) - {"None"} <= set(now), name
        assert not [right for right in now if right.startswith("cutter_")], name


def test_a_way_around_that_is_opened_later_is_found_and_closed(bare: Governed, variant: str) -> None:
    bare.install()
    resource = bare.resource("cut_schema")
    bare.sql(f"GRANT INSERT ON {TABLE[variant]} TO PUBLIC")
    bare.sql(f"GRANT UPDATE ON {TABLE[variant]} TO cutter_writer_login")
    state = resource.observe()
    assert state is not None
    assert "PUBLIC has INSERT on the table" in str(state["ways around"])
    assert "cutter_writer_login has UPDATE on the table" in str(state["ways around"])
    assert change_of(resource).keys == {"ways around"}
    bare.apply(resource)
    assert change_of(resource).empty


def test_other_names_are_refused_once_it_stands(bare: Governed) -> None:
    bare.install()
    resource = bare.resource("cut_schema")
    names = {**bare.provider.database.names, "information_unit.created_run": "kept-apart"}
    bare.provider.database = bare.provider.database._replace(names=names)
    with pytest.raises(Conflict, match="as names: said when it was installed"):
        resource.observe()
    bare.provider.database = bare.provider.database._replace(names={})
    with pytest.raises(Conflict, match="as names: said") as caught:
        resource.apply(Change(None, resource.desired()), bare.content)
    assert caught.value.exit_code == 10
