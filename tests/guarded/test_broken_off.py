"""Where a run breaks off while something is armed, nobody knows of any step of that group how it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cutter.agent.requests import StepRequest
from cutter.engine.driving import driven
from cutter.engine.stopping import Unheeded
from cutter.errors import Unavailable
from cutter.model.evidence import Evidence, Outcome

STEPS = [
    StepRequest(name, "file", {}, f"v1:{name}", confirm=within)
    for name, within in (("a", 0), ("b", 60), ("c", 60), ("d", 0), ("e", 60))
]


@pytest.mark.parametrize("error", [KeyboardInterrupt, Unavailable("gone")])
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (0, "unknown skipped skipped skipped skipped"),
        (1, "ok unknown unknown skipped skipped"),
        (3, "ok ok ok unknown skipped"),
        (4, "ok ok ok ok unknown"),
    ],
)
def test_no_step_of_a_group_is_called_untouched(told: int, expected: str, error: BaseException) -> None:
    def results() -> Iterator[Evidence]:
        for step in STEPS[:told]:
            yield Evidence(step.id, step.type, step.content_hash, Outcome.OK)
        raise error

    found = [item.outcome.value for item in driven(STEPS, results(), Unheeded())]
    assert found == expected.split()


@pytest.mark.parametrize("error", [KeyboardInterrupt, Unavailable("gone")])
def test_what_a_host_may_have_gone_on_to_is_not_called_untouched(error: BaseException) -> None:
    def results() -> Iterator[Evidence]:
        yield Evidence("a", "file", "v1:a", Outcome.OK)
        raise error

    found = list(driven(STEPS, results(), Unheeded(), alone=[STEPS[1], STEPS[2], STEPS[4]]))
    assert [item.outcome.value for item in found] == ["ok", "unknown", "unknown", "skipped", "unknown"]
    assert found[4].reason == "the run broke off at b, and nobody saw whether this was begun"
