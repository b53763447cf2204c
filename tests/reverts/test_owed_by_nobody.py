"""What is owed by a unit that nobody declares any more: listed until a person says that it is over."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from command_line import cutter
from project import Project

from cutter.ledger.sqlite import SqliteLedger

CONF = '  - {name: Conf, file: {path: "{{ world }}/conf", content: "one"}}\n'
STEPS = CONF + "".join(
    f"  - {{name: {name}, service: {{name: {name.lower()}, restart_on: [conf]}}}}\n"
    for name in ("Web", "Mail")
)
DUTY = "restart of web.service"


@pytest.fixture
def owing(tmp_path: Path) -> Project:
    """Return a project whose only run has left two restarts owed, and now declares no unit."""
    project = Project(tmp_path)
    project.apply(project.runbook(STEPS), "--only", "conf")
    project.runbook(CONF)
    return project


def owed(project: Project) -> list[str]:
    return [each["owed"] for each in project.json("runs")["owed"]]


def test_the_list_names_the_command_that_ends_it(owing: Project) -> None:
    owing.apply(str(owing.folder / "runbooks/site.yml"))
    assert len(owed(owing)) == 2
    command = next(each["resolve"] for each in owing.json("runs")["owed"] if each["owed"] == DUTY)
    assert f"where none has one any more: {command}\n" in owing.cutter("runs").out
    run = shlex.split(command)[4]
    assert command in owing.cutter("runs", "show", run).out
    answer = cutter(*shlex.split(command)[1:-1], "the unit was removed")
    assert (answer.code, answer.out) == (0, f"resolved: the {DUTY} on web1 is not owed any more\n"), answer
    assert owed(owing) == ["restart of mail.service"]
    (said,) = owing.entries("resolve")
    assert (said["reason"], said["owed"], said["target"]) == ("the unit was removed", DUTY, "web1")
    assert owing.cutter("ledger", "verify").code == 0


def test_a_reason_that_is_missing_is_asked_for_in_the_words_that_were_typed(owing: Project) -> None:
    """What is told next ends what was meant, where it was meant: no halt instead, in no other environment."""
    run, place = owing.last_run(), f"-i {owing.folder}/inventory/here"
    answer = owing.cutter("resolve", run, "--owed", DUTY, "--target", "web1")
    assert f"next: cutter resolve {place} {run} --owed '{DUTY}' --target web1 --reason TEXT\n" in answer.err
    answer = owing.cutter("resolve", run)
    assert f"next: cutter resolve {place} {run} --reason TEXT\n" in answer.err
    assert f"next: cutter resolve {place}\n" in owing.cutter("resolve", "2", "--reason", "x").err
    assert f"next: `cutter runs {place}` lists them\n" in owing.cutter("runs", "show", "1999").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2", "--owed", DUTY], "say what was found and done"),
        (["2", "--owed", "restart of db.service", "--reason", "x"], "0 times a run '2' has left"),
        (["1999", "--owed", DUTY, "--reason", "x"], "0 times a run '1999' has left"),
        (["2", "--owed", DUTY, "--target", "web2", "--reason", "x"], "owed on web2"),
        (["2", "--target", "web1", "--reason", "x"], "--target says where something is --owed"),
        (["--owed", DUTY, "--reason", "x"], "say which run has left it"),
        (["2", "--reason", "x"], "no single halt is left by a run"),
    ],
)
def test_a_word_that_is_about_nothing_ends_nothing(words: list[str], said: str, owing: Project) -> None:
    answer = owing.cutter("resolve", *words)
    assert (answer.code, said in answer.err) == (64, True), answer
    assert len(owed(owing)) == 2
    assert owing.entries("resolve") == []


def test_two_runs_that_owe_the_same_are_told_apart(owing: Project) -> None:
    owing.apply(owing.runbook(STEPS.replace("one", "two")), "--only", "conf")
    answer = owing.cutter("resolve", "2", "--owed", DUTY, "--reason", "x")
    assert (answer.code, "2 times a run '2' has left" in answer.err) == (64, True), answer
    told = owing.json("resolve", owing.last_run(), "--owed", DUTY, "--reason", "x")
    assert (told["resolved"], told["target"]) == (owing.last_run(), "web1")
    assert sorted(owed(owing)) == ["restart of mail.service", "restart of mail.service", DUTY]


def test_a_word_about_what_is_owed_ends_no_halt(owing: Project) -> None:
    run = owing.last_run()
    with SqliteLedger.open(str(owing.ledger_folder), create=False, environment="here") as ledger:
        ledger.append([("halt", {"run": run, "target": "web1", "manual": ["put it back"]})])
    assert owing.cutter("resolve", run, "--owed", DUTY, "--reason", "x").code == 0
    assert [halt["run"] for halt in owing.json("resolve")["halts"]] == [run]
