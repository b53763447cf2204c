"""Break-glass: one person alone, for a reason and a short while; the gap that leaves is closed by others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from project import gap_matrix
from switched import LEGS, SWITCH

from cutter.app.gating import look_at_gaps
from cutter.app.workspace import Choice, Workspace

if TYPE_CHECKING:
    from switched import SwitchedProject

REASON = ("--break-glass", "--reason", "the reading room is on fire")


@pytest.fixture
def broken(project: SwitchedProject) -> str:
    """Let carol alone have a run approved and done; return its id."""
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: schema.yml, steps: all}"))
    project.apply(project.governed("  - name: Reference schema\n    cut_schema: {}\n", "schema"))
    request = project.requested(project.production_run(emergency(project)), *REASON)
    assert "the reading room is on fire" in request.read_text()
    return project.apply(str(project.signed(request, BREAK_GLASS="carol")))


def emergency(project: SwitchedProject) -> str:
    """Return the steps of such a run: it has no approval by SG_1 and SG_2."""
    return "  - {name: Backup" + project.before.partition("  - {name: Backup")[2] + LEGS


def gaps(project: SwitchedProject) -> dict[str, str]:
    return {gap["id"]: gap["status"] for gap in project.json("gaps")["gaps"]}


def account(project: SwitchedProject, run: str, name: str = "account.md") -> Path:
    answer = project.cutter("switch", "account", run)
    assert answer.code == 0, answer
    return project.write(f"runbooks/documents/{name}", answer.out)


def approved(project: SwitchedProject, name: str = "account.md") -> str:
    step = f"  - {{name: Account, approval: {{document: documents/{name}, roles: [SG_1, SG_2]}}}}\n"
    return project.governed(step, "account")


def test_it_opens_a_gap_that_others_close(project: SwitchedProject, broken: str) -> None:
    name = f"BREAK-GLASS-{broken}"
    assert gaps(project)[name] == "OPEN"
    (body,) = project.entries("break-glass")
    assert (body["run"], body["signed_by"], body["requested_by"]) == (
        broken,
        {"BREAK_GLASS": "carol"},
        "dave",
    )
    kinds = project.sql("SELECT kind FROM cutter.governance_record WHERE kind IN ('switch', 'break-glass')"
                        " ORDER BY seq")  # fmt: skip
    assert [kind for (kind,) in kinds] == ["switch", "break-glass", "switch"]
    document = account(project, broken)
    assert "Reason:       the reading room is on fire" in document.read_text()
    assert "changed: cut on governed" in document.read_text()
    runbook = approved(project)
    assert project.cutter("apply", "--yes", runbook).code == 15
    assert gaps(project)[name] == "OPEN"
    project.signed(document)
    project.apply(runbook)
    assert name not in gaps(project)


def test_another_text_closes_nothing(project: SwitchedProject, broken: str) -> None:
    document = account(project, broken)
    document.write_text(document.read_text().replace("on fire", "tidy"))
    project.signed(document)
    project.apply(approved(project))
    assert gaps(project)[f"BREAK-GLASS-{broken}"] == "OPEN"


def test_every_gate_says_no_until_then(project: SwitchedProject, broken: str) -> None:
    workspace = Workspace(Choice(str(project.folder / "inventory/here")))
    name = f"BREAK-GLASS-{broken}"
    (left,) = (gap for gap in look_at_gaps(workspace, "site", "run", inside=False).open if gap.gap == name)
    assert left.command.startswith("cutter switch account")
    assert left.command.endswith(broken)
    shown = project.cutter("gaps", "show", name)
    assert "the reading room is on fire" in shown.out
    project.signed(account(project, broken))
    project.apply(approved(project))
    assert name not in {gap.gap for gap in look_at_gaps(workspace, "site", "run", inside=False).open}


def test_one_signature_of_that_role_and_no_other(project: SwitchedProject) -> None:
    request = project.requested(project.production_run(), *REASON)
    project.signed(request)
    answer = project.cutter("apply", "--yes", str(request))
    assert (answer.code, "the signature for BREAK_GLASS is missing" in answer.err) == (15, True)
    project.signed(request, BREAK_GLASS="alice")
    answer = project.cutter("apply", "--yes", str(request))
    assert (answer.code, "not of that role" in answer.err) == (15, True)
    plain = project.requested(project.production_run(name="plain"), name="b")
    project.signed(plain, BREAK_GLASS="carol")
    assert project.cutter("apply", "--yes", str(plain)).code == 15


def test_its_lease_is_short_whatever_the_runbook_says(project: SwitchedProject) -> None:
    runbook = project.production_run(emergency(project), switch=SWITCH.replace("15m", "2h"))
    project.apply(str(project.signed(project.requested(runbook, *REASON), BREAK_GLASS="carol")))
    assert project.entries("switch")[0]["lease"] == "900s"


def test_it_needs_a_reason_and_lasts_an_hour_at_most(project: SwitchedProject) -> None:
    runbook = project.production_run()
    plan, key = str(project.folder / "a.plan"), project.people.fingerprints["dave"]
    assert project.cutter("plan", runbook, "-o", plan).code == 0
    for words in (("--break-glass",), ("--reason", "so"), ("--break-glass", "--reason", " ")):
        assert project.cutter("request", plan, "--key", key, *words).code == 64
    answer = project.cutter("request", plan, "--key", key, "--expires", "2h", *REASON)
    assert (answer.code, "lasts longer than the 3600 seconds" in answer.err) == (15, True)


def test_who_broke_the_glass_does_not_close_the_gap(project: SwitchedProject) -> None:
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: schema.yml, steps: all}"))
    text = project.authority_file.read_text()
    project.authority_file.write_text(text.replace("BREAK_GLASS: [carol]", "BREAK_GLASS: [bob]"))
    project.signed(project.authority_file)
    project.apply(str(project.folder / "runbooks/schema.yml"))
    request = project.requested(project.production_run(emergency(project)), *REASON)
    run = project.apply(str(project.signed(request, BREAK_GLASS="bob")))
    project.signed(account(project, run))
    project.apply(approved(project))
    assert gaps(project)[f"BREAK-GLASS-{run}"] == "OPEN"


def test_another_database_that_pinned_nobody_closes_nothing(project: SwitchedProject, broken: str) -> None:
    databases = project.folder / "inventory/here/databases.yml"
    more = databases.read_text().replace("governed:", "elsewhere:").replace("dbname: p_", "dbname: q_")
    databases.write_text(databases.read_text() + more)
    text = project.authority_file.read_text()
    project.authority_file.write_text(text.replace("[alice, erin, rita, tina]", "[alice]"))
    project.signed(account(project, broken))
    runbook = Path(approved(project))
    assert project.cutter("apply", "--yes", str(runbook)).code == 15
    runbook.write_text(runbook.read_text().replace("database: governed", "database: elsewhere"))
    project.apply(str(runbook))
    assert gaps(project)[f"BREAK-GLASS-{broken}"] == "OPEN"
    project.authority_file.write_text(text)
    project.apply(approved(project))
    assert f"BREAK-GLASS-{broken}" not in gaps(project)
