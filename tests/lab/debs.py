"""Small packages that stand for real ones, on a machine without a mirror."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from apt_repositories import made

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lab.machine import Machine

OF_PROVISIONING = ("ca-certificates", "postgresql-client", "python3-venv")
"""What provision-vps.yml installs and machines of the lab are not made of."""


def offer(machine: Machine, beside: Path, names: Iterable[str]) -> None:
    """Let apt on a machine know one more repository, with packages of these names that hold a file each."""
    folder = made(beside / "offered", [(name, "99", "", "") for name in names])
    shutil.copytree(folder, machine.root / "srv/offered")
    source = machine.root / "etc/apt/sources.list.d/offered.list"
    source.write_text("deb [trusted=yes] file:/srv/offered ./\n")
