"""Inventory folders: Ansible's own form, precedence, and everything that is wrong with one at once."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutter.errors import UsageError
from cutter.language.extra import parse_extra, refuse_undeclared
from cutter.language.inventory import load_environment, select
from cutter.language.inventory_groups import expand
from cutter.language.problems import InvalidDocuments
from cutter.language.variables import Scope, all_values
from cutter.model.inventory import Environment

if TYPE_CHECKING:
    from malformed_corpus import Write

ROOT = Path(__file__).parents[2]
ANSIBLE = """---
all:
  hosts:
    mail.example.com:
  vars: {ntp: one, level: all}
  children:
    webservers:
      hosts:
        web[01:03].example.com:
          http_port: 80
          ansible_port: 2222
        special:
          ansible_host: "{{ inventory_hostname }}.example.com"
          ansible_user: deploy
          ansible_become: yes
          ansible_connection: smart
      vars: {level: web}
    prod:
      children:
        webservers:
        databases:
      vars: {level: prod}
    databases:
      hosts:
        db-[a:c]:
"""


def environment(project: Path) -> Environment:
    return load_environment(project / "inventory" / "one")


def refusals(project: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidDocuments) as caught:
        environment(project)
    inventory = project / "inventory" / "one"
    return [
        (str(one.position).removeprefix(f"{inventory}/"), one.what, one.suggestion)
        for one in caught.value.problems
    ]


def test_an_ansible_inventory_is_understood(project: Path, write: Write) -> None:
    write("inventory/one/hosts.yml", ANSIBLE)
    found = environment(project)
    names = [host.name for host in found.hosts]
    assert names == [
        "mail.example.com",
        *(f"web0{n}.example.com" for n in (1, 2, 3)),
        "special",
        "db-a",
        "db-b",
        "db-c",
    ]
    web, special = found.hosts[1], found.hosts[4]
    assert (web.connection, web.address, web.user, web.port, web.become) == (
        "ssh",
        "web01.example.com",
        None,
        2222,
        False,
    )
    assert (special.address, special.user, special.become, special.connection) == (
        "special.example.com",
        "deploy",
        True,
        "ssh",
    )
    assert web.groups == ("all", "prod", "webservers")
    assert [one.value for one in web.variables["level"]] == ["all", "prod", "web"]
    assert found.groups["prod"] == (*names[1:],)


def test_precedence_goes_from_the_runbook_to_the_command_line(project: Path, write: Write) -> None:
    write(
        "inventory/one/hosts.yml",
        "all:\n  hosts:\n    one: {ansible_connection: local, e: host}\n"
        "  children:\n    b: {hosts: {one: }}\n    a: {hosts: {one: }}\n",
    )
    write("inventory/one/group_vars/all.yml", "b: all\nc: all\nd: all\ne: all\n")
    write("inventory/one/group_vars/a.yml", "c: a\nd: a\n")
    write("inventory/one/group_vars/b/main.yml", "d: b\n")
    write("inventory/one/host_vars/one.yml", "f: host file\n")
    found = environment(project)
    from cutter.language.runbooks import load_runbook

    runbook = load_runbook(write("runbooks/r.yml", "vars: {a: runbook, b: runbook, g: runbook}\nsteps: []\n"))
    given = all_values(found, found.hosts[0], runbook, {"g": "extra"})
    scope = Scope(given)
    assert [scope.value(name) for name in "abcdefg"] == [
        *("runbook", "all", "a", "b", "host", "host file", "extra"),
    ]
    origins = [(one.layer, one.origin.rpartition("/")[2]) for one in given["d"]]
    assert origins == [("group all", "all.yml:3:4"), ("group a", "a.yml:2:4"), ("group b", "main.yml:1:4")]


def test_cutter_gives_some_variables_itself(project: Path, write: Write) -> None:
    write(
        "inventory/one/group_vars/all.yml",
        'a: "{{ project_dir }}|{{ inventory_dir }}|{{ inventory_hostname }}|{{ environment }}"\n',
    )
    found = environment(project)
    value = Scope(all_values(found, found.hosts[0], None, {})).value("a")
    assert value == f"{project}|{project}/inventory/one|one|one"


def test_the_settings_of_an_environment(project: Path, write: Write) -> None:
    write(
        "inventory/one/environment.yml",
        'name: two\nproduction: yes\nsandbox: "no"\nledger: "{{ inventory_dir }}/ledger"\n',
    )
    found = environment(project)
    assert (found.name, found.production, found.sandbox, found.matrix_file) == ("two", True, False, None)
    assert found.ledger == f"{project}/inventory/one/ledger"
    assert found.target_state == "/var/lib/cutter/target"


def test_an_inventory_without_environment_is_taken_for_production(project: Path) -> None:
    (project / "inventory" / "one" / "environment.yml").unlink()
    found = environment(project)
    assert (found.name, found.production, found.sandbox) == ("one", True, False)


def test_the_digest_covers_content_and_not_layout(project: Path, write: Write) -> None:
    first = environment(project).digest
    write("inventory/one/hosts.yml", "# a comment\nall: {hosts: {one: {ansible_connection: local}}}\n")
    assert environment(project).digest == first
    write("inventory/one/group_vars/all.yml", "a: b\n")
    assert environment(project).digest != first


@pytest.mark.parametrize(
    "case",
    [
        (
            "environment.yml",
            "name: one\nproduction: maybe\n",
            "environment.yml:2:13",
            '"maybe" is not one of yes, no',
            "",
        ),
        (
            "environment.yml",
            "name: one\nproduction: true\n",
            "environment.yml:2:13",
            "true is not one of yes, no",
            "",
        ),
        (
            "environment.yml",
            "name: one\nprodution: no\n",
            "environment.yml:2:1",
            "unknown key 'prodution'",
            "production",
        ),
        (
            "environment.yml",
            "name: one\nproduction: no\nledger: here\n",
            "environment.yml:3:9",
            '"here" does not match',
            "",
        ),
        (
            "environment.yml",
            'name: one\nproduction: no\nledger: "{{ projct_dir }}/l"\n',
            "environment.yml:3:9",
            "'projct_dir' is not known here",
            "project_dir",
        ),
        ("hosts.yml", "all:\n  host: {one: }\n", "hosts.yml:2:3", "unknown key 'host'", "hosts"),
        (
            "hosts.yml",
            "all:\n  hosts:\n    one: {ansible_connection: locl}\n",
            "hosts.yml:3:31",
            '"locl" is not one of local, ssh',
            "local",
        ),
        (
            "hosts.yml",
            "all:\n  hosts:\n    one: {ansible_port: 99999}\n",
            "hosts.yml:3:25",
            "99999 is not a port number",
            "",
        ),
        (
            "hosts.yml",
            "all:\n  hosts:\n    one: {ansible_become: perhaps}\n",
            "hosts.yml:3:27",
            '"perhaps" is neither true nor false',
            "",
        ),
        (
            "hosts.yml",
            'all:\n  hosts:\n    one: {ansible_host: "{{ adress }}", address: a}\n',
            "hosts.yml:3:25",
            "'adress' is not declared anywhere",
            "address",
        ),
        (
            "hosts.yml",
            "all:\n  hosts:\n    web[1:a]: {}\n",
            "hosts.yml:3:5",
            "'web[1:a]' is not a range of hosts",
            "web[01:10]",
        ),
        (
            "hosts.yml",
            "all:\n  children:\n    a: {children: {b: {children: {a: }}}}\n",
            "hosts.yml:1:1",
            "the groups 'a' and 'b' are inside each other",
            "",
        ),
        (
            "hosts.yml",
            "all:\n  hosts:\n    one: {item: x}\n",
            "hosts.yml:3:11",
            "'item' is a name that cutter gives itself",
            "",
        ),
        ("group_vars/al.yml", "a: b\n", "group_vars/al.yml:1:1", "there is no group 'al'", "all"),
        ("host_vars/onne.yml", "a: b\n", "host_vars/onne.yml:1:1", "there is no host 'onne'", "one"),
        (
            "group_vars/all.yml",
            "a: yes\n",
            "group_vars/all.yml:1:4",
            "yes unquoted reads as true in YAML 1.1",
            "",
        ),
        (
            "group_vars/all.yml",
            'a: "{{ steps.x.y }}"\n',
            "group_vars/all.yml:1:4",
            "there is no earlier step 'x'",
            "",
        ),
        (
            "group_vars/all.yml",
            "a: !vault |\n  1234\n",
            "group_vars/all.yml:1:4",
            "the tag !vault is not allowed",
            "",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(project: Path, write: Write, case: Sequence[str]) -> None:
    file, text, place, what, meant = case
    write(f"inventory/one/{file}", text)
    found = refusals(project)[0]
    assert (found[0], found[2]) == (place, meant)
    assert what in found[1]


def test_the_problems_of_all_files_are_told_at_once(project: Path, write: Write) -> None:
    write("inventory/one/hosts.yml", "all:\n  hosts:\n    one: {ansible_port: x}\n")
    write("inventory/one/environment.yml", "name: one\n")
    write("inventory/one/group_vars/all.yml", "a: 1.5\n")
    assert [place for place, _, _ in refusals(project)] == [
        *("environment.yml:1:1", "group_vars/all.yml:1:4", "hosts.yml:3:25"),
    ]


def test_a_folder_that_is_not_there_is_told_with_the_one_beside_it(project: Path) -> None:
    with pytest.raises(InvalidDocuments) as caught:
        load_environment(project / "inventory" / "onne")
    assert caught.value.problems[0].suggestion == str(project / "inventory" / "one")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a", ["a"]),
        ("w[1:3]", ["w1", "w2", "w3"]),
        ("w[08:10]", ["w08", "w09", "w10"]),
        ("[a:c]x", ["ax", "bx", "cx"]),
        ("n[0:6:3]", ["n0", "n3", "n6"]),
        ("a[1:2]b[1:2]", ["a1b1", "a1b2", "a2b1", "a2b2"]),
        ("w[1:3:0]", []),
    ],
)
def test_ranges_of_hosts(pattern: str, names: list[str]) -> None:
    assert list(expand(pattern)) == names


def test_hosts_are_chosen_by_pattern_and_limit(project: Path, write: Write) -> None:
    write("inventory/one/hosts.yml", ANSIBLE)
    found = environment(project)
    assert [host.name for host in select(found, "databases, special")] == ["special", "db-a", "db-b", "db-c"]
    assert [host.name for host in select(found, "prod", "db-b,mail.example.com")] == ["db-b"]
    with pytest.raises(InvalidDocuments) as caught:
        select(found, "databses")
    assert caught.value.problems[0].suggestion == "databases"
    with pytest.raises(UsageError, match="databses") as limit:
        select(found, "all", "databses")
    assert "databases" in limit.value.remedy
    with pytest.raises(UsageError, match="leaves none"):
        select(found, "databases", "special")


def test_extra_variables_come_as_words_files_and_json(tmp_path: Path) -> None:
    file = tmp_path / "x.yml"
    file.write_text("b: 2\n")
    assert parse_extra(["a=1=2", f"@{file}", '{"c": [true]}', "a=3"]) == {"a": "3", "b": 2, "c": [True]}
    for wrong in ("a", "{", '{"a": 1.5}', "[1]", "a-b=c", "steps=x", "=x"):
        with pytest.raises(UsageError):
            parse_extra([wrong])


def test_an_extra_variable_that_nobody_declares_is_refused(project: Path, write: Write) -> None:
    write("inventory/one/group_vars/all.yml", "state_root: /srv\n")
    refuse_undeclared({"state_root": "/tmp"}, [], environment(project))
    with pytest.raises(UsageError) as caught:
        refuse_undeclared({"state_rot": "/tmp"}, [], environment(project))
    assert "state_root" in caught.value.remedy


def test_the_inventories_of_the_project_load(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory")
    local, sandbox = (load_environment(tmp_path / "inventory" / name) for name in ("local", "sandbox"))
    assert (local.ledger, local.sandbox, local.production) == ("/var/lib/cutter/ledger", False, False)
    assert (sandbox.ledger, sandbox.sandbox) == (f"{tmp_path}/sandbox/ledger", True)
    scopes = [Scope(all_values(one, one.hosts[0], None, {})) for one in (local, sandbox)]
    assert set(scopes[0].names()) <= set(scopes[1].names())
    paths = [
        name
        for name in scopes[0].names()
        if str(scopes[0].value(name)).startswith("/") and "_dir" not in name
    ]
    assert all(str(scopes[1].value(name)).startswith(f"{tmp_path}/sandbox/") for name in paths)
