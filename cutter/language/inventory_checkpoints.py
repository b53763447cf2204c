"""Where an environment leaves checkpoints of its ledger, and which key signs them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cutter.language.inventory_files import Folder
from cutter.language.strict_yaml import Document
from cutter.model.inventory import CheckpointKey

PLACE, KEY = "checkpoint_to", "checkpoint_key"


def checkpoint_settings(files: Folder, own: Document | None, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return both settings as an Environment has them, of those that were found, references resolved."""
    place, key = found.get(PLACE), found.get(KEY)
    if own is None or (place is None and key is None):
        return {}
    if place is None or key is None:
        given, other = (KEY, PLACE) if place is None else (PLACE, KEY)
        files.problems.append(own.problem((given,), f"needs {other} beside it", key=True))
        return {}
    if not isinstance(place, str) or not isinstance(key, Mapping):
        return {}  # the schema has told
    ledger = found.get("ledger")
    if isinstance(ledger, str) and _inside(place, ledger):
        what = "lies in the folder of the ledger: who can rewrite the one can rewrite the other"
        files.problems.append(own.problem((PLACE,), what, offending=place))
    return {PLACE: os.path.normpath(place), KEY: _key(files, key)}


def _inside(place: str, folder: str) -> bool:
    return f"{os.path.normpath(place)}/".startswith(f"{os.path.normpath(folder)}/")


def _key(files: Folder, key: Mapping[str, Any]) -> CheckpointKey | None:
    words = [key.get(name, "") for name in ("fingerprint", "certificate", "home")]
    if not all(isinstance(word, str) for word in words):
        return None
    return CheckpointKey(words[0].upper(), os.path.join(files.path, words[1]), words[2])
