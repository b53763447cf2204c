"""The same tests as on our own tables, on adopted ones."""

from __future__ import annotations

from cut_database.test_contract import *  # noqa: F403
