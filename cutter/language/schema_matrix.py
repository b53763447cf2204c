"""The schema of the gap matrix: declarations only, so that nothing in the file can close a gap."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_LINES: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_STATUS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["status"],
    "properties": {"status": {"enum": ["OPEN", "PARTIAL", "CLOSED"]}, "note": {"type": "string"}},
}
_OBJECTIVE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["runbook", "steps"],
    "properties": {
        "runbook": {
            "type": "string",
            "pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*\.ya?ml$",
            "description": "The file of a runbook beside this one; it need not be written yet.",
        },
        "steps": {
            "description": "Ids of its steps, or all.",
            "anyOf": [
                {"const": "all"},
                {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            ],
        },
        "proof": {
            "type": "boolean",
            "default": False,
            "description": "Whether the proof itself is the objective, so that proved is enough.",
        },
    },
}
_GAP: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "title", "baseline", "blocks_first_production_run", "reason"],
    "properties": {
        "id": {"type": "string", "pattern": "^[A-Z][A-Z0-9_-]*$", "description": "Its name in the matrix."},
        "title": {**_TEXT, "description": "What is missing, in one line."},
        "baseline": {
            "description": "What was attested before anything was proved here.",
            "type": "object",
            "additionalProperties": False,
            "required": ["pre", "post", "as_of"],
            "properties": {"pre": _STATUS, "post": _STATUS, "as_of": _TEXT},
        },
        "blocks_first_production_run": {
            "enum": ["yes", "recommended", "no"],
            "description": "Whether the first production run must wait for it.",
        },
        "reason": {**_TEXT, "description": "Why it blocks, or why not."},
        "requires": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "description": "Other gaps.",
        },
        "evidence_max_age": {
            "type": "string",
            "pattern": "^([1-9][0-9]{0,5}[smhdwy]|none)$",
            "default": "none",
            "description": "How long evidence counts: 30d, 12h, or none for ever.",
        },
        "finding": {**_LINES, "description": "What was found."},
        "done": {**_LINES, "description": "What was done already."},
        "residue": {**_LINES, "description": "What is left of it."},
        "venue": {"type": "string", "description": "Where the work is to be done."},
        "next_package": {**_LINES, "description": "What is to be done next, in the words of the finding."},
        "objectives": {
            "type": "array",
            "items": _OBJECTIVE,
            "description": "All must hold for it to be closed.",
        },
    },
}
GAP_MATRIX: dict[str, Any] = {
    "title": "The gaps, and the objectives that close them",
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "matrix", "gaps"],
    "properties": {
        "apiVersion": {"const": "cutter/v1", "description": "The version of this format."},
        "matrix": {
            "description": "The document that this matrix carries on.",
            "type": "object",
            "additionalProperties": False,
            "required": ["macro", "date_utc", "gate"],
            "properties": {
                "macro": _TEXT,
                "date_utc": _TEXT,
                "gate": _TEXT,
                "source": _TEXT,
                "summary": _LINES,
            },
        },
        "gaps": {"type": "array", "minItems": 1, "items": _GAP},
    },
}
