"""The published schemas: fresh, valid as schemas, and what an editor would say with them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cutter.language.schema import schema_documents, schema_texts
from cutter.language.strict_yaml import read_file
from cutter.resources import resource_type, type_names

ROOT = Path(__file__).parents[2]
TOP = "apiVersion: cutter/v1\nrunbook: sample\ntitle: A sample\nsteps:\n"


def test_the_committed_schemas_are_those_of_the_types() -> None:
    """Made again by `cutter schema --write`."""
    committed = {path.name: path.read_text() for path in (ROOT / "schemas").glob("*.json")}
    assert committed == schema_texts()


@pytest.mark.parametrize("name", sorted(schema_documents()))
def test_a_schema_is_one_by_its_own_dialect(name: str) -> None:
    Draft202012Validator.check_schema(schema_documents()[name])


def test_every_parameter_has_a_description_and_no_internal_one_is_shown() -> None:
    defined = schema_documents()["runbook.schema.json"]["$defs"]
    for name in type_names():
        params = resource_type(name).params
        assert set(defined[name]["properties"]) == {key for key, one in params.items() if not one.internal}
        assert all(one["description"].endswith(".") for one in defined[name]["properties"].values())
        assert defined[name]["description"]


def errors(value: Any) -> list[str]:
    validator = Draft202012Validator(schema_documents()["runbook.schema.json"])
    return [str(error.validator) for error in validator.iter_errors(value)]


def runbook(step: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "cutter/v1", "runbook": "a", "title": "A", "steps": [{"name": "A step", **step}]}


def test_an_editor_refuses_a_step_without_a_type_or_with_two() -> None:
    directory, link = {"path": "/srv/a"}, {"path": "/srv/b", "target": "a"}
    assert errors(runbook({"directory": directory})) == []
    assert errors(runbook({})) == ["oneOf"]
    assert errors(runbook({"directory": directory, "link": link})) == ["oneOf"]


def test_one_reference_may_stand_for_any_value() -> None:
    late = "{{ something }}"
    assert errors(runbook({"directory": {"path": late, "mode": late, "ensure": late}})) == []
    assert errors(runbook({"command": {"argv": late, "check": ["a", late], "undo": late}})) == []
    assert errors(runbook({"gpg_key": {"home": late, "min_days_left": late, "usage": [late]}})) == []
    assert errors(runbook({"for_each": late, "file": {"path": late, "content": "x", "secret": late}})) == []
    assert errors(runbook({"gpg_key": {"home": "/srv/a", "min_days_left": f"x {late}"}})) == ["pattern"]


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("inventory/*/**/*.yml")) + sorted(ROOT.glob("runbooks/*.yml"))
)
def test_every_file_of_the_project_points_at_its_schema(path: Path) -> None:
    name = re.findall(r"(?m)^# yaml-language-server: \$schema=(.*)$", path.read_text())[0]
    schema = json.loads((path.parent / name).read_text())
    words = ("production", "sandbox", "blocks_first_production_run")
    value = read_file(path, lambda key: key in words).value
    assert list(Draft202012Validator(schema).iter_errors(value)) == []
