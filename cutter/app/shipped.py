"""The runbooks, documents and the sandbox's inventory that come with cutter, in the wheel or the checkout."""

from __future__ import annotations

import os
import shutil

from cutter.errors import Unavailable

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PLACES = (os.path.join(_PACKAGE, "shipped"), os.path.dirname(_PACKAGE))
PARTS = ("runbooks", "inventory/sandbox")


def copy_shipped(folder: str) -> None:
    """Copy them into a folder, as files that may be changed. Raises Unavailable where they are not found."""
    for place in _PLACES:
        if all(os.path.isdir(os.path.join(place, part)) for part in PARTS):
            for part in PARTS:
                shutil.copytree(os.path.join(place, part), os.path.join(folder, part), ignore=_SIGNATURES)
            return
    raise Unavailable(
        "this installation has no runbooks", remedy="install cutter from its wheel, or a checkout"
    )


_SIGNATURES = shutil.ignore_patterns("*.sig", ".*")
"""What others signed elsewhere is not theirs to have signed here."""
