"""Whoever owns the machine, the database or the ledger: what they cannot do, and what they can."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checkpointed import STEP, rebuilt
from project import Project, gap_matrix

from cutter.gpg.signing import signed_in
from cutter.model.canonical import bytes_digest

if TYPE_CHECKING:
    from switched import SwitchedProject

_TRIGGERS = "ALTER TABLE cutter.governance_record {} TRIGGER ALL"
_RECORDS = """
SELECT seq, kind, run, actor, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), body
FROM cutter.governance_record ORDER BY seq
"""


def test_root_cannot_sign_for_a_person_with_any_key_of_the_machine(project: SwitchedProject) -> None:
    request = project.requested(project.production_run())
    for role in ("SG_1", "SG_2"):
        made = signed_in(project.keys.home, request.read_bytes(), project.keys.backup)
        Path(f"{request}.{role}.sig").write_bytes(made)
    before = project.tables()
    answer = project.cutter("apply", "--yes", str(request))
    assert answer.code == 15, answer
    assert "not pinned" in answer.err
    assert project.tables() == before


def test_a_superuser_can_make_the_record_anew_and_it_is_sound(project: SwitchedProject) -> None:
    run = project.apply(project.approved(project.production_run()))
    project.sql(_TRIGGERS.format("DISABLE"))
    project.sql("ALTER TABLE cutter.governance_head DISABLE TRIGGER ALL")
    previous = ""
    for seq, kind, of_run, actor, at, body in project.sql(_RECORDS):
        who = "somebody else" if seq == 2 else actor
        text = "\n".join(("cutter.governance.v1", str(seq), previous, kind, of_run, who, at, body))
        change = "UPDATE cutter.governance_record SET actor = %s, prev = %s, hash = %s WHERE seq = %s"
        project.sql(change, who, previous, bytes_digest(text.encode()), seq)
        previous = bytes_digest(text.encode())
    project.sql("UPDATE cutter.governance_head SET hash = %s", previous)
    assert project.sql("SELECT cutter.governance_fault()") == [(None,)]
    assert project.entries("switch")[0]["run"] == run, "the ledger, elsewhere, is as it was"


def test_the_owner_of_a_ledger_without_checkpoints_can_close_gaps_on_paper(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    assert project.cutter("verify", project.runbook(STEP.format("first"))).code == 2
    assert project.json("gaps")["gaps"][0]["status"] != "CLOSED"

    rebuilt(
        project,
        lambda entries: [each._replace(body=each.body.replace('"drifted"', '"ok"')) for each in entries],
    )

    assert project.cutter("ledger", "verify").code == 0
    assert project.json("gaps")["gaps"][0]["status"] == "CLOSED"
    assert project.cutter("verify", project.runbook(STEP.format("first"))).code == 2, "a look tells"
    assert project.json("gaps")["gaps"][0]["status"] != "CLOSED"
