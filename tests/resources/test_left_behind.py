"""What a failure may have left beside its own thing is not passed over, by a run or by its revert."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from project import Project

_STEPS = """\
  - {name: Folder, directory: {path: "{{ world }}/folder"}}
  - {name: Gone, user: {name: left, ensure: absent, remove_home: true}, irreversible: nobody needs it}
"""


@pytest.fixture
def project(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project on a machine where the home of a user can be emptied, and then not be removed."""
    del machine
    folder = tmp_path / "project"
    folder.mkdir()
    for name, line in (("passwd", "left:x:4001:4001::/home/left:/bin/sh"), ("shadow", "left:*:19000::::::")):
        with Path("/etc", name).open("a") as file:
            file.write(f"{line}\n")
    home = Path("/home/left")
    home.mkdir()
    (home / "thing").touch()
    os.chown(home, 4001, 4001)
    rmdir = os.rmdir

    def busy(path: str, *, dir_fd: int | None = None) -> None:
        if path == "left":
            raise OSError(16, "busy")
        rmdir(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", busy)
    return Project(folder)


def test_it_is_told_and_a_revert_does_not_pass_it_over(project: Project) -> None:
    answer = project.cutter("apply", "--yes", project.runbook(_STEPS))
    assert (answer.code, "world: /home/left may be partly gone" in answer.out) == (12, True), answer
    assert "; then put back by hand what it left" in answer.out
    answer = project.cutter("revert", "--yes", project.last_run())
    assert answer.code == 20, answer
    assert "it cannot all be taken back: gone: /home/left may be partly gone" in answer.out + answer.err
    assert (project.world / "folder").exists()


def test_where_failures_are_taken_back_a_person_is_asked_for(project: Project) -> None:
    path = project.runbook(_STEPS, head="on_failure: revert\n")
    answer = project.cutter("apply", "--yes", path)
    assert (answer.code, "by hand: gone: /home/left may be partly gone" in answer.out) == (12, True), answer
    assert not (project.world / "folder").exists()
