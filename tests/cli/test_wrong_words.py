"""What a person mistypes is told apart, kindly, with the exit code that says whose turn it is."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from command_line import Project, cutter

APPLY = ("apply", "-i", "inventory/here")
WRONG: Sequence[tuple[Sequence[str], int, Sequence[str]]] = [
    ([], 64, ["a verb is missing", "next: cutter --help"]),
    (["aply", "x.yml"], 64, ["there is no verb 'aply'", "did you mean `cutter apply`?"]),
    (["frobnicate"], 64, ["there is no verb 'frobnicate'", "next: cutter --help"]),
    (["runbooks/site.yml"], 64, ["is a file, not a verb", "next: cutter apply runbooks/site.yml"]),
    (["apply"], 64, ["RUNBOOK", "next: cutter apply --help"]),
    (["plan", "--chekc", "runbooks/site.yml"], 64, ["--chekc"]),
    (["apply", "--ye", "runbooks/site.yml"], 64, ["--ye"]),
    ([*APPLY, "--yes", "runbooks/none.yml"], 65, ["runbooks/none.yml"]),
    ([*APPLY, "runbooks/site.yml"], 64, ["nobody can be asked here", "--yes"]),
    ([*APPLY, "--no-input", "runbooks/site.yml"], 64, ["nobody can be asked here"]),
    (["plan", "-i", "inventory/nowhere", "runbooks/site.yml"], 65, ["inventory/nowhere", '"inventory/here"']),
    (["plan", "-i", "inventory/here", "--only", "roms", "runbooks/site.yml"], 64, ["roms", "room"]),
    (["plan", "-i", "inventory/here", "-e", "word", "runbooks/site.yml"], 64, ["-e word", "name=value"]),
    (["plan", "-i", "inventory/here", "-e", "rot=/x", "runbooks/site.yml"], 64, ["did you mean root?"]),
    (["plan", "-i", "inventory/here", "-l", "web9", "runbooks/site.yml"], 64, ["web9"]),
    (["explain", "3"], 64, ["cutter never ends with '3'"]),
    (["doc", "directry"], 64, ["did you mean `cutter doc directory`?"]),
    (["doc", "xyzzy"], 64, ["the types are: ", "directory"]),
    (["runs", "-i", "inventory/here", "show"], 64, ["say which run to show"]),
    (["runs", "-i", "inventory/here", "show", "2020"], 64, ["0 runs begin with '2020'"]),
    (["gaps", "-i", "inventory/here", "show"], 64, ["say which gap to show", "GAP1"]),
    (["gaps", "-i", "inventory/here", "show", "GAP99"], 64, ["there is no gap 'GAP99'"]),
    (["ledger", "-i", "inventory/here", "checkpoint"], 18, ["there is no ledger yet"]),
    (["completion", "tcsh"], 64, ["tcsh", "bash"]),
    (["completion", "words", "colours"], 64, ["no words of kind 'colours'"]),
    (["schema", "runbok"], 64, ["there is no schema 'runbok'", "did you mean `cutter schema runbook`?"]),
    (
        ["vars", "-i", "inventory/here", "--explain", "rot", "runbooks/site.yml"],
        64,
        ["rot", "did you mean root?"],
    ),
]
IDS = [" ".join(words) or "nothing" for words, _, _ in WRONG]


@pytest.mark.parametrize(("words", "code", "told"), WRONG, ids=IDS)
def test_wrong_words_get_a_code_and_a_hint(
    words: Sequence[str], code: int, told: Sequence[str], project: Project
) -> None:
    before = project.listing()
    answer = cutter(*words)
    assert answer.code == code, answer
    assert [text for text in told if text not in answer.err] == []
    assert answer.err.count(f"error {code}:") == 1
    assert f"more: cutter explain {code}" in answer.err
    assert "Traceback" not in answer.err
    assert "internal error" not in answer.err
    assert project.listing() == before


@pytest.mark.parametrize(("words", "code"), [row[:2] for row in WRONG if row[0]], ids=IDS[1:])
@pytest.mark.usefixtures("project")
def test_a_program_gets_the_same_as_json(words: Sequence[str], code: int) -> None:
    answer = cutter(*words, "--json")
    assert answer.code == code
    error = json.loads(answer.out)["error"]
    assert error["code"] == code
    assert error["cause"]
    assert error["world"]


def test_a_missing_inventory_file_is_named(project: Project) -> None:
    (project.folder / "inventory/here/hosts.yml").unlink()
    answer = cutter("plan", "-i", "inventory/here", "runbooks/site.yml")
    assert answer.code in (65, 78)
    assert "hosts.yml" in answer.err


@pytest.mark.usefixtures("project")
def test_flags_may_stand_between_files() -> None:
    answer = cutter("plan", "runbooks/site.yml", "-i", "inventory/here", "runbooks/site.yml")
    assert (answer.code, answer.out.count("site: One room")) == (0, 2)
    assert cutter("gaps", "show", "-i", "inventory/here", "GAP1").code == 0


def test_nothing_is_asked_with_yes(project: Project) -> None:
    answer = cutter(*APPLY, "--yes", "runbooks/site.yml")
    assert answer.code == 0, answer
    assert (project.folder / "world/room").is_dir()


@pytest.mark.usefixtures("project")
def test_the_environment_variable_chooses_the_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTTER_INVENTORY", "inventory/here")
    assert "environment here" in cutter("plan", "runbooks/site.yml").out
    monkeypatch.setenv("CUTTER_INVENTORY", "inventory/nowhere")
    assert "inventory/nowhere" in cutter("plan", "runbooks/site.yml").err
