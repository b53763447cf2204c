"""psycopg takes 130 ms to import, so a room that is only entered does not bring it."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    ["connections", "embedded", "failures", "observed", "places", "rehearsal", "rollback_only", "switch"],
)
def test_psycopg_is_imported_late(module: str) -> None:
    code = f"import sys, cutter.database.{module}; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
