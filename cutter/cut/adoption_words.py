"""The words of `names:` in databases.yml."""

from __future__ import annotations

TABLE = "information_unit"
FUNCTION = "fn_iu_create"
APART = "kept-apart"
"""Instead of a column: theirs of that name is something else, and cutter keeps its own."""

COLUMNS = (
    *("unit_id", "unit_ref", "ordinal", "unit_kind", "section_type", "title", "body", "body_hash"),
    *("owner_ref", "parent_id", "parent_ref", "created_run"),
)
ARGUMENTS = ("document_id", *(word for word in COLUMNS if word != "unit_id"))
