"""--limit at the command line: patterns, what is left out, plan files, and the commands that repeat it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from project import Project

STEP = '  - name: Room\n    directory: {path: "{{ world }}/{{ inventory_hostname }}"}\n'
SITE = "runbooks/site.yml"


@pytest.fixture
def site(project: Project) -> Project:
    project.runbook(STEP)
    return project


def made(project: Project) -> list[str]:
    return sorted(path.name for path in project.world.iterdir())


@pytest.mark.parametrize("verb", ["plan", "preflight", "verify", "prove", "vars", "apply"])
def test_every_verb_that_has_a_limit_refuses_a_word_for_nobody(verb: str, site: Project) -> None:
    for limit in ("web*,!web9", "wbe*", ""):
        answer = site.cutter(verb, "--limit", limit, SITE)
        assert (answer.code, answer.out) == (64, ""), answer
        assert "--limit" in answer.err
    assert made(site) == []


def test_patterns_choose_what_is_planned_applied_and_verified(site: Project) -> None:
    planned = json.loads(site.cutter("plan", "--json", "--limit", "!web2,!db", SITE).out)
    assert [target["target"] for target in planned["plans"][0]["targets"]] == ["web1"]
    site.apply(SITE, "-l", "*1,!db*")
    assert made(site) == ["web1"]
    assert site.cutter("verify", "--limit", "web?,!web2", SITE).code == 0


def test_a_plan_file_keeps_the_patterns(site: Project) -> None:
    assert site.cutter("plan", SITE, "--limit", "all,!web1", "-o", "kept.plan").code == 0
    site.apply("kept.plan")
    assert made(site) == ["db1", "web2"]


def test_a_plan_file_whose_pattern_means_others_now_is_refused(site: Project) -> None:
    assert site.cutter("plan", SITE, "--limit", "web*", "-o", "kept.plan").code == 0
    hosts = Path("inventory/here/hosts.yml")
    hosts.write_text(hosts.read_text().replace("web2: {}", "web2: {}, web3: {}"))
    assert site.cutter("apply", "--yes", "kept.plan").code == 22
    assert made(site) == []


def test_what_comes_next_is_for_the_same_hosts(site: Project) -> None:
    answer = site.cutter("verify", "--limit", "web*,!web2", "-e", f"world={site.world}/a b", SITE)
    assert answer.code == 2, answer
    line = answer.out.splitlines()[-1]
    assert "--limit 'web*,!web2'" in line
    words = shlex.split(line.removeprefix("next: cutter "))
    Path(f"{site.world}/a b").mkdir()
    assert site.cutter(words[0], "--yes", *words[3:]).code == 0, line
    assert [path.name for path in site.world.rglob("*")] == ["a b", "web1"]


def test_a_plan_that_cannot_be_kept_says_for_whom_it_could(site: Project) -> None:
    hosts = Path("inventory/here/hosts.yml")
    silent = "web2: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}"
    hosts.write_text(hosts.read_text().replace("web2: {}", silent))
    words = ("plan", SITE, "-o", "kept.plan", "--limit")
    answer = site.cutter(*words, "web*")
    assert answer.code == 69
    assert "no plan is kept: web2 could not be looked at; --limit 'web*,!web2' keeps one" in answer.err
    assert site.cutter(*words, "web*,!web2").code == 0
    assert "keeps one for the others" not in site.cutter(*words, "web2").err
