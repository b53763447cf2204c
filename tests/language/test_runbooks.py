"""What a runbook means once it is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter.language.ids import ID_PATTERN, slug
from cutter.language.problems import InvalidDocuments
from cutter.language.runbooks import load_runbook, load_runbooks, variable_places

if TYPE_CHECKING:
    from malformed_corpus import Write

STEP = "steps:\n  - name: Thư mục “Đích” 1\n    directory: {path: /srv/a}\n"


def test_a_runbook_has_its_defaults_and_knows_its_places(write: Write) -> None:
    path = write("runbooks/a.yml", STEP)
    runbook = load_runbook(path)
    step = runbook.steps[0]
    assert (runbook.name, runbook.hosts, runbook.on_failure, runbook.path) == (
        "sample",
        "all",
        "stop",
        str(path),
    )
    assert (step.id, step.type, step.params) == ("thu-muc-dich-1", "directory", {"path": "/srv/a"})
    assert str(step.place) == f"{path}:5:5"
    assert str(step.places[("directory", "path")]) == f"{path}:6:23"
    assert set(step.places) == {(), ("name",), ("directory",), ("directory", "path")}
    assert len(step.places) == 4


def test_layout_and_comments_change_no_digest_and_content_does(write: Write) -> None:
    first = load_runbook(write("runbooks/a.yml", STEP)).digest
    same = "# a comment\n" + STEP.replace("{path: /srv/a}", '\n      path: "/srv/a"')
    assert load_runbook(write("runbooks/b.yml", same)).digest == first
    assert load_runbook(write("runbooks/c.yml", STEP.replace("/srv/a", "/srv/b"))).digest != first


def test_variables_know_their_places(write: Write) -> None:
    path = write("runbooks/a.yml", "vars:\n  one: x\n  two: y\n" + STEP)
    assert {name: str(place) for name, place in variable_places(str(path)).items()} == {
        "one": f"{path}:5:8",
        "two": f"{path}:6:8",
    }


def test_outputs_of_one_item_can_be_named(write: Write) -> None:
    text = """steps:
  - name: Keys
    for_each: [a.b, c/d]
    gpg_key: {home: "/srv/{{ item.key }}", generate: {name: Backup, email: b@example.org}}
  - name: Published
    env_file:
      path: /srv/.env
      set: {A_KEY: "{{ steps.keys[a.b].fingerprint }}"}
"""
    assert len(load_runbook(write("runbooks/a.yml", text)).steps) == 2


def test_what_a_step_says_about_itself_is_kept(write: Write) -> None:
    text = """on_failure: revert
hosts: web, db
preflight:
  - name: Root
    provided_by: provision.yml
    directory: {path: /srv}
steps:
  - name: Restart
    irreversible: nobody is connected
    command: {argv: ["true"], check: ["false"]}
"""
    runbook = load_runbook(write("runbooks/a.yml", text))
    assert (runbook.on_failure, runbook.hosts) == ("revert", "web, db")
    assert runbook.preflight[0].provided_by == "provision.yml"
    assert runbook.steps[0].irreversible == "nobody is connected"


def test_several_good_runbooks_are_loaded_in_their_order(write: Write) -> None:
    paths = [write(f"runbooks/{name}.yml", STEP) for name in ("b", "a")]
    assert [runbook.path for runbook in load_runbooks(paths)] == list(map(str, paths))


@given(st.text(max_size=30))
def test_a_slug_is_an_id_or_nothing(name: str) -> None:
    import re

    assert slug(name) == "" or re.search(ID_PATTERN, slug(name))


@pytest.mark.parametrize(
    ("name", "made"), [("Runs directory", "runs-directory"), ("3 things", "step-3-things")]
)
def test_a_slug_reads_like_the_name(name: str, made: str) -> None:
    assert slug(name) == made


def test_a_file_that_is_no_runbook_is_refused(write: Write) -> None:
    with pytest.raises(InvalidDocuments):
        load_runbook(write("notes.yml", "title: Notes\n"))
