"""Variables that say how a host is reached: known, nearly known, not done as Ansible does, and free."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutter.errors import UsageError
from cutter.language.connection_words import KNOWN
from cutter.language.extra import parse_extra
from cutter.language.inventory import load_environment
from cutter.language.problems import InvalidDocuments, Problem
from cutter.language.runbooks import load_runbook
from cutter.language.schema import schema_of

if TYPE_CHECKING:
    from malformed_corpus import Write

NOT_DONE = "would not do as"


def problems(project: Path) -> list[Problem]:
    with pytest.raises(InvalidDocuments) as caught:
        load_environment(project / "inventory" / "one")
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("said", "what", "meant"),
    [
        ("ansible_hots: a", "does not know 'ansible_hots'", "ansible_host"),
        ("ansible_become_pasword: {env: A}", "does not know", "ansible_become_password"),
        ("ansible_pyton_interpreter: /usr/bin/python3", "does not know", "ansible_python_interpreter"),
        ("ansible_usr: a", "does not know", "ansible_user"),
        ("ansible_: a", "does not know", ""),
        ("ansible_distribution: Debian", "does not know", ""),
        ("ansible_ssh_user: a", "has another name here", "ansible_user"),
        ("ansible_ssh_host: a", "has another name here", "ansible_host"),
        ("ansible_become_pass: a", "has another name here", "ansible_become_password"),
        ("ansible_become_user: postgres", "becomes root and nobody else", ""),
        ("ansible_become_method: su", "by sudo alone", ""),
        ("ansible_password: hunter2", "ssh logs in by a key", ""),
        ("ansible_host_key_checking: no", "~/.ssh/config", ""),
        ("ansible_ssh_executable: /opt/ssh", "CUTTER_SSH", ""),
        ("bootstrap_pyton: true", "is nearly the name", "bootstrap_python"),
        ("bootstrap_python3: true", "is nearly the name", "bootstrap_python"),
        ("ansibel_host: a", "is nearly the name", "ansible_host"),
        ("anisble_become: true", "is nearly the name", "ansible_become"),
    ],
)
def test_what_cutter_would_not_do_is_refused(
    project: Path, write: Write, said: str, what: str, meant: str
) -> None:
    write("inventory/one/host_vars/one.yml", f"---\nfree: a\n{said}\n")
    (problem,) = problems(project)
    assert str(problem.position) == f"{project}/inventory/one/host_vars/one.yml:3:1"
    assert what in problem.what
    assert problem.suggestion == meant
    assert problem.suggestion or problem.advice
    assert "hunter2" not in problem.text()


def test_they_are_found_wherever_an_inventory_has_variables(project: Path, write: Write) -> None:
    hosts = (
        "all:\n  hosts:\n    one: {ansible_connection: local, ansible_hots: a}\n  vars: {ansible_prot: 1}\n"
    )
    write("inventory/one/hosts.yml", f"{hosts}idle:\n  vars:\n    ansible_usr: a\n")
    write("inventory/one/group_vars/idle.yml", "bootstrap_pyton: true\n")
    found = [str(one.position).rpartition("inventory/one/")[2] for one in problems(project)]
    assert found == ["group_vars/idle.yml:1:1", "hosts.yml:3:38", "hosts.yml:4:10", "hosts.yml:7:5"]


@pytest.mark.parametrize(
    "said",
    [
        "ansible_become_user: root",
        "ansible_become_method: sudo",
        "ansible_host_key_checking: yes",
        "ansible_pipelining: yes",
        "ansible_remote_tmp: /var/tmp",
        "ansible_ruby_interpreter: /usr/bin/ruby",
        "become: a",
        "bootstrap: a",
        "python: a",
        "bootstrap_servers: a",
        "python_bootstrap: a",
        "host: a",
        "user_ansible: a",
        "ANSIBLE_CONFIG: a",
    ],
)
def test_what_says_nothing_else_and_what_is_free_passes(project: Path, write: Write, said: str) -> None:
    write("inventory/one/host_vars/one.yml", f"{said}\n")
    (host,) = load_environment(project / "inventory" / "one").hosts
    assert said.partition(":")[0] in host.variables


def test_the_schema_for_editors_has_the_words_that_are_done() -> None:
    assert schema_of("hosts")["$defs"]["host"]["properties"] == KNOWN


@pytest.mark.parametrize("name", ["ansible_user", "ansible_hots", "bootstrap_python"])
def test_only_an_inventory_gives_them(project: Path, write: Write, name: str) -> None:
    with pytest.raises(UsageError, match=f"-e {name} has no effect"):
        parse_extra([f"{name}=a"])
    with pytest.raises(InvalidDocuments) as caught:
        load_runbook(write("runbooks/r.yml", f"vars:\n  {name}: a\nsteps: []\n"))
    (problem,) = caught.value.problems
    assert str(problem.position) == f"{project}/runbooks/r.yml:5:3"
    assert "said in the inventory" in problem.what
