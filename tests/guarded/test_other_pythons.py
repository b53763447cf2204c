"""A host whose Python is not ours is sent sources, and so is the guard that its agent starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pythons import others

if TYPE_CHECKING:
    from guarded.breakable import Breakable

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.slow]
WIRING = """\
  - {name: Wiring, env_file: {path: "{{ world }}/.env", set: {KEY: value}}}
  - {name: Let in, confirm: {within: 60s}, file: {path: "{{ world }}/let-in", content: "text\\n"}}
"""


@pytest.mark.parametrize("python", others())
def test_it_applies_confirms_and_puts_back(breakable: Breakable, python: str) -> None:
    project = breakable.project
    project.variables(f"ansible_python_interpreter: {python}\n")
    run = project.apply(project.runbook(WIRING, name="wiring"))
    assert breakable.outcomes() == {"wiring": ("changed", ""), "let-in": ("changed", "confirmed")}
    reverted = project.cutter("revert", "--yes", run)
    assert reverted.code == 0, reverted
    assert [path.name for path in project.world.iterdir()] == ["before"]

    locked_out = project.cutter("apply", "--yes", breakable.locked_out())
    assert locked_out.code == 11, locked_out
    assert breakable.outcomes()["config"] == ("compensated", "taken back")
    assert breakable.is_as_before()
