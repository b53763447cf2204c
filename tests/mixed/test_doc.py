"""`cutter doc step` tells every key of a step, as the schema has it."""

from __future__ import annotations

import json

from command_line import cutter

from cutter.language.schema import runbook_schema
from cutter.model.when import FACTS
from cutter.resources import type_names


def test_every_key_of_a_step_is_told() -> None:
    defined = runbook_schema()["$defs"]
    keys = {key for name in ("step", "look") for key in defined[name]["properties"]} - set(type_names())
    assert {"name", "hosts", "when"} <= keys
    told = cutter("doc", "step")
    assert told.code == 0
    for key in (*keys, *FACTS):
        assert f"  {key}: " in told.out, key
    assert json.loads(cutter("doc", "step", "--json").out)["keys"].keys() == keys
