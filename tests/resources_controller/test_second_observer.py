"""A second pair of eyes: SQL that shares nothing with the resource types sees what they say, and no other."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from laws import change_of

from cutter.database.context import DatabaseContext

if TYPE_CHECKING:
    from governed import Governed

    from cutter.resource import Resource

FILES = {"source": "documents/constitution.md", "grammar": "documents/constitution.grammar.yml"}
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("cut_schema", {}),
    ("document", dict(FILES)),
    ("cut", dict(FILES)),
    ("enact", {"document": "constitution", "effective_from": "2026-07-01"}),
]
_MEMBERS = """\
SELECT roleid::regrole::text FROM pg_auth_members
WHERE member = 'cutter_reader_login'::regrole AND roleid::regrole::text LIKE 'cutter%' ORDER BY 1
"""


def sees_schema(governed: Governed) -> dict[str, Any] | None:
    if governed.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutter'") == [(0,)]:
        return None
    ((version,),) = governed.sql("SELECT max(version) FROM cutter.schema_version")
    return {
        "version": version,
        "login/cutter_reader_login": ", ".join(row[0] for row in governed.sql(_MEMBERS)),
    }


def sees_document(governed: Governed) -> dict[str, Any] | None:
    rows = governed.sql("SELECT convert_to(source_text, 'UTF8') FROM cutter.document WHERE version = 1")
    return (
        {"source_digest": f"sha256:{hashlib.sha256(rows[0][0]).hexdigest()}", "supersedes": None}
        if rows
        else None
    )


def sees_cut(governed: Governed) -> dict[str, Any] | None:
    counts = "SELECT section_type, count(*) FROM cutter.information_unit GROUP BY 1 ORDER BY min(ordinal)"
    rows = governed.sql(counts)
    told = ", ".join(f"{count} {name}" for name, count in rows)
    return (
        {"cut": f"{sum(count for _, count in rows)} units ({told})", "altered": "nothing"} if rows else None
    )


def sees_enact(governed: Governed) -> dict[str, Any] | None:
    rows = governed.sql("SELECT state, lower(effective)::text, upper(effective)::text FROM cutter.lifecycle")
    names = ("state", "effective_from", "effective_until")
    return dict(zip(names, rows[0], strict=True)) if rows and rows[0][0] != "draft" else None


EYES = {"cut_schema": sees_schema, "document": sees_document, "cut": sees_cut, "enact": sees_enact}


def agrees(governed: Governed, name: str, resource: Resource) -> bool:
    """Tell whether both see the same; return whether the thing is there."""
    seen, said = EYES[name](governed), resource.observe()
    assert (seen is None) == (said is None), (seen, said)
    assert seen is None or said is not None
    assert {key: (said or {}).get(key) for key in seen or {}} == (seen or {})
    return seen is not None


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[name for name, _ in STEPS])
def test_both_see_the_same_before_after_and_taken_back(number: int, bare: Governed) -> None:
    name, params = STEPS[number]
    if number:
        bare.install()
    resource = bare.resource(name, **params)
    if not number:
        assert not agrees(bare, name, resource)
        bare.apply(resource)
        assert agrees(bare, name, resource)
        return
    with bare.switched_on():
        for earlier, given in STEPS[1:number]:
            bare.apply(bare.resource(earlier, **given))
        assert not agrees(bare, name, resource)
        bare.apply(resource)
        assert agrees(bare, name, resource)
        resource.apply(change_of(resource)._replace(after=None), bare.content)
        assert not agrees(bare, name, resource)


class OnlyReader(DatabaseContext):
    """A context that gives nobody but the reader."""

    def connection(self, login: str) -> Any:
        assert login == "READER"
        return super().connection(login)

    def by_role(self, role: str) -> Any:
        assert role == "reader"
        return super().by_role(role)


def test_looking_needs_no_more_than_the_reader_and_writes_nothing(governed: Governed) -> None:
    for name, params in STEPS[1:]:
        governed.apply(governed.resource(name, **params))
    before = governed.logical()
    for name, params in STEPS[1:]:
        resource = governed.resource(name, **params)
        resource.context = OnlyReader(governed.provider, governed.entries_of, governed.context.run)
        assert change_of(resource).empty
    assert governed.logical() == before
