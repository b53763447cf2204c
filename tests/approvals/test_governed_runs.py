"""A run on a database whose first step is its approval."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from governed_project import FILES, SCHEMA, GovernedProject, governed_project
from postgres import postgres_server
from project import steps_of
from signers import People, people

from cutter.app.workspace import Choice, Workspace

__all__ = ["governed_project", "people", "postgres_server"]
APPROVAL = "  - {name: Approval, approval: {roles: [SG_1, SG_2]}}\n"
LOAD = f"  - {{name: Load, document: {FILES}}}\n"
CUT = f"  - {{name: Cut, cut: {FILES}}}\n"
BACKUP = """\
  - name: Backup
    backup: {folder: /var/backups/x, home: /var/x, env_file: /etc/x.env, keep: KEPT}
"""


@pytest.fixture
def asked(project: GovernedProject, people: People, monkeypatch: pytest.MonkeyPatch) -> GovernedProject:
    """Give a project with our schema in its database, and an authority."""
    monkeypatch.setenv("GNUPGHOME", people.home)
    project.apply(project.governed(SCHEMA))
    people.authority(project.folder / "inventory/here")
    return project


def requested(project: GovernedProject, people: People, steps: str) -> Path:
    """Plan and request these steps, and return the request."""
    plan, path = project.folder / "a.plan", project.folder / "a.request"
    answer = project.cutter("plan", project.governed(steps), "-o", str(plan))
    assert answer.code == 0, answer
    answer = project.cutter("request", str(plan), "--key", people.fingerprints["dave"])
    assert answer.code == 0, answer
    return path


def signed(people: People, path: Path) -> Path:
    for role, name in (("SG_1", "alice"), ("SG_2", "bob")):
        Path(f"{path}.{role}.sig").write_bytes(people.sign(path.read_bytes(), name))
    return path


def test_without_a_request_the_run_ends_at_its_first_step(asked: GovernedProject) -> None:
    answer = asked.cutter("apply", "--yes", asked.governed(APPROVAL + LOAD))
    assert answer.code == 15, answer
    assert "this run has no approved request" in answer.out
    assert "cutter request FILE.plan" in answer.out
    outcomes = [body["outcome"] for body in asked.entries("evidence")]
    assert outcomes[-2:] == ["blocked", "skipped"]


def test_an_approved_run_is_closed_by_its_record(
    asked: GovernedProject, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = signed(people, requested(asked, people, APPROVAL + LOAD))
    with asked.switched_on(monkeypatch):
        run = asked.apply(str(path))
    assert [body["outcome"] for body in asked.entries("evidence")][-2:] == ["ok", "changed"]
    assert asked.entries("approval")[0]["run"] == run
    answer = asked.json("verify", asked.governed(APPROVAL + LOAD))
    assert [step["outcome"] for step in steps_of(answer)] == ["ok", "ok"]


def test_the_next_run_needs_an_approval_of_its_own(
    asked: GovernedProject, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = signed(people, requested(asked, people, APPROVAL + LOAD))
    with asked.switched_on(monkeypatch):
        asked.apply(str(path))
    more = f"{APPROVAL}{LOAD}{CUT}"
    plan = asked.json("plan", asked.governed(more))["plans"][0]["targets"][0]["steps"]
    assert [step["prediction"] for step in plan] == ["change", "no change", "change"]
    assert asked.cutter("apply", "--yes", asked.governed(more)).code == 15


def test_people_see_database_units_document_and_pin(
    asked: GovernedProject, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asked.switched_on(monkeypatch):
        asked.apply(asked.governed(LOAD))
    text = requested(asked, people, APPROVAL + LOAD + CUT).read_text()
    identity = json.loads(text.partition("-----BEGIN")[0].splitlines()[-1])["facts"]["targets"][0]["identity"]
    _, system, oid, name = identity.split(":")
    target = f"governed: a database, no production: system identifier {system}, oid {oid}, name {name}"
    assert f"Target:       {target}" in text
    assert "Units:        +9 units (1 preamble, 4 article, 4 paragraph) of reading-room, version 1" in text
    assert "version 1: sha256:" in text
    assert "Cutplan pin:  cut: v1:" in text


def test_a_request_for_another_database_is_refused(
    asked: GovernedProject, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = signed(people, requested(asked, people, APPROVAL + LOAD))
    other = "postgresql:1:2:other"
    monkeypatch.setattr("cutter.database.context.DatabaseContext.identity", lambda _: other)
    answer = asked.cutter("apply", "--yes", str(path))
    assert answer.code == 22, answer
    assert f"governed: it is {other} now; the plan was made for postgresql:" in answer.err


def test_the_backup_policy_is_part_of_what_is_signed(asked: GovernedProject) -> None:
    os.chdir(asked.folder)
    hashes = set()
    for kept in ("3", "4"):
        path = asked.governed(APPROVAL + BACKUP.replace("KEPT", kept))
        job = Workspace(Choice(str(asked.folder / "inventory/here"))).job(path)
        hashes.add(job.bound[0].steps[1].content_hash)
    assert len(hashes) == 2
