"""An authority.yml that a database did not pin approves no document there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postgres import superuser

if TYPE_CHECKING:
    from pathlib import Path

    from switched import SwitchedProject

STEP = "  - {name: Ruling, approval: {document: documents/ruling.md, roles: [SG_1, SG_2]}}\n"


def ruling(project: SwitchedProject) -> tuple[Path, str]:
    """Write a document to be approved, and the runbook of it."""
    document = project.write("runbooks/documents/ruling.md", "Whatever carol likes.\n")
    return document, project.governed(STEP, "ruling")


def carol_may(project: SwitchedProject) -> str:
    """Write an authority.yml under which carol signs for SG_1; return what stood there."""
    text = project.authority_file.read_text()
    assert "[alice, erin, rita, tina]" in text
    project.authority_file.write_text(text.replace("[alice, erin, rita, tina]", "[carol]"))
    return text


def test_it_approves_no_document(project: SwitchedProject) -> None:
    document, runbook = ruling(project)
    carol_may(project)
    project.signed(document, SG_1="carol", SG_2="bob")
    answer = project.cutter("apply", "--yes", runbook)
    assert answer.code == 15, answer
    assert "authority.yml is another than the one that is pinned in the database" in answer.out + answer.err
    assert not [body for body in project.entries("evidence") if body["step"] == "ruling"]


def test_what_it_approved_before_another_was_pinned_does_not_count(project: SwitchedProject) -> None:
    document, runbook = ruling(project)
    with superuser(project.server, project.dbname) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("TRUNCATE cutter.authority")
    text = carol_may(project)
    project.signed(document, SG_1="carol", SG_2="bob")
    project.apply(runbook)
    assert project.cutter("verify", runbook).code == 0
    project.authority_file.write_text(text)
    project.apply(str(project.folder / "runbooks/schema.yml"))
    answer = project.cutter("verify", runbook)
    assert answer.code == 2, answer
    assert "carol, who is not of that role" in answer.out + answer.err
    project.signed(document)
    project.apply(runbook)
    assert project.cutter("verify", runbook).code == 0


def test_what_was_pinned_once_counts_after_it_was_replaced(project: SwitchedProject) -> None:
    document, runbook = ruling(project)
    project.signed(document)
    project.apply(runbook)
    carol_may(project)
    project.signed(project.authority_file)
    project.apply(str(project.folder / "runbooks/schema.yml"))
    assert project.cutter("verify", runbook).code == 0
