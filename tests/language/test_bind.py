"""What a runbook becomes for one target: values, loops, files, hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cutter.language.bind import bind
from cutter.language.inventory import load_environment
from cutter.language.problems import InvalidDocuments
from cutter.language.runbooks import load_runbook
from cutter.model.canonical import bytes_digest
from cutter.model.runbook import BoundRunbook, BoundStep

if TYPE_CHECKING:
    from malformed_corpus import Write

HEAD = "steps:\n  - name: A directory\n"


@pytest.fixture
def bound(project: Path, write: Write) -> Any:
    """Return a function that writes a runbook and binds it to the only host."""

    def _bound(text: str, extra: Sequence[str] | Mapping[str, Any] = (), key: bytes = b"key") -> BoundRunbook:
        runbook = load_runbook(write("runbooks/r.yml", text))
        environment = load_environment(project / "inventory" / "one")
        return bind(runbook, environment, environment.hosts[0], extra, key)

    return _bound


def only(found: BoundRunbook) -> BoundStep:
    (step,) = found.steps
    return step


def hash_of(found: BoundRunbook) -> str:
    return only(found).content_hash


def test_references_are_followed_and_late_ones_are_left(bound: Any) -> None:
    found = bound(
        'vars: {root: "/srv/{{ who }}", who: "{{ facts.user }}", m: "0700"}\n'
        + HEAD
        + '    directory: {path: "{{ root }}/a", owner: "{{ who }}", mode: "{{ m }}"}\n'
    )
    assert only(found).params == {
        "path": "/srv/{{ facts.user }}/a",
        "owner": "{{ facts.user }}",
        "mode": "0700",
    }
    assert (found.target, found.declared_ids) == ("one", ("a-directory",))


def test_a_whole_reference_keeps_its_type(bound: Any) -> None:
    text = "vars: {words: [sleep, '5'], seconds: 9}\nsteps:\n  - name: Wait\n    irreversible: it is idle\n"
    step = only(
        bound(text + '    command: {argv: "{{ words }}", check: ["false"], timeout: "{{ seconds }}"}\n')
    )
    assert (step.params["argv"], step.params["timeout"]) == (["sleep", "5"], 9)


def test_extra_variables_win(bound: Any) -> None:
    text = "vars: {root: /srv}\n" + HEAD + '    directory: {path: "{{ root }}/a"}\n'
    assert only(bound(text, ["root=/tmp"])).params["path"] == "/tmp/a"
    assert hash_of(bound(text, ["root=/tmp"])) != hash_of(bound(text))


@pytest.mark.parametrize(
    ("items", "paths"),
    [
        ("{a: {at: one}, b.c: {at: two}}", {"dirs[a]": "/srv/one", "dirs[b.c]": "/srv/two"}),
        ("'{{ listed }}'", {"dirs[x]": "/srv/three"}),
        ("{}", {}),
    ],
)
def test_each_item_is_a_step_of_its_own(bound: Any, items: str, paths: dict[str, str]) -> None:
    text = f"vars: {{listed: {{x: {{at: three}}}}}}\nsteps:\n  - name: Dirs\n    for_each: {items}\n"
    found = bound(text + '    directory: {path: "/srv/{{ item.value.at }}"}\n')
    assert {step.id: step.params["path"] for step in found.steps} == paths
    assert {step.declared_id for step in found.steps} <= {"dirs"}
    assert found.declared_ids == ("dirs",)
    assert [step.name for step in found.steps] == [f"Dirs [{key[5:-1]}]" for key in paths]


def test_the_name_of_an_item_can_speak_of_it(bound: Any) -> None:
    text = 'steps:\n  - name: "Folder {{ item.key }}"\n    id: dirs\n    for_each: [a, b]\n'
    found = bound(text + '    directory: {path: "/srv/{{ item.value }}"}\n')
    assert [step.name for step in found.steps] == ["Folder a", "Folder b"]


def test_files_travel_by_digest(bound: Any, write: Write) -> None:
    write("runbooks/files/a.txt", "hello\n")
    step = only(bound("steps:\n  - name: A file\n    file: {path: /srv/a, source: files/a.txt}\n"))
    assert step.content == {bytes_digest(b"hello\n"): b"hello\n"}
    write("runbooks/files/a.txt", "changed\n")
    again = only(bound("steps:\n  - name: A file\n    file: {path: /srv/a, source: files/a.txt}\n"))
    assert again.content_hash != step.content_hash


def test_templates_see_the_variables_of_the_target_and_the_item(bound: Any, write: Write) -> None:
    write("runbooks/a.j2", "{{ root }} {{ inventory_hostname }} {{ item.value }}\n")
    text = 'vars: {root: /srv, unused: "{{ missing }}"}\nsteps:\n  - name: A file\n    for_each: [x]\n'
    step = only(bound(text + "    file: {path: /srv/a, template: a.j2}\n"))
    assert list(step.content.values()) == [b"/srv one x\n"]


@pytest.mark.parametrize(
    "template",
    ["{{ nobody }}", "{{ ''.__class__.__mro__ }}", "{{ 1/0 }}", "{% include '/etc/passwd' %}", "{{ who }}"],
)
def test_a_template_that_cannot_be_rendered_is_a_problem_at_its_place(
    bound: Any, write: Write, template: str
) -> None:
    write("runbooks/a.j2", template)
    late = 'vars: {who: "{{ facts.user }}"}\n'
    with pytest.raises(InvalidDocuments) as caught:
        bound(late + "steps:\n  - name: A file\n    file: {path: /srv/a, template: a.j2}\n")
    (problem,) = caught.value.problems
    assert (problem.position.line, problem.position.column) == (7, 36)


def test_names_and_defaults_written_out_change_no_hash(bound: Any) -> None:
    first = hash_of(bound(HEAD + "    directory: {path: /srv/a}\n"))
    assert hash_of(bound("steps:\n  - name: Renamed\n    directory: {path: /srv/a}\n")) == first
    assert hash_of(bound(HEAD + '    directory: {path: /srv/a, ensure: present, mode: "0755"}\n')) == first
    assert hash_of(bound(HEAD + '    directory: {path: /srv/a, mode: "0700"}\n')) != first


def test_a_hash_covers_the_earlier_step_that_it_uses(bound: Any) -> None:
    def published(email: str) -> str:
        found = bound(
            "steps:\n  - name: Key\n    gpg_key: {home: /srv/g, generate: {name: Backup, email: "
            + email
            + "}}\n"
            "  - name: Published\n    env_file:\n      path: /srv/.env\n"
            '      set: {A_KEY: "{{ steps.key.fingerprint }}"}\n'
        )
        return str(found.steps[1].content_hash)

    assert published("a@example.org") == published("a@example.org") != published("b@example.org")


def test_a_secret_enters_a_hash_by_keyed_digest_only(bound: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "steps:\n  - name: Wiring\n    env_file: {path: /srv/.env, set: {A_KEY: {env: A_SECRET}}}\n"
    monkeypatch.setenv("A_SECRET", "hunter2")
    step = only(bound(text))
    assert "hunter2" not in repr(step)
    assert step.content_hash == hash_of(bound(text))
    assert step.content_hash != hash_of(bound(text, key=b"other"))
    monkeypatch.setenv("A_SECRET", "hunter3")
    assert step.content_hash != hash_of(bound(text))


def test_an_output_reached_through_a_variable_must_be_of_an_earlier_step(bound: Any) -> None:
    key = "  - name: Key\n    gpg_key: {home: /srv/g, generate: {name: Backup, email: a@example.org}}\n"
    use = '  - name: Use\n    env_file: {path: /srv/.env, set: {A_KEY: "{{ print }}"}}\n'
    head = 'vars: {print: "{{ steps.key.fingerprint }}"}\nsteps:\n'
    assert len(bound(head + key + use).steps) == 2
    with pytest.raises(InvalidDocuments, match="no earlier step 'key'"):
        bound(head + use + key)


def test_problems_of_all_steps_and_parameters_are_told_at_once(bound: Any) -> None:
    text = 'steps:\n  - name: One\n    directory: {path: "{{ a }}", owner: "{{ b }}"}\n'
    with pytest.raises(InvalidDocuments) as caught:
        bound(text + '  - name: Two\n    link: {path: "{{ c }}", target: x}\n')
    assert [problem.offending for problem in caught.value.problems] == ["a", "b", "c"]


def test_preflight_is_bound_and_names_who_provides_it(bound: Any) -> None:
    found = bound(
        "preflight:\n  - name: Root\n    provided_by: p.yml\n    directory: {path: /srv}\nsteps: []\n"
    )
    assert [(step.id, step.provided_by) for step in found.preflight] == [("root", "p.yml")]
    assert found.steps == ()
