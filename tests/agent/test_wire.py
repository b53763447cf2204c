from __future__ import annotations

import json

import pytest

from cutter.agent.wire import look_body, look_of
from cutter.model.look import Look, Prediction


@pytest.mark.parametrize(("before", "after"), [(None, {}), ({}, None), (None, {"mode": "0755"}), ({}, {})])
def test_a_look_arrives_as_it_was(before: dict[str, str] | None, after: dict[str, str] | None) -> None:
    look = Look("step", Prediction.CHANGE, before, after, reason="because", outputs={"name": "x"})
    assert look_of(json.loads(json.dumps(look_body(look)))) == look
