from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import testinfra
from laws import build, change_of, obeys_the_laws
from ordinary import run_as_ordinary_user, world_of_an_ordinary_user
from waiting import all_gone, until

from cutter.errors import Conflict, StepFailed, Unavailable
from cutter.filesystem.kept import KeptContent
from cutter.model.secret import Secret
from cutter.model.state import Change
from cutter.resource import type_complaints
from cutter.resources.target.command import Command

DONE = {"done": True}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    return folder


@pytest.fixture
def content(tmp_path: Path) -> KeptContent:
    return KeptContent(str(tmp_path / "kept"))


def marking(world: Path, **more: Any) -> Command:
    mark = str(world / "mark")
    params = {"argv": ["touch", mark], "check": ["test", "-e", mark], "undo": ["rm", mark], **more}
    return Command(params) if type_complaints(Command, params) == [] else pytest.fail("a complaint")


def test_obeys_the_laws(world: Path, content: KeptContent) -> None:
    obeys_the_laws(marking(world), content, world)


def test_an_ordinary_user_obeys_the_laws() -> None:
    with world_of_an_ordinary_user() as world:
        run_as_ordinary_user(
            """
from laws import build, obeys_the_laws
from cutter.filesystem.kept import KeptContent
from cutter.resources.target.command import Command
(world / "in").mkdir()
mark = str(world / "in" / "mark")
params = {"argv": ["touch", mark], "check": ["test", "-e", mark], "undo": ["rm", mark]}
obeys_the_laws(build(Command, params), KeptContent(str(world / "kept")), world / "in")
""",
            world,
        )


def test_a_second_observer_sees_the_effect(world: Path, content: KeptContent) -> None:
    resource = marking(world)
    host = testinfra.get_host("local://")

    resource.apply(change_of(resource), content)
    assert host.file(str(world / "mark")).exists

    resource.apply(Change(DONE, None), content)
    assert not host.file(str(world / "mark")).exists


def test_words_are_never_a_shell_text(world: Path, content: KeptContent) -> None:
    name = "$(touch broken); * 'x'"
    resource = build(Command, {"argv": ["touch", name], "check": ["test", "-e", name], "cwd": str(world)})

    resource.apply(change_of(resource), content)

    assert [path.name for path in world.iterdir()] == [name]
    assert resource.observe() == DONE


def test_environment_is_what_is_declared(
    world: Path, content: KeptContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTTER_TEST_PASSWORD", "hunter2")
    write = 'import os, json; open("seen", "w").write("\\n".join(sorted(os.environ)))'
    resource = build(
        Command,
        {
            "argv": [sys.executable, "-I", "-S", "-c", write],
            "check": ["test", "-e", "seen"],
            "cwd": str(world),
            "environment": {"LEVEL": "3"},
        },
    )

    resource.apply(change_of(resource), content)

    names = (world / "seen").read_text().split()
    declared = {"CUTTER_CHILD", "HOME", "LANG", "LEVEL", "PATH"}
    assert declared <= set(names) <= {*declared, "LC_CTYPE"}


def test_a_failure_tells_exit_code_and_last_lines(world: Path, content: KeptContent) -> None:
    resource = marking(world, argv=["sh", "-c", "echo first; echo no such user >&2; exit 7"])
    with pytest.raises(StepFailed, match=r"ended with exit code 7: no such user") as caught:
        resource.apply(change_of(resource), content)
    assert "may have changed" in caught.value.world


def test_a_failing_undo_is_a_failure(world: Path, content: KeptContent) -> None:
    with pytest.raises(StepFailed, match="rm"):
        marking(world).apply(Change(DONE, None), content)


def test_a_timeout_ends_the_whole_group_and_says_unknown(world: Path, content: KeptContent) -> None:
    late = f"sleep 1000 & echo $! > {world}/below; sleep 1000"
    resource = marking(world, argv=["sh", "-c", late], timeout=1)

    with pytest.raises(StepFailed, match="its outcome is unknown: it took longer than 1 seconds"):
        resource.apply(change_of(resource), content)

    until(lambda: all_gone(world / "below"))


def test_a_check_without_an_answer_is_no_answer(world: Path) -> None:
    with pytest.raises(Unavailable, match="no answer: it took longer"):
        marking(world, check=["sleep", "1000"], timeout=1).observe()
    with pytest.raises(Unavailable, match="was ended by signal 9"):
        marking(world, check=["sh", "-c", "kill -9 $$"]).observe()
    with pytest.raises(Unavailable, match="no-such-program is not installed"):
        marking(world, check=["no-such-program"]).observe()
    with pytest.raises(Unavailable, match="cannot be entered"):
        marking(world, cwd="/no/such/folder").observe()


@pytest.mark.parametrize("code", [1, 2, 127])
def test_any_other_exit_code_of_the_check_is_not_done(world: Path, code: int) -> None:
    assert marking(world, check=["sh", "-c", f"exit {code}"]).observe() is None


def test_without_undo_it_needs_a_reason_and_has_no_inverse(world: Path, content: KeptContent) -> None:
    params = {"argv": ["true"], "check": ["true"]}
    assert Command.needs_reason(params)
    assert not Command.needs_reason({**params, "undo": ["true"]})
    with pytest.raises(Conflict, match="has no undo"):
        build(Command, params).apply(Change(DONE, None), content)
    assert list(world.iterdir()) == []


def test_preview_shows_the_words(world: Path, content: KeptContent) -> None:
    resource = marking(world, argv=["echo", "two words"])
    assert resource.preview(Change(None, DONE), content) == "run echo 'two words'"
    assert resource.preview(Change(DONE, None), content) == f"run rm {world}/mark"
    assert resource.preview(Change(DONE, DONE), content) == ""


@pytest.mark.parametrize(
    ("params", "path", "text"),
    [
        ({"argv": "ls -l"}, ("argv",), "there is no shell"),
        ({"argv": []}, ("argv",), "names no program"),
        ({"argv": [""]}, ("argv",), "names no program"),
        ({"argv": ["ls", 3]}, ("argv", 1), "not a string"),
        ({"argv": ["ls", "a\0b"]}, ("argv", 1), "NUL"),
        ({"argv": ["ls", Secret("x")]}, ("argv", 1), "secret"),
        ({"check": "true"}, ("check",), "there is no shell"),
        ({"undo": "true; false"}, ("undo",), "there is no shell"),
        ({"cwd": "here"}, ("cwd",), "does not match"),
        ({"timeout": 0}, ("timeout",), "bounds"),
        ({"environment": {"A=B": "c"}}, ("environment", "A=B"), "variable"),
        ({"environment": {"A": Secret("x")}}, ("environment", "A"), "secret"),
    ],
)
def test_what_makes_no_sense_is_a_complaint(params: dict[str, Any], path: tuple[Any, ...], text: str) -> None:
    (complaint,) = type_complaints(Command, {"argv": ["true"], "check": ["true"], **params})
    assert complaint.path == path
    assert text in complaint.message


def test_references_are_judged_later() -> None:
    assert type_complaints(Command, {"argv": "{{ words }}", "check": ["{{ program }}"]}) == []
