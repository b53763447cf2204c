"""A step is bound once for all hosts on which it comes to the same, and anew for every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cutter.language.alike import Alike
from cutter.language.bind import bind
from cutter.language.inventory import load_environment
from cutter.language.problems import InvalidDocuments
from cutter.language.runbooks import load_runbook

if TYPE_CHECKING:
    from pathlib import Path

    from malformed_corpus import Write

    from cutter.model.runbook import BoundRunbook

HOSTS = """\
all:
  hosts:
    a: {role: web, port: 1, many: [red]}
    b: {role: web, port: true, many: [red]}
    c: {role: db, many: [blue]}
"""
FILE = "steps:\n  - name: File\n    file: {path: /srv/x, %s}\n"


@pytest.fixture
def both(project: Path, write: Write) -> Any:
    """Return a function that binds a runbook to hosts one after the other, and each for itself too."""

    def _both(text: str, *names: str) -> list[BoundRunbook]:
        write("inventory/many/environment.yml", "name: many\nproduction: no\nledger: /l\ntarget_state: /s\n")
        write("inventory/many/hosts.yml", HOSTS)
        runbook = load_runbook(write("runbooks/r.yml", text))
        environment = load_environment(project / "inventory" / "many")
        alike, hosts = Alike(), {host.name: host for host in environment.hosts}
        found = [bind(runbook, environment, hosts[name], {}, b"key", alike=alike) for name in names]
        alone = [bind(runbook, environment, hosts[name], {}, b"key") for name in names]
        assert found == alone
        return found

    return _both


def same(found: list[BoundRunbook]) -> bool:
    """Tell whether the only step of both is one and the same object."""
    one, other = found
    return one.steps[0] is other.steps[0]


def test_what_asks_nothing_of_its_host_is_bound_once(both: Any) -> None:
    assert same(both(FILE % "content: text", "a", "c"))
    loop = "steps:\n  - name: Each\n    for_each: [p, q]\n    directory: {path: '/srv/{{ item.value }}'}\n"
    assert same(both(loop, "a", "c"))


def test_what_asks_the_same_and_hears_the_same_is_bound_once(both: Any) -> None:
    text = FILE % 'owner: "{{ facts.user }}", content: "{{ role }}"'
    assert same(both(text, "a", "b"))
    assert not same(both(text, "a", "c"))
    assert not same(both(FILE % 'content: "{{ inventory_hostname }}"', "a", "b"))


def test_one_and_true_are_not_the_same(both: Any) -> None:
    one, other = both(FILE % "json: {port: '{{ port }}'}", "a", "b")
    assert one.steps[0].content_hash != other.steps[0].content_hash


def test_what_cannot_be_compared_at_no_cost_is_bound_anew(both: Any) -> None:
    loop = (
        "steps:\n  - name: Each\n    for_each: '{{ many }}'\n    directory: {path: '/srv/{{ item.value }}'}\n"
    )
    assert not same(both(loop, "a", "c"))
    assert not same(both(loop, "a", "b"))


def test_a_template_may_use_anything(both: Any, write: Write) -> None:
    write("runbooks/t.j2", "{{ role }}")
    one, other = both(FILE % "template: t.j2", "a", "c")
    assert one.steps[0].content_hash != other.steps[0].content_hash


def test_a_step_that_uses_another_is_not_taken_for_the_same(both: Any) -> None:
    text = (
        "steps:\n"
        "  - name: Key\n    gpg_key: {home: '/srv/{{ role }}', generate: {name: k, email: k@example.org}}\n"
        "  - name: Note\n    env_file: {path: /srv/x, set: {K: '{{ steps.key.fingerprint }}'}}\n"
    )
    one, other = both(text, "a", "c")
    assert one.steps[1].content_hash != other.steps[1].content_hash


def test_what_one_host_lacks_is_its_own_problem(both: Any) -> None:
    with pytest.raises(InvalidDocuments, match="port"):
        both(FILE % "json: '{{ port }}'", "a", "c")
