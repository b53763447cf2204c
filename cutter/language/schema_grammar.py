"""The schema of a document grammar: which heading or numbering is which kind of unit."""

from __future__ import annotations

from typing import Any

_KIND = {"type": "string", "pattern": "^[a-z][a-z0-9_-]*$"}
_PATTERN = {"type": "string", "minLength": 1, "maxLength": 200}
_COUNTS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "minProperties": 1}
_LEVEL: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["section_type", "match"],
    "properties": {
        "section_type": {
            **_KIND,
            "description": "What it is in the document: principle, section, article, clause.",
        },
        "kind": {**_KIND, "description": "The unit_kind of its rows; the section type when missing."},
        "heading": {
            "type": "integer",
            "minimum": 1,
            "maximum": 6,
            "description": "The depth of its heading in Markdown; without it, it is a numbered line.",
        },
        "match": {
            "description": "The text of the heading or line: Article {1}. {title}, ({a}) {body}; or several.",
            "anyOf": [_PATTERN, {"type": "array", "items": _PATTERN, "minItems": 1}],
        },
        "within": {
            "description": "What it may stand in: section types, or document; the level before when missing.",
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
            ],
        },
        "numbering": {
            "enum": ["restart", "continuous"],
            "default": "restart",
            "description": "restart: anew in each parent; continuous: through the whole document.",
        },
        "sequence": {
            "enum": ["strict", "free"],
            "default": "strict",
            "description": "strict: numbers run on without gap or repetition; free: not checked.",
        },
        "first": {"type": "integer", "minimum": 0, "default": 1, "description": "The first number."},
        "body": {
            "enum": ["required", "optional", "none"],
            "default": "required",
            "description": "Text of its own; a unit that may lack it is its heading alone, and needs parts.",
        },
        "address": {
            "type": "string",
            "pattern": "^[a-z][a-zA-Z0-9-]*$",
            "description": "Its short name in addresses; art for article, after Akoma Ntoso, when missing.",
        },
    },
}
GRAMMAR: dict[str, Any] = {
    "title": "How a governed document is cut into units",
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "document", "format", "levels"],
    "properties": {
        "apiVersion": {"const": "cutter/v1", "description": "The version of this format."},
        "document": {
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._:/-]*$",
            "description": "The name of the document, by which its rows refer to it.",
        },
        "format": {"enum": ["markdown", "numbered"], "description": "Markdown, or plain numbered text."},
        "levels": {
            "type": "array",
            "minItems": 1,
            "items": _LEVEL,
            "description": "The kinds of units, outermost first.",
        },
        "preamble": {
            "type": "object",
            "additionalProperties": False,
            "required": ["title"],
            "description": "The unit that holds the text before the first other one; refused when missing.",
            "properties": {
                "section_type": {**_KIND, "default": "preamble", "description": "Its section type."},
                "kind": {**_KIND, "description": "Its unit_kind; the section type when missing."},
                "title": {
                    "type": "string",
                    "minLength": 1,
                    "description": "Its title, which no heading gives.",
                },
            },
        },
        "ignore": {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": ["front matter", "comments", "rules", "title", "preamble"]},
            "description": "What between units belongs to none. Blank lines always may; all else is text.",
        },
        "text": {
            "type": "object",
            "additionalProperties": False,
            "description": "What looks like a unit but is the text of the one it stands in.",
            "properties": {
                "lines": {"type": "array", "items": _PATTERN, "description": "Numbered lines, as patterns."},
                "headings": {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1, "maximum": 6},
                    "description": "Depths of headings.",
                },
            },
        },
        "expect": {**_COUNTS, "description": "The number of units of every section type there is."},
    },
}
