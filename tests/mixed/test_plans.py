"""One runbook for a mixed fleet: each host gets what is for it, and every verb agrees on what that is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pytest
    from mixed.conftest import Says
    from project import Project

OWN = 'directory: {path: "{{ world }}/%s-{{ inventory_hostname }}"}'
BY_GROUP = f"""\
  - {{name: Every, {OWN % "every"}}}
  - {{name: Web, hosts: web, {OWN % "web"}}}
  - {{name: Db, hosts: db1, {OWN % "db"}}}
"""
BY_FACT = f"""\
  - {{name: Debian, when: {{os.id: debian}}, {OWN % "debian"}}}
  - {{name: Other, when: {{os.id: {{not: debian}}}}, {OWN % "other"}}}
"""
REASON = "os.id is ubuntu, and it is for debian"


def made(project: Project) -> set[str]:
    return {path.name for path in project.world.iterdir()}


def plan(project: Project, *words: str) -> dict[str, Any]:
    """Return the target plans of one runbook by target."""
    (told,) = project.json("plan", *words)["plans"]
    return {target["target"]: target for target in told["targets"]}


def test_each_host_gets_what_names_it(project: Project) -> None:
    site = project.runbook(BY_GROUP)
    targets = plan(project, site)
    assert {name: [step["id"] for step in each["steps"]] for name, each in targets.items()} == {
        "web1": ["every", "web"],
        "web2": ["every", "web"],
        "db1": ["every", "db"],
    }
    assert targets["db1"]["left_out"] == [
        {"step": "web", "content_hash": "", "reason": "it is for the hosts of web"}
    ]
    project.apply(site)
    assert made(project) == {"every-web1", "every-web2", "every-db1", "web-web1", "web-web2", "db-db1"}
    assert project.cutter("verify", site).code == 0
    assert project.cutter("plan", site, "--detailed-exitcode").code == 0


def test_each_host_gets_what_its_facts_are_for(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    site = project.runbook(BY_FACT)
    (web1, *_) = plan(project, site).values()
    assert [step["id"] for step in web1["steps"]] == ["other"]
    assert web1["facts"] == {"os.id": "ubuntu"}
    assert [each["reason"] for each in web1["left_out"]] == [REASON]
    run = project.apply(site)
    assert made(project) == {"other-web1", "other-web2", "other-db1"}
    assert {entry["step"] for entry in project.entries("evidence")} == {"other"}
    told = project.entries("left_out")
    assert [(each["run"], each["target"], each["facts"]) for each in told] == [
        (run, name, {"os.id": "ubuntu"}) for name in ("web1", "web2", "db1")
    ]
    assert [step["reason"] for step in told[0]["steps"]] == [REASON]
    shown = project.cutter("runs", "show", run).out
    assert f"not here debian  [web1] {REASON}" in shown
    assert project.json("runs", "show", run)["left_out"] == told


def test_what_is_left_out_is_neither_drifted_nor_ok(project: Project, says: Says) -> None:
    says(os_id="debian")
    site = project.runbook(BY_FACT)
    project.apply(site)
    for path in project.world.iterdir():
        path.rmdir()
    says(os_id="ubuntu")
    (run,) = project.json("verify", site)["runs"]
    assert run["outcomes"] == {"drifted": 3}
    assert {step["step"] for target in run["targets"] for step in target["steps"]} == {"other"}


def test_a_plan_says_how_much_is_left_out_and_what_is_nobodys(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    site = project.runbook(
        BY_GROUP
        + BY_FACT
        + BY_GROUP.replace("name: ", "name: Idle ")
        .replace("hosts: web", "hosts: idle")
        .replace("every-", "idle-every-")
        .replace("db-", "idle-db-")
    )
    told = project.cutter("plan", site).out
    assert (
        "web1, web2 (2 targets, the same on each): 4 steps, would 4 create, 0 irreversible; 4 left out"
        in told
    )
    assert "debian is for none of these hosts: " + REASON in told
    assert "idle-web is for none of these hosts: it is for the hosts of idle" in told
    assert "idle-db is for none" not in told


def test_why_no_step_is_for_a_host_is_said_of_one_host_too(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    (debian, _) = BY_FACT.splitlines(keepends=True)
    for verb in (("plan",), ("apply", "--yes")):
        told = project.cutter(*verb, "--limit", "db1", project.runbook(debian)).out
        assert "debian is for none of these hosts: " + REASON in told
        told = project.cutter(*verb, "--limit", "db1", project.runbook(BY_FACT)).out
        assert "for none of these hosts" not in told


def test_preflight_is_for_its_hosts_alone(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    missing = 'directory: {path: "{{ world }}/missing"}'
    head = "vars: {world: /nonexistent}\npreflight:\n"
    site = project.runbook(
        BY_GROUP,
        head=f"{head}  - {{name: A, hosts: idle, {missing}}}\n"
        f"  - {{name: B, when: {{os.id: debian}}, {missing}}}\n",
    )
    assert project.cutter("preflight", site).code == 0
    assert project.cutter("plan", site).code == 0
    project.apply(site)
    says(os_id="debian")
    assert project.cutter("preflight", site).code == 10
    assert project.cutter("apply", "--yes", site).code == 10


NEEDS = """\
  - name: Key
    when: {os.id: debian}
    gpg_key: {home: "{{ world }}/gpg", generate: {name: A, email: a@example.org}}
  - name: Wiring
    env_file: {path: "{{ world }}/.env", set: {FPR: "{{ steps.key.fingerprint }}"}}
"""


def test_what_needs_a_step_that_is_left_out_is_refused_with_place_and_cause(
    project: Project, says: Says
) -> None:
    says(os_id="ubuntu")
    site = project.runbook(NEEDS)
    for verb, *words in (("plan",), ("apply", "--yes")):
        answer = project.cutter(verb, *words, site)
        assert answer.code == 10, answer
        assert f"step wiring: it uses key, which is not for this host: {REASON}" in answer.err
        assert f"at {site}:10:5" in answer.err
    assert made(project) == set()
    narrowed = project.runbook(NEEDS.replace("    env_file", "    when: {os.id: debian}\n    env_file"))
    assert project.cutter("plan", narrowed).code == 0


def test_a_loop_is_left_out_whole(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    loop = (
        '    for_each: [a, b]\n    directory: {path: "{{ world }}/{{ inventory_hostname }}-{{ item.key }}"}\n'
    )
    site = project.runbook(
        f"  - name: One\n    hosts: db\n{loop}  - name: Two\n    when: {{os.id: debian}}\n{loop}"
    )
    targets = plan(project, site)
    assert [each["step"] for each in targets["web1"]["left_out"]] == ["one", "two[a]", "two[b]"]
    assert [step["id"] for step in targets["db1"]["steps"]] == ["one[a]", "one[b]"]
    answer = project.cutter("plan", site, "--only", "two[b]")
    assert answer.code == 64
    assert f"two[b] is for none of these hosts: {REASON}" in answer.err


def test_only_may_name_what_is_for_some_and_not_what_is_for_none(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    site = project.runbook(BY_GROUP + BY_FACT)
    targets = plan(project, site, "--only", "db")
    assert [len(each["steps"]) for each in targets.values()] == [0, 0, 1]
    for words, told in (
        (("--only", "debian"), f"debian is for none of these hosts: {REASON}"),
        (("--only", "web", "--limit", "db"), "web is for none of these hosts: it is for the hosts of web"),
        (("--only", "dbs"), "no step is called dbs"),
    ):
        for verb in (["plan"], ["apply", "--yes"], ["verify"]):
            answer = project.cutter(*verb, site, *words)
            assert answer.code == 64, answer
            assert told in answer.err
    assert made(project) == set()


def test_a_plan_that_hung_on_another_fact_is_stale(project: Project, says: Says) -> None:
    says(os_id="ubuntu", os_codename="noble")
    site = project.runbook(BY_FACT)
    assert project.cutter("plan", site, "-o", "a.plan").code == 0
    assert json.loads(Path("a.plan").read_text())["plans"][0]["targets"][0]["facts"] == {"os.id": "ubuntu"}
    says(os_id="debian")
    answer = project.cutter("apply", "--yes", "a.plan")
    assert answer.code == 20, answer
    assert "its os.id is debian now, and was ubuntu when the plan was made" in answer.err
    assert made(project) == set()
    assert project.entries("left_out") == []
    says(os_id="ubuntu", os_codename="oracular")
    assert project.cutter("apply", "--yes", "a.plan").code == 0
    assert made(project) == {"other-web1", "other-web2", "other-db1"}


def test_a_plan_that_hung_on_a_fact_is_stale_even_where_the_steps_are_the_same(
    project: Project, says: Says
) -> None:
    says(os_id="ubuntu")
    site = project.runbook(f"  - {{name: A, when: {{os.id: [ubuntu, debian]}}, {OWN % 'a'}}}\n")
    assert project.cutter("plan", site, "-o", "a.plan").code == 0
    says(os_id="debian")
    assert project.cutter("apply", "--yes", "a.plan").code == 20


def test_a_run_is_taken_back_where_it_was(project: Project, says: Says) -> None:
    says(os_id="ubuntu")
    run = project.apply(project.runbook(BY_GROUP + BY_FACT))
    assert made(project)
    says(os_id="debian")
    assert project.cutter("revert", "--yes", run).code == 0
    assert made(project) == set()


def test_facts_are_asked_only_where_they_decide(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from cutter.hosts.local import LocalTarget

    asked: list[Any] = []
    real = LocalTarget.facts

    def noted(target: LocalTarget, names: Collection[str]) -> Mapping[str, str]:
        asked.append(names)
        return real(target, names)

    monkeypatch.setattr(LocalTarget, "facts", noted)
    assert project.cutter("plan", project.runbook(BY_GROUP)).code == 0
    assert asked == []
    assert project.cutter("plan", project.runbook(BY_FACT)).code == 0
    assert asked == [["os.id"]] * 3


def test_hosts_without_a_step_are_counted_as_such(project: Project) -> None:
    site = project.runbook(f"  - {{name: Db, hosts: db, {OWN % 'db'}}}\n")
    told = project.cutter("apply", "--yes", site).out
    assert "targets: 1 changed, 2 without a step" in told
