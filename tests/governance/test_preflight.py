"""The go / no-go lists every condition, and its exit code is that of what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from governed_project import FILES
from project import gap_matrix
from switched import CUT, ENACT, LOAD, SwitchedProject

SWITCH = "kill_switch: {on_before: rehearsal, off_after: enact, lease: 15m}\n"
OUTSIDE = "preflight:\n  - {name: Elsewhere, gate: {scope: outside}}\n"
REST = f"""\
  - name: Rehearsal
    rehearsal: {{steps: [{{document: {FILES}}}, {{cut: {FILES}}}]}}
  - {{name: Gate, gate: {{}}}}
{LOAD}{CUT}{ENACT}"""


def first_run(project: SwitchedProject) -> str:
    outer, own = "{runbook: outer.yml, steps: all}", "{runbook: site.yml, steps: [approval, rehearsal]}"
    project.write("runbooks/gap-matrix.yml", gap_matrix(outer, own))
    project.runbook('  - {name: Room, directory: {path: "{{ world }}/room", mode: "0750"}}\n', name="outer")
    return project.production_run(project.before + REST, switch=SWITCH, head=OUTSIDE)


def looked(project: SwitchedProject, path: str, *words: str, code: int = 0) -> dict[str, Any]:
    answer = project.cutter("preflight", "--json", path, *words)
    assert answer.code == code, answer
    return {each["name"]: each for each in json.loads(answer.out)["conditions"]["site"]}


def test_all_that_is_needed_is_listed_with_where_it_closes(project: SwitchedProject) -> None:
    path = first_run(project)
    project.apply(str(project.folder / "runbooks/outer.yml"))
    found = looked(project, path)
    assert {name: each["closes"] for name, each in found.items() if not each["holds"]} == {
        "gap G1": "by step 3, rehearsal",
        "signatures": "by step 1, approval",
        "backup": "by step 2, backup",
    }
    held = {name for name, each in found.items() if each["holds"]}
    database = {"database", "authoriser", "cutplan of cut", "backup key", "room for the backup"}
    assert held == {"ledger", "authority", *database}
    assert "cutter request FILE.plan" in found["signatures"]["next"]
    assert project.dbname in found["database"]["seen"]


def test_a_gap_that_is_open_elsewhere_is_no_go(project: SwitchedProject) -> None:
    path = first_run(project)
    found = looked(project, path, code=17)
    gap = found["gap G1"]
    assert (gap["holds"], gap["closes"], gap["code"]) == (False, "", 17)
    assert gap["next"].endswith("runbooks/outer.yml")
    answer = project.cutter("preflight", path)
    assert "NO GO, for gap G1" in answer.out


def test_signatures_are_judged_where_a_request_is_named(project: SwitchedProject) -> None:
    path = first_run(project)
    project.apply(str(project.folder / "runbooks/outer.yml"))
    request = project.requested(path)
    assert looked(project, path, "--request", str(request), code=15)["signatures"]["code"] == 15
    project.signed(request)
    found = looked(project, path, "--request", str(request))["signatures"]
    assert found["holds"]
    assert found["seen"].startswith("SG_1: alice, SG_2: bob; until ")
    project.apply(str(request))
    assert "was used" in looked(project, path, "--request", str(request), code=15)["signatures"]["seen"]


def test_another_authority_than_the_pinned_one_is_no_go(project: SwitchedProject) -> None:
    path = first_run(project)
    project.apply(str(project.folder / "runbooks/outer.yml"))
    authority = project.authority_file
    authority.write_text(authority.read_text().replace("expires_at_most: 7d", "expires_at_most: 6d"))
    found = looked(project, path, code=15)["authority"]
    assert (found["holds"], found["seen"]) == (False, "the database knows another one")


def test_a_backup_key_that_is_not_there_is_no_go(project: SwitchedProject) -> None:
    path = Path(first_run(project))
    project.apply(str(project.folder / "runbooks/outer.yml"))
    path.write_text(path.read_text().replace(project.keys.home, str(project.folder / "nobody")))
    found = looked(project, str(path), code=14)["backup key"]
    assert (found["holds"], found["next"]) == (False, "cutter apply runbooks/provision-vps.yml")
