"""`cutter doc step` and `cutter doc runbook` tell every key, as the schema has it."""

from __future__ import annotations

import json
import re

import pytest
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


def test_every_key_of_a_runbook_is_told() -> None:
    schema = runbook_schema()
    told = cutter("doc", "runbook")
    assert told.code == 0
    entries = re.findall(r"^  (\w+): ((?:.|\n   )*)", told.out, re.MULTILINE)
    assert [name for name, _ in entries] == list(schema["properties"])
    assert {name for name, said in entries if "Required" in said.partition("\n      ")[0]} == set(
        schema["required"]
    )
    assert "      lease: " in told.out
    assert "Default: stop." in " ".join(told.out.split())
    body = json.loads(cutter("doc", "runbook", "--json").out)
    assert (body["name"], body["keys"]) == ("runbook", schema["properties"])
    assert body["required"] == sorted(schema["required"])


@pytest.mark.parametrize("name", ["runbook", "step"])
def test_what_is_told_beside_the_types_is_listed_and_found(name: str) -> None:
    assert f"cutter doc {name}: " in cutter("doc").out
    assert name in [page["name"] for page in json.loads(cutter("doc", "--json").out)["pages"]]
    assert name in cutter("completion", "words", "types").out.split()
    answer = cutter("doc", f"{name}x")
    assert (answer.code, f"did you mean `cutter doc {name}`?" in answer.err) == (64, True)
    assert name not in type_names()
