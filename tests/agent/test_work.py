"""How much is done for many steps, counted and not timed: twice the steps are twice the work."""

from __future__ import annotations

from pathlib import Path

import pytest
from gap_cases import PLACE

from cutter.agent import looking, looks
from cutter.agent.requests import StepRequest
from cutter.agent.running import Agent
from cutter.filesystem.kept import KeptContent
from cutter.model.gap_scopes import obstacle
from cutter.model.gap_values import ObjectiveDeclaration, RunbookScope
from cutter.model.look import Look, Prediction

MANY = 300


def request(name: str, path: Path) -> StepRequest:
    return StepRequest(name, "directory", {"path": str(path), "mode": "0755"}, "v1:" + "0" * 64)


def test_steps_with_something_in_the_way_are_each_judged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()
    original = looks.makes_way

    def makes_way(look: Look) -> bool:
        asked.append(look.step)
        return original(look)

    monkeypatch.setattr(looks, "makes_way", makes_way)
    monkeypatch.setattr(looking, "makes_way", makes_way)
    (tmp_path / "in the way").write_text("a file")
    steps = [request(f"new-{number}", tmp_path / f"new-{number}") for number in range(MANY)]
    steps += [request(f"blocked-{number}", tmp_path / "in the way") for number in range(MANY)]

    found = list(Agent(KeptContent(str(tmp_path / "kept")), b"key").look(steps))

    assert [look.prediction for look in found] == [Prediction.CHANGE] * MANY + [Prediction.BLOCKED] * MANY
    assert MANY <= len(asked) <= 2 * MANY


class Counted(dict[str, dict[str, str]]):
    """A mapping that counts how often it is asked or gone through."""

    asked = 0

    def __contains__(self, key: object) -> bool:
        self.asked += 1
        return super().__contains__(key)

    def __getitem__(self, key: str) -> dict[str, str]:
        self.asked += 1
        return super().__getitem__(key)

    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
        self.asked += len(self)
        return super().__iter__()


@pytest.mark.parametrize("named", [True, False])
def test_the_steps_of_an_objective_are_each_looked_up_once(named: bool) -> None:
    steps = Counted({f"s{number}": {f"s{number}": "v1:0"} for number in range(MANY)})
    declared = ObjectiveDeclaration("site.yml", tuple(steps) if named else "all", proof=False, place=PLACE)
    known = set(steps)
    steps.asked = 0

    assert obstacle(declared, RunbookScope("site", targets={"web1": steps}), known) == ""
    assert MANY <= steps.asked <= 3 * MANY
