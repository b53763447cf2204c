"""What was never confirmed and cannot be put back either keeps all else away, unless a person says so."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from guarded.breakable import command, guards
from guarded.test_here import HANGS, decided, here, state_of
from project import Project, in_child
from waiting import until

if TYPE_CHECKING:
    from guarded.breakable import Breakable

__all__ = ["here"]
FILE = """\
  - name: File
    confirm: {within: 60s}
    file: {path: "{{ world }}/f", content: "new\\n"}
"""


def dies(project: Project, meanwhile: Callable[[], None]) -> None:
    """Begin a run that hangs after it has changed the file, lose what the file held, and kill the run."""

    def work() -> int:
        def kill() -> None:
            until((project.world / "begun").exists)
            meanwhile()
            os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=kill).start()
        return project.cutter("apply", "--yes", project.runbook(FILE + HANGS)).code

    assert in_child(work) == -signal.SIGKILL
    shutil.rmtree(state_of(project) / "kept")


def guard_takes_back(project: Project) -> None:
    """Let the guard do it at once."""
    (guard,) = guards(state_of(project))
    os.kill(guard, signal.SIGTERM)
    until(lambda: decided(project))


def left_by_a_dead_guard(project: Project) -> None:
    """Leave a file changed that nobody confirmed, with a dead guard."""
    dies(project, lambda: os.kill(guards(state_of(project))[0], signal.SIGKILL))


def left_by_a_guard(project: Project) -> None:
    """Leave a file changed that nobody confirmed, and that its guard could not put back."""
    dies(project, lambda: None)
    guard_takes_back(project)


def left_by_a_failure(project: Project) -> None:
    """Leave a file changed beside a step that failed."""
    lost = f"rm -r {state_of(project) / 'kept'}; exit 3"
    answer = project.cutter("apply", "--yes", project.runbook(FILE + command(lost, "/none", within="60s")))
    assert answer.code == 12, answer
    assert "is not as it was" in answer.out


@pytest.mark.parametrize("left", [left_by_a_dead_guard, left_by_a_guard, left_by_a_failure])
def test_what_nobody_confirmed_is_never_found_as_declared(
    here: Project, left: Callable[[Project], None]
) -> None:
    left(here)
    site = here.runbook(FILE)
    for _ in range(2):
        answer = here.cutter("apply", "--yes", site)
        assert answer.code == 12, answer
        assert "was never confirmed, and cannot be taken back: file" in answer.err
        assert [here.cutter(verb, site).code for verb in ("plan", "verify")] == [19, 19]
    (here.world / "f").write_text("old\n")
    answer = here.cutter("apply", "--yes", site)
    assert answer.code == 0, answer
    assert "was never confirmed there; file" in answer.err
    assert here.cutter("verify", site).code == 0


def test_who_wants_it_as_it_is_says_so(here: Project) -> None:
    left_by_a_guard(here)
    (file,) = state_of(here).glob("stuck-*")
    site = here.runbook(FILE)
    assert f"to leave it as it is, remove {file}" in here.cutter("plan", site).err
    file.unlink()
    assert here.cutter("apply", "--yes", site).code == 0


@pytest.mark.ssh
@pytest.mark.root
def test_over_ssh_it_costs_its_host_and_no_other_run(breakable: Breakable) -> None:
    project = breakable.project
    lost = f"rm -r {breakable.state / 'kept'}; exit 3"
    text = f"{breakable.before}\n"
    failing = breakable.runbook(text, more=command(lost, "/none"))
    assert project.cutter("apply", "--yes", failing).code == 12
    for _ in range(2):
        answer = project.cutter("apply", "--yes", breakable.runbook(text))
        assert answer.code == 19, answer
        assert "could not be taken back" in answer.out
    breakable.config.write_text(breakable.before)
    answer = project.cutter("apply", "--yes", breakable.runbook(text))
    assert answer.code == 0, answer
