"""JSON Schemas (draft 2020-12) of every kind of file; that of a runbook is derived from the resource types.

The same schemas validate here and complete in an editor. Wherever a parameter is not a text, and wherever a
text has a pattern, one reference is accepted in its place; what it resolves to is judged when it is bound.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from cutter.language.confirm import KEY as CONFIRM
from cutter.language.confirm import SCHEMA as CONFIRM_SCHEMA
from cutter.language.ids import ID_PATTERN
from cutter.language.schema_authority import AUTHORITY
from cutter.language.schema_grammar import GRAMMAR
from cutter.language.schema_inventory import DATABASES, ENVIRONMENT, HOSTS, VARS
from cutter.language.schema_matrix import GAP_MATRIX
from cutter.language.serial import SCHEMA as SERIAL
from cutter.language.step_hosts import SCHEMA as STEP_HOSTS
from cutter.language.step_hosts import WHEN
from cutter.model.durations import PATTERN
from cutter.resource import Param, Resource
from cutter.resources import resource_type, type_names

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFERENCE = r"^\{\{.*\}\}$"
VARIABLE_NAMES = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
_TEXT = {"type": "string", "minLength": 1}
_NESTED = ("items", "additionalProperties")
_CHOICES = ("oneOf", "anyOf")


def schema_documents() -> dict[str, dict[str, Any]]:
    """Return every schema by its file's name under schemas/."""
    found = {"runbook": runbook_schema(), "hosts": HOSTS, "environment": ENVIRONMENT, "vars": VARS}
    found |= {"databases": DATABASES, "gap-matrix": GAP_MATRIX, "grammar": GRAMMAR, "authority": AUTHORITY}
    return {f"{name}.schema.json": {"$schema": DIALECT, **found[name]} for name in sorted(found)}


def schema_texts() -> dict[str, str]:
    """Return the text of every schema file, the same bytes for the same types."""
    return {
        name: json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        for name, found in schema_documents().items()
    }


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of one kind of document, like runbook or hosts."""
    return schema_documents()[f"{name}.schema.json"]


_RUNBOOK_KEYS: Mapping[str, Mapping[str, Any]] = {
    "apiVersion": {"const": "cutter/v1", "description": "The version of this format."},
    "runbook": {
        **_TEXT,
        "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
        "description": "Its name: words in lower case, joined by hyphens.",
    },
    "title": {**_TEXT, "description": "What it is for, in one line."},
    "hosts": {
        **_TEXT,
        "default": "all",
        "description": "Hosts and groups of the inventory, joined by commas.",
    },
    "database": {
        **_TEXT,
        "description": "A database of databases.yml to act on, instead of hosts.",
    },
    "vars": {
        "type": "object",
        "propertyNames": VARIABLE_NAMES,
        "description": "Variables, weaker than any of the inventory.",
    },
    "preflight": {
        "type": "array",
        "items": {"$ref": "#/$defs/look"},
        "description": "Steps that are only looked at: all must hold before anything is touched.",
    },
    "steps": {
        "type": "array",
        "items": {"$ref": "#/$defs/step"},
        "description": "The steps, in their order.",
    },
    "kill_switch": {
        "type": "object",
        "additionalProperties": False,
        "required": ["on_before", "off_after", "lease"],
        "description": "Around which steps the kill switch of the database is on, for an approved run alone.",
        "properties": {
            "on_before": {**_TEXT, "description": "The id of the first step that needs it."},
            "off_after": {**_TEXT, "description": "The id of the last step that needs it."},
            "lease": {
                "type": "string",
                "pattern": PATTERN,
                "description": "When it goes off whatever happens, like 15m; at most 4h.",
            },
        },
    },
    **SERIAL,
    "on_failure": {
        "enum": ["stop", "revert"],
        "default": "stop",
        "description": "stop: leave what was done and say so; revert: take it back, newest first.",
    },
}


RUNBOOK_REQUIRED = ("apiVersion", "runbook", "title", "steps")
STEP_REQUIRED = ("name",)


def runbook_keys() -> Mapping[str, Mapping[str, Any]]:
    """Return the schema of each key of a runbook."""
    return _RUNBOOK_KEYS


def runbook_schema() -> dict[str, Any]:
    """Return the schema of a runbook, with a property per resource type in each step."""
    types = {name: resource_type(name) for name in type_names()}
    return {
        "title": "A cutter runbook",
        "type": "object",
        "additionalProperties": False,
        "required": list(RUNBOOK_REQUIRED),
        "properties": dict(_RUNBOOK_KEYS),
        "$defs": {
            "step": _step(types, "irreversible", CONFIRM),
            "look": _step(types, "provided_by"),
            WHEN: STEP_HOSTS[WHEN],
            **{name: type_schema(kind) for name, kind in types.items()},
        },
    }


_STEP_KEYS: Mapping[str, Mapping[str, Any]] = {
    "name": {**_TEXT, "description": "What a person calls this step; renaming it reopens nothing."},
    "id": {
        "type": "string",
        "pattern": ID_PATTERN,
        "description": "How others name it; made from the name when missing.",
    },
    CONFIRM: CONFIRM_SCHEMA,
    "irreversible": {**_TEXT, "description": "Why it is acceptable that this step cannot be taken back."},
    "provided_by": {
        **_TEXT,
        "pattern": r"^[^/].*\.ya?ml$",
        "description": "The runbook that makes this hold, beside this one.",
    },
    "for_each": {
        "description": "Do this once for each item; use {{ item.key }} and {{ item.value }}.",
        "anyOf": [
            {"type": "object", "propertyNames": {"pattern": r"^[A-Za-z0-9_.\-/]+$"}},
            {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            {"type": "string", "pattern": REFERENCE},
        ],
    },
    **STEP_HOSTS,
}


def step_keys() -> Mapping[str, Mapping[str, Any]]:
    """Return the schema of each key that a step may have beside its type."""
    return _STEP_KEYS


def _step(types: Mapping[str, type[Resource]], *further: str) -> dict[str, Any]:
    own = {key: _STEP_KEYS[key] for key in ("name", "id", *STEP_HOSTS, "for_each", *further)}
    own[WHEN] = {"$ref": f"#/$defs/{WHEN}"}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(STEP_REQUIRED),
        "properties": {**own, **{name: {"$ref": f"#/$defs/{name}"} for name in types}},
        "oneOf": [{"required": [name]} for name in types],
    }


def type_schema(kind: type[Resource]) -> dict[str, Any]:
    """Return the schema of what stands below a type's key."""
    written = {name: declared for name, declared in kind.params.items() if not declared.internal}
    return {
        "description": inspect.getdoc(kind) or "",
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, declared in written.items() if declared.required],
        "properties": {name: _parameter(declared) for name, declared in written.items()},
    }


def _parameter(declared: Param) -> dict[str, Any]:
    default = {} if declared.required or declared.default is None else {"default": declared.default}
    return {"description": declared.description, **default, **_or_reference(declared.schema)}


def _or_reference(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema, widened so that a reference may stand wherever a value may."""
    found = dict(schema)
    for key in _NESTED:
        if isinstance(found.get(key), Mapping):
            found[key] = _or_reference(found[key])
    if "properties" in found:
        found["properties"] = {name: _or_reference(item) for name, item in found["properties"].items()}
    for key in _CHOICES:
        if key in found:  # two branches may now take a reference
            found["anyOf"] = [_or_reference(branch) for branch in found.pop(key)]
            return found
    return _widened(found)


def _widened(found: dict[str, Any]) -> dict[str, Any]:
    kind = found.get("type")
    if "enum" in found:
        rest = {key: found.pop(key) for key in ("enum", "type") if key in found}
        return {**found, "anyOf": [rest, {"type": "string", "pattern": REFERENCE}]}
    if kind == "string" and "pattern" in found:
        return {**found, "pattern": rf"(?:{found['pattern']})|\{{\{{.*\}}\}}"}
    kinds = kind if isinstance(kind, list) else [kind]
    if kind is not None and not {"string", "object"}.intersection(kinds):
        return {**found, "type": [*kinds, "string"], "pattern": REFERENCE}
    return found
