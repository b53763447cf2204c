from __future__ import annotations

from pathlib import Path

import pytest
from desk import FolderDesk, apply, file_of
from laws import obeys_the_laws, snapshot

from cutter.errors import (
    StepFailed,
    Unavailable,
)
from cutter.filesystem.kept import KeptContent
from cutter.model.secret import Secret


@pytest.mark.parametrize("there", [True, False])
def test_a_validation_judges_the_candidate_before_it_goes_live(
    world: Path, content: KeptContent, desk: FolderDesk, there: bool
) -> None:
    if there:
        (world / "f").write_text("good")
    before = snapshot(world)
    argv = ["sh", "-c", 'echo "$0 is bad"; grep -q good "$0"', "{candidate}"]
    resource = file_of(world / "f", desk, content="evil", validate=argv)
    with pytest.raises(StepFailed, match=r"ended with 1:\n\{candidate\} is bad"):
        apply(resource, content)
    now = snapshot(world)
    assert {path: facts for path, facts in now.items() if path != f"{world}/."} == {
        path: facts for path, facts in before.items() if path != f"{world}/."
    }
    apply(file_of(world / "f", desk, content="good, better", validate=argv), content)
    assert (world / "f").read_text() == "good, better"


def test_a_validation_sees_the_new_attributes_and_little_else(
    world: Path, tmp_path: Path, content: KeptContent, desk: FolderDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "leaks")
    out = tmp_path / "out"
    argv = [
        "sh",
        "-c",
        f'stat -c %a "$0" > {out}; env | cut -d= -f1 | sort >> {out}; cat >> {out}',
        "{candidate}",
    ]
    apply(file_of(world / "f", desk, content="x", mode="0640", validate=argv), content)
    lines = out.read_text().split()
    assert lines[0] == "640"
    assert set(lines[1:]) <= {"PATH", "LANG", "HOME", "PWD", "OLDPWD", "SHLVL", "_", "CUTTER_CHILD"}


def test_what_a_validation_says_of_a_secret_is_not_repeated(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    resource = file_of(
        world / "f", desk, content=Secret("s3cret"), validate=["sh", "-c", 'cat "$0"; exit 3', "{candidate}"]
    )
    with pytest.raises(StepFailed, match="ended with 3") as failed:
        apply(resource, content)
    assert "s3cret" not in failed.value.cause


@pytest.mark.parametrize("act", ['echo more >> "$0"', 'cp "$0" "$0.x"; mv "$0.x" "$0"', 'rm "$0"'])
def test_a_validation_that_alters_the_candidate_is_refused(
    world: Path, content: KeptContent, desk: FolderDesk, act: str
) -> None:
    (world / "f").write_text("old")
    with pytest.raises(StepFailed, match="altered"):
        apply(file_of(world / "f", desk, content="new", validate=["sh", "-c", act, "{candidate}"]), content)
    assert (world / "f").read_text() == "old"


def test_a_validation_that_is_not_installed_is_unavailable(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    with pytest.raises(Unavailable, match="no-such-program"):
        apply(file_of(world / "f", desk, content="new", validate=["no-such-program", "{candidate}"]), content)
    assert not list(world.iterdir())


def test_going_back_is_not_judged_by_the_new_validation(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    (world / "f").write_text("old and unfit")
    argv = ["grep", "-q", "fit for it", "{candidate}"]
    obeys_the_laws(file_of(world / "f", desk, content="fit for it", validate=argv), content, world)
