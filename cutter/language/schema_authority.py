"""The schema of authority.yml: people and their keys, roles, and the rule."""

from __future__ import annotations

from typing import Any

from cutter.model.durations import PATTERN

_NAME = {"pattern": "^[a-z][a-z0-9]*([._-][a-z0-9]+)*$"}
_ROLE = {"pattern": "^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$"}
_NAMES: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 1,
    "uniqueItems": True,
}
_WORD = {"enum": ["yes", "no"]}
KEY: dict[str, Any] = {
    "certificate": {
        "type": "string",
        "minLength": 1,
        "description": "The armored public certificate, relative to the inventory folder.",
    },
    "fingerprint": {
        "type": "string",
        "pattern": "^[0-9A-Fa-f]{40}$",
        "description": "All 40 digits of the primary key's fingerprint.",
    },
}
"""How a pinned key is written."""

AUTHORITY: dict[str, Any] = {
    "title": "Who may approve",
    "description": "People with pinned keys, their roles, and the rule their signatures must satisfy.",
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "people", "roles", "requesters", "rule"],
    "properties": {
        "apiVersion": {"const": "cutter/v1", "description": "The version of this format."},
        "people": {
            "type": "object",
            "description": "Each person's certificate and fingerprint; several keys as a list.",
            "minProperties": 1,
            "propertyNames": _NAME,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    **KEY,
                    "keys": {
                        "type": "array",
                        "minItems": 1,
                        "description": "The keys of a person who has several.",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": list(KEY),
                            "properties": KEY,
                        },
                    },
                },
            },
        },
        "roles": {
            "type": "object",
            "description": "The people of each role.",
            "minProperties": 1,
            "propertyNames": _ROLE,
            "additionalProperties": _NAMES,
        },
        "requesters": {**_NAMES, "description": "The people who may request."},
        "rule": {
            "type": "object",
            "description": "What it takes to approve.",
            "additionalProperties": False,
            "required": ["roles"],
            "properties": {
                "roles": {**_NAMES, "description": "The roles that must all sign."},
                "distinct_people": {
                    **_WORD,
                    "default": "yes",
                    "description": "Whether each role must be another person.",
                },
                "requester_may_approve": {
                    **_WORD,
                    "default": "no",
                    "description": "Whether the person who requests may sign for a role too.",
                },
                "expires_at_most": {
                    "type": "string",
                    "pattern": PATTERN,
                    "default": "7d",
                    "description": "The longest that a request may last, such as 24h or 7d.",
                },
            },
        },
    },
}
