from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ordinary import world_of_an_ordinary_user
from postgres import ended

ROOT = Path(__file__).parents[2]
_ENVIRONMENT = """\
name: sandbox
production: no
sandbox: yes
ledger: "{{ project_dir }}/evidence/ledger"
target_state: "{{ project_dir }}/sandbox/target"
"""


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy of the project's runbooks and sandbox, which belongs to an ordinary user; stand in it."""
    with world_of_an_ordinary_user() as folder:
        for name in ("runbooks", "inventory/sandbox"):
            shutil.copytree(ROOT / name, folder / name)
        (folder / "inventory/sandbox/environment.yml").write_text(_ENVIRONMENT)
        (folder / "sandbox").mkdir()
        (folder / "evidence").mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder / "evidence", 65534, 65534)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("CUTTER_INVENTORY", "inventory/sandbox")
        yield folder
        ended(folder / "sandbox/postgres")
