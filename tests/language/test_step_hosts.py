"""`hosts:` and `when:` of a step: who it is for, what it is then, and what is refused before any contact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cutter.language.bind import bind
from cutter.language.inventory import load_environment, select_for
from cutter.language.problems import InvalidDocuments
from cutter.language.runbooks import load_runbook
from cutter.model.runbook import BoundRunbook
from cutter.model.when import Term

_HOSTS = """\
all:
  children:
    web: {hosts: {web1: {}, both: {}}}
    db: {hosts: {db1: {}, both: {}}}
    idle: {}
    top: {children: {web: {}}}
"""
_HEAD = "apiVersion: cutter/v1\nrunbook: site\ntitle: A test\n"


class Inventory:
    """Some hosts in groups, and runbooks on their way to them."""

    def __init__(self, folder: Path) -> None:
        self.runbook = folder / "site.yml"
        (folder / "one").mkdir()
        (folder / "one/hosts.yml").write_text(_HOSTS)
        self.environment = load_environment(folder / "one")

    def bound(self, host: str, steps: str, head: str = "") -> BoundRunbook:
        self.runbook.write_text(f"{_HEAD}{head}steps:\n{steps}")
        runbook = load_runbook(self.runbook)
        (found,) = (each for each in select_for(self.environment, runbook) if each.name == host)
        return bind(runbook, self.environment, found, {}, b"key")

    def hash_of(self, words: str) -> str:
        return (
            self.bound("both", f"  - {{name: A, {words}directory: {{path: /srv/a}}}}\n").steps[0].content_hash
        )

    def problems(self, steps: str, host: str = "web1", head: str = "") -> list[Any]:
        with pytest.raises(InvalidDocuments) as caught:
            self.bound(host, steps, head)
        return [(str(each.position).partition("site.yml:")[2], each) for each in caught.value.problems]


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        ("web", {"web1", "both"}),
        ("db1", {"db1"}),
        ("web1, db", {"web1", "db1", "both"}),
        ("top", {"web1", "both"}),
        ("all", {"web1", "db1", "both"}),
        ("idle", set()),
    ],
)
def test_a_step_is_for_the_hosts_it_names(pattern: str, hosts: set[str], inventory: Inventory) -> None:
    steps = f"  - {{name: A, hosts: '{pattern}', directory: {{path: /srv/a}}}}\n"
    bound = {name: inventory.bound(name, steps) for name in ("web1", "db1", "both")}
    assert {name for name, found in bound.items() if found.steps} == hosts
    for name in bound.keys() - hosts:
        (left_out,) = bound[name].left_out
        assert (left_out.step, left_out.content_hash) == ("a", "")
        assert left_out.reason == f"it is for the hosts of {pattern}"
        assert bound[name].declared_ids == ("a",)


def test_what_a_left_out_step_needs_need_not_be_there(inventory: Inventory) -> None:
    """A variable that only its own hosts have may be missing elsewhere."""
    steps = "  - {name: A, hosts: db, directory: {path: '/srv/{{ only_of_db }}'}}\n"
    assert inventory.bound("web1", steps).left_out
    assert "only_of_db" in inventory.problems(steps, "db1")[0][1].what


def test_conditions_are_read_in_all_their_forms(inventory: Inventory) -> None:
    when = "{os.id: debian, arch: [amd64, x86_64], user: {not: root}, python: {not: ['3.7', '<3.6']}}"
    (step,) = inventory.bound("web1", f"  - {{name: A, when: {when}, directory: {{path: /a}}}}\n").steps
    assert step.when == (
        Term("os.id", ("debian",)),
        Term("arch", ("amd64", "x86_64")),
        Term("user", ("root",), negated=True),
        Term("python", ("3.7", "<3.6"), negated=True),
    )


def test_who_a_step_is_for_is_part_of_what_it_is(inventory: Inventory) -> None:
    """Asking for less is another step: the old evidence does not count for it."""
    words = ["", "hosts: all, ", "hosts: both, ", "when: {os.id: debian}, ", "when: {os.id: {not: debian}}, "]
    assert len({inventory.hash_of(each) for each in words}) == len(words)
    same = [("hosts: 'web,db', ", "hosts: ' db , web', ")]
    same += [("when: {os.id: [a, b], user: c}, ", "when: {user: [c], os.id: [b, a]}, ")]
    for one, other in same:
        assert inventory.hash_of(one) == inventory.hash_of(other)


def test_a_name_that_no_inventory_has_is_refused_at_its_place(inventory: Inventory) -> None:
    steps = "  - {name: A, hosts: 'web, dbs', directory: {path: /srv/a}}\n"
    ((place, problem),) = inventory.problems(steps)
    assert place == "5:22"
    assert (problem.where, problem.offending, problem.suggestion) == ("steps[0].hosts", "dbs", "db")
    ((_, problem),) = inventory.problems(steps.replace("dbs", "q"), head="hosts: idle\n")
    assert problem.advice == "there are all, both, db, db1, idle, top, web, web1"


def test_an_output_of_a_step_that_is_not_here_is_refused_at_its_place(inventory: Inventory) -> None:
    steps = """\
  - {name: Key, hosts: db, gpg_key: {home: /srv/gpg, generate: {name: A, email: a@example.org}}}
  - {name: Use, env_file: {path: /srv/.env, set: {FPR: "{{ steps.key.fingerprint }}"}}}
"""
    assert inventory.bound("db1", steps).steps
    ((place, problem),) = inventory.problems(steps)
    assert place == "6:56"
    assert problem.what == "the step 'key' is not for web1: it is for the hosts of db"
    narrowed = steps.replace("name: Use,", "name: Use, hosts: db,")
    assert len(inventory.bound("web1", narrowed).left_out) == 2


@pytest.mark.parametrize("key", ["hosts: all", "when: {os.id: debian}"])
def test_a_database_has_neither_hosts_nor_facts(key: str, inventory: Inventory) -> None:
    steps = f"  - {{name: A, {key}, enact: {{document: d, effective_from: '2026-07-01'}}}}\n"
    problems = inventory.problems(steps, head="database: governed\n")
    assert "tells hosts apart, and this runbook acts on a database" in problems[0][1].what
