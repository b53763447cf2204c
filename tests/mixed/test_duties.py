"""A step that is to act when others change: not where none of these is."""

from __future__ import annotations

import pytest

from cutter.engine.fitting import bereft
from cutter.model.look import Prediction
from cutter.model.obligations import Duty
from cutter.model.runbook import BoundStep, Position
from cutter.model.when import LeftOut

PLACE = Position("site.yml", 7, 5)


def service(*on: str) -> BoundStep:
    return BoundStep("web", "web", "Web", "service", {}, PLACE, "h", duties=(Duty("restart", "nginx", on),))


@pytest.mark.parametrize(
    ("on", "left_out", "refused"),
    [
        (("a",), ("a",), True),
        (("a", "b"), ("a", "b"), True),
        (("a", "b"), ("a",), False),
        (("loop",), ("loop[x]", "loop[y]"), True),
        (("loop[x]",), ("loop",), True),
        (("loop[x]",), ("loop[y]",), False),
        (("a",), ("ab",), False),
        (("a",), (), False),
    ],
)
def test_it_needs_one_of_the_steps_it_listens_to(
    on: tuple[str, ...], left_out: tuple[str, ...], *, refused: bool
) -> None:
    look = bereft(service(*on), [LeftOut(step, "", "elsewhere") for step in left_out])
    assert (look is not None) is refused
    if look is not None:
        assert look.prediction is Prediction.BLOCKED
        assert look.reason == f"{', '.join(on)} would ask for its restart, and is not for this host"
        assert look.remedy == "give it the same hosts and when, at site.yml:7:5"
