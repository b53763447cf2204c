"""The same tests as on our own tables, on adopted ones; references from outside are to their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cut_database.test_compensation import *  # noqa: F403
from cut_database.test_compensation import take_back, version

from cutter.errors import CutterError, PermissionRefused, StalePlan

if TYPE_CHECKING:
    from cut_cases import Governed

del test_what_outside_refers_to_the_units_is_named  # noqa: F821 - nothing can refer to a view

KEYS = {"near": ("legacy.units", "id", "integer"), "far": ('"OldLaws"."Passage"', "pid", "uuid")}


@pytest.mark.parametrize("action", ["NO ACTION", "CASCADE", "SET NULL"])
def test_what_refers_to_their_table_is_named(governed: Governed, variant: str, action: str) -> None:
    cut_id = version(governed, 1)
    table, key, kind = KEYS[variant]
    governed.as_owner(f"CREATE TABLE notes (unit {kind} REFERENCES {table} ON DELETE {action})")
    governed.as_owner(f"INSERT INTO notes SELECT {key} FROM {table} LIMIT 1")
    hidden: type[CutterError] = StalePlan if action == "NO ACTION" else PermissionRefused
    with pytest.raises(hidden, match="notes"):
        take_back(governed, cut_id)
    governed.as_owner("GRANT SELECT ON notes TO cutter_owner")
    with pytest.raises(StalePlan, match=r"outside.*notes"):
        take_back(governed, cut_id)
    assert governed.as_owner("SELECT count(unit) FROM notes") == [(1,)]
    assert governed.as_owner("SELECT count(*) FROM cutter.information_unit") == [(60,)]
    governed.as_owner("DELETE FROM notes")
    assert take_back(governed, cut_id).removed == 60
    assert governed.as_owner(f"SELECT count(*) FROM {table}") == [(0,)]
