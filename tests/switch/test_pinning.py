"""Who may approve is pinned at installation, and changes only by an approval under who may until then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from postgres import superuser

from cutter.approvals.authority import Authority
from cutter.language.authority import load_authority

if TYPE_CHECKING:
    from collections.abc import Callable

    from switched import SwitchedProject


def edited(project: SwitchedProject) -> None:
    """Write another authority.yml: alice alone may sign for SG_1."""
    text = project.authority_file.read_text()
    assert "[alice, erin, rita, tina]" in text
    project.authority_file.write_text(text.replace("[alice, erin, rita, tina]", "[alice]"))


def schema(project: SwitchedProject) -> str:
    return str(project.folder / "runbooks/schema.yml")


def pinned(project: SwitchedProject) -> list[tuple[str, str]]:
    rows = project.sql("SELECT digest, approved_by FROM cutter.authority ORDER BY seq")
    return [(str(digest), str(by)) for digest, by in rows]


def test_the_installation_pins_it_with_every_certificate(project: SwitchedProject) -> None:
    authority = load_authority(str(project.authority_file.parent))
    assert pinned(project) == [(authority.digest, "")]
    ((content,),) = project.sql("SELECT content FROM cutter.authority")
    assert Authority.from_content(str(content)) == authority


def test_a_changed_authority_blocks_the_schema_and_the_switch(project: SwitchedProject) -> None:
    before = pinned(project)
    edited(project)
    answer = project.cutter("apply", "--yes", schema(project))
    assert answer.code == 15, answer
    assert "the signature for SG_1 is missing" in answer.err
    assert "cutter approve" in answer.err
    request = project.approved(project.production_run())
    answer = project.cutter("apply", "--yes", request)
    assert "judged under another authority than the one pinned" in answer.out
    assert [body["refusal"] for body in project.entries("evidence") if body["step"] == "load"] == [15]
    assert project.turns() == []
    assert pinned(project) == before


def test_signed_under_the_old_one_it_is_recorded_and_in_force(project: SwitchedProject) -> None:
    edited(project)
    project.signed(project.authority_file)
    project.apply(schema(project))
    new = load_authority(str(project.authority_file.parent))
    assert pinned(project)[1:] == [(new.digest, "SG_1: alice, SG_2: bob")]
    project.apply(project.approved(project.production_run()))


def test_who_may_until_then_signs_what_replaces_them(project: SwitchedProject) -> None:
    text = project.authority_file.read_text()
    project.authority_file.write_text(text.replace("[alice, erin, rita, tina]", "[carol]"))
    for role, name in (("SG_1", "alice"), ("SG_2", "bob")):
        key = project.people.fingerprints[name]
        words = (str(project.authority_file), "--yes", "--role", role, "--key", key)
        answer = project.cutter("approve", *words)
        assert answer.code == 0, answer
    project.apply(schema(project))
    assert pinned(project)[1][1] == "SG_1: alice, SG_2: bob"
    key = project.people.fingerprints["alice"]
    answer = project.cutter("approve", str(project.authority_file), "--yes", "--role", "SG_1", "--key", key)
    assert answer.code == 15, answer


def test_what_was_signed_before_is_no_approval_of_what_comes_later(project: SwitchedProject) -> None:
    edited(project)
    Path(f"{project.authority_file}.SG_2.sig").write_bytes(
        project.people.sign(project.authority_file.read_bytes(), "bob")
    )
    early = project.people.sign(project.authority_file.read_bytes(), "alice", faked="20260101T000000")
    Path(f"{project.authority_file}.SG_1.sig").write_bytes(early)
    answer = project.cutter("apply", "--yes", schema(project))
    assert answer.code == 15, answer
    assert "what it is to replace is in force since" in answer.err


def test_a_schema_that_knows_used_approvals_is_not_removed(project: SwitchedProject) -> None:
    from cutter.cut.schema_install import remove
    from cutter.errors import Conflict

    project.apply(project.approved(project.production_run()))
    project.cutter("revert", "--yes", "cut:1")
    with superuser(project.server, project.dbname) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("TRUNCATE cutter.document CASCADE")
        with pytest.raises(Conflict, match="1 approvals were used there"):
            remove(connection)


SPOILT: dict[str, tuple[Callable[[SwitchedProject], object], str]] = {
    "signed once": (
        lambda project: project.signed(project.authority_file, SG_1="alice"),
        "the signature for SG_2 is missing",
    ),
    "by the new one": (
        lambda project: project.signed(project.authority_file, SG_1="carol", SG_2="bob"),
        "not of that role",
    ),
    "other bytes": (
        lambda project: (
            project.signed(project.authority_file),
            project.authority_file.write_text(project.authority_file.read_text() + "# more\n"),
        ),
        "not over these bytes",
    ),
    "gone": (lambda project: project.authority_file.unlink(), "here is no authority.yml"),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_whatever_else_is_refused(project: SwitchedProject, spoil: str) -> None:
    spoilt, told = SPOILT[spoil]
    before = pinned(project)
    edited(project)
    spoilt(project)
    answer = project.cutter("apply", "--yes", schema(project))
    assert answer.code == 15, answer
    assert told in answer.err
    assert pinned(project) == before


def test_what_is_pinned_is_neither_altered_nor_removed(project: SwitchedProject) -> None:
    import psycopg

    for statement in ("UPDATE cutter.authority SET digest = 'x'", "DELETE FROM cutter.authority",
                      "TRUNCATE cutter.approval_use", "DELETE FROM cutter.approval_use"):  # fmt: skip
        with pytest.raises(psycopg.Error) as caught:
            project.sql(statement)
        assert caught.value.sqlstate == "CT018"
