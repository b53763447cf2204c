"""What is installed, read from dpkg's record without dpkg and without the network."""

from __future__ import annotations

import os
from typing import Optional

from cutter.errors import Unavailable
from cutter.filesystem.refusals import refusals
from cutter.named_tuple import NamedTuple

STATUS = "/var/lib/dpkg/status"
INSTALLED, CONFIG_FILES = "installed", "config-files"
_ABSENT = "not-installed"
_FIELDS = ("Package", "Status", "Architecture", "Version")


class Package(NamedTuple):
    """One package as dpkg knows it. `status` is dpkg's word, "installed" or "half-configured", say."""

    name: str
    architecture: str
    version: str
    status: str
    hold: bool
    broken: bool


def known() -> list[Package]:
    """Return every package that dpkg has anything of. Raises Unavailable where there is no dpkg."""
    if not os.path.exists(STATUS):
        raise Unavailable(f"there is no {STATUS}: packages are those of Debian alone")
    with refusals("reading", STATUS), open(STATUS, encoding="utf-8", errors="surrogateescape") as file:
        paragraphs = file.read().split("\n\n")
    found = [package for package in map(_package, paragraphs) if package is not None]
    return [package for package in found if package.status != _ABSENT]


def package(name: str) -> Optional[Package]:
    """Return a package named ``NAME`` or ``NAME:ARCHITECTURE``, or None."""
    wanted, _, architecture = name.partition(":")
    everything = known()
    found = [item for item in everything if item.name == wanted]
    if architecture:
        return next((item for item in found if item.architecture == architecture), None)
    native = {item.architecture for item in everything if item.name == "dpkg"} | {"all"}
    return next((item for item in found if item.architecture in native), found[0] if found else None)


def _package(paragraph: str) -> Optional[Package]:
    fields = dict(
        line.split(": ", 1)
        for line in paragraph.split("\n")
        if line.split(":", 1)[0] in _FIELDS and ": " in line
    )
    words = fields.get("Status", "").split()
    if "Package" not in fields or len(words) != 3:  # noqa: PLR2004 - want, error flag, status
        return None
    return Package(
        fields["Package"],
        fields.get("Architecture", ""),
        fields.get("Version", ""),
        words[2],
        hold=words[0] == "hold",
        broken=words[1] != "ok",
    )
