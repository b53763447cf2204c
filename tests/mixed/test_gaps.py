"""A gap closes when every host the step is for has evidence; what is for no host closes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mixed.conftest import HOSTS
from project import Project, gap_matrix

if TYPE_CHECKING:
    from mixed.conftest import Says

OWN = 'directory: {path: "{{ world }}/%s-{{ inventory_hostname }}"}'
ALL = "{runbook: site.yml, steps: all}"
WEB = f"  - {{name: Web, hosts: web, {OWN % 'web'}}}\n"
DEBIAN = f"  - {{name: Debian, when: {{os.id: debian}}, {OWN % 'debian'}}}\n"
EVERY = f"  - {{name: Every, {OWN % 'every'}}}\n"
SITE = "runbooks/site.yml"


@pytest.fixture(autouse=True)
def matrix(project: Project) -> None:
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))


def gap(project: Project) -> Any:
    (found,) = project.json("gaps")["gaps"]
    return found


def status(project: Project) -> str:
    return str(gap(project)["status"])


def reasons(project: Project) -> dict[str, str]:
    """Return why steps are missing, by step and target."""
    steps = gap(project)["objectives"][0]["evidence"]
    return {f"{step['step']} {step['target']}": step["reason"] for step in steps if not step["holds"]}


def obstacle(project: Project) -> str:
    return str(gap(project)["objectives"][0]["obstacle"])


def test_a_step_is_missing_only_on_the_hosts_that_it_is_for(project: Project) -> None:
    project.runbook(EVERY + WEB)
    assert set(reasons(project)) == {"every web1", "every web2", "every db1", "web web1", "web web2"}
    project.apply(SITE, "--limit", "web")
    assert set(reasons(project)) == {"every db1"}
    project.apply(SITE)
    assert status(project) == "CLOSED"
    (told,) = gap(project)["objectives"][0]["left_out"]
    assert told == {"target": "db1", "step": "web", "reason": "it is for the hosts of web"}
    assert "not here  web  [db1] it is for the hosts of web" in project.cutter("gaps", "show", "G1").out


def test_what_facts_leave_out_is_judged_by_the_newest_run_that_looked(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    project.runbook(EVERY + DEBIAN)
    assert reasons(project)["debian db1"] == "no evidence yet", "nobody has asked for the facts"
    project.apply(SITE)
    assert obstacle(project) == "has a step 'debian' that is for no host"
    assert status(project) == "PARTIAL"
    says(os_id="debian")
    assert status(project) == "PARTIAL"
    project.apply(SITE, "--limit", "db1")
    assert status(project) == "CLOSED", "web1 and web2 were left out by the newest run that looked"
    assert project.cutter("verify", SITE).code == 2
    assert set(reasons(project)) == {"debian web1", "debian web2"}
    project.apply(SITE)
    assert status(project) == "CLOSED"


def test_an_open_gap_is_not_closed_by_emptiness(project: Project, says: Says) -> None:
    says(os_id="debian")
    project.runbook(DEBIAN)
    for name in ("web1", "web2", "db1"):
        (project.world / f"debian-{name}").write_text("in the way")
    assert project.cutter("verify", SITE).code == 2
    assert status(project) == "OPEN"
    says(os_id="ubuntu")
    assert project.cutter("verify", SITE).code == 0
    assert status(project) == "OPEN"
    assert obstacle(project) == "has a step 'debian' that is for no host"
    assert "for no host" in gap(project)["next_action"]
    assert "for no host" in project.cutter("gaps", "show", "G1").out


def test_a_host_that_leaves_the_group_leaves_nothing_undone_unseen(project: Project) -> None:
    project.runbook(WEB)
    (project.world / "web-web2").write_text("in the way")
    project.cutter("verify", SITE)
    project.apply(SITE, "--limit", "web1")
    assert set(reasons(project)) == {"web web2"}
    project.write(
        "inventory/here/hosts.yml", HOSTS.replace(", web2: {}", "").replace("db1: {}", "db1: {}, web2: {}")
    )
    assert status(project) == "PARTIAL"
    (why,) = reasons(project).values()
    assert why.startswith("it is for the hosts of web, and was left here drifted")
    assert project.cutter("verify", SITE).code == 0
    assert status(project) == "CLOSED", "a run has looked, under what is declared now"
    project.write("inventory/here/hosts.yml", HOSTS.replace("{hosts: {web1: {}, web2: {}}}", "{}"))
    assert status(project) == "OPEN"
    assert obstacle(project) == "has a step 'web' that is for no host"


def test_a_host_that_joins_the_group_opens_it(project: Project) -> None:
    project.runbook(WEB)
    project.apply(SITE)
    assert status(project) == "CLOSED"
    project.write("inventory/here/hosts.yml", HOSTS.replace("web2: {}", "web2: {}, db1: {}"))
    assert set(reasons(project)) == {"web db1"}


@pytest.mark.parametrize("narrowed", ["hosts: web1, ", "when: {os.id: debian}, "])
def test_nobody_closes_a_gap_by_asking_for_less(narrowed: str, project: Project, says: Says) -> None:
    says(os_id="debian")
    project.runbook(EVERY)
    project.apply(SITE, "--limit", "web1")
    assert set(reasons(project)) == {"every web2", "every db1"}
    project.runbook(EVERY.replace("name: Every, ", f"name: Every, {narrowed}"))
    assert status(project) == "OPEN"
    assert reasons(project)["every web1"] == "evidence is of an older version of the step"
    assert project.cutter("verify", SITE, "--limit", "web1").code == 0
    assert status(project) == ("CLOSED" if "hosts" in narrowed else "PARTIAL")


def test_what_was_left_out_under_another_declaration_of_the_gap_does_not_count(
    project: Project, says: Says
) -> None:
    says(os_id="ubuntu")
    project.runbook(EVERY + DEBIAN)
    project.apply(SITE)
    says(os_id="debian")
    project.apply(SITE, "--limit", "db1")
    assert status(project) == "CLOSED"
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: [debian]}"))
    assert status(project) == "OPEN"
    project.apply(SITE, "--limit", "db1")
    assert set(reasons(project)) == {"debian web1", "debian web2"}
    assert "when this gap was declared otherwise" in reasons(project)["debian web1"]


def test_what_was_left_out_expires_as_evidence_does(project: Project, says: Says) -> None:
    import time

    aged = gap_matrix(ALL).replace("    finding: f\n", "    finding: f\n    evidence_max_age: 1s\n")
    project.write("runbooks/gap-matrix.yml", aged)
    says(os_id="ubuntu")
    project.runbook(EVERY + DEBIAN)
    project.apply(SITE)
    until = time.monotonic() + 60
    while time.monotonic() < until and "expired" not in reasons(project).get("debian web1", ""):
        time.sleep(0.2)
    assert "expired" in reasons(project)["debian web1"]


def test_what_a_plan_only_saw_closes_nothing(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    project.runbook(EVERY + DEBIAN)
    assert project.cutter("plan", SITE).code == 0
    assert project.cutter("apply", "--check", SITE).code == 0
    assert reasons(project)["debian web1"] == "no evidence yet"


def test_what_is_left_out_has_not_lapsed(project: Project, says: Says) -> None:
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: [every]}"))
    says(os_id="debian")
    project.runbook(EVERY + DEBIAN)
    project.apply(SITE)
    says(os_id="ubuntu")
    project.apply(SITE)
    assert project.json("gaps")["lapsed"] == []
    assert status(project) == "CLOSED"
