"""The same tests as on our own tables, on an adopted one."""

from __future__ import annotations

import pytest
from cut_database.test_contract import *  # noqa: F403

pytestmark = pytest.mark.parametrize("variant", ["near"])
