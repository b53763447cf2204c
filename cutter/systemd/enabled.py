"""Whether a unit starts with the machine, read from the links on disk: no systemd is asked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Optional

OWN = "/etc/systemd/system"
PLACES = (
    *(OWN, "/run/systemd/system", "/usr/local/lib/systemd/system"),
    *("/usr/lib/systemd/system", "/lib/systemd/system"),
)
"""Where units are, the first that has one wins."""
ENABLED, DISABLED, MASKED = "enabled", "disabled", "masked"
_INSTALLS = re.compile(r"^(?:WantedBy|RequiredBy|UpheldBy|Alias|Also)\s*=\s*\S", re.MULTILINE)
_LINKED = (".wants", ".requires", ".upholds")


def enabled(name: str) -> str:
    """Return ``enabled``, ``disabled`` or ``masked``, as the links of the administrator have it."""
    if is_masked(name):
        return MASKED
    return ENABLED if any(_leads_to(link, name) for link in _links()) else DISABLED


def is_masked(name: str) -> bool:
    """Tell whether a unit is barred from starting, by a link to nowhere."""
    path = os.path.join(OWN, name)
    return os.path.islink(path) and os.path.realpath(path) == os.devnull


def found(name: str) -> Optional[str]:
    """Return the path of the file that a unit is made of, None where there is none; masked ones have none.

    An instance, ``name@x.service``, may be made of its template.
    """
    names = [name]
    if "@" in name:
        names.append(re.sub(r"@[^.]*", "@", name))
    for each in names:
        for place in PLACES:
            path = os.path.join(place, each)
            if os.path.exists(path) and os.path.realpath(path) != os.devnull:
                return path
    return None


def installs(text: str) -> bool:
    """Tell whether a unit file says what enabling it means."""
    _, heading, rest = text.partition("[Install]")
    return bool(heading and _INSTALLS.search(rest))


def _links() -> Iterator[str]:
    """Yield every link that may enable something."""
    for name in _listed(OWN):
        path = os.path.join(OWN, name)
        if os.path.islink(path):
            yield path
        elif name.endswith(_LINKED):
            yield from (os.path.join(path, each) for each in _listed(path))


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _leads_to(link: str, name: str) -> bool:
    if os.path.basename(os.path.dirname(link)).endswith(_LINKED):
        return os.path.islink(link) and os.path.basename(link) == name
    return os.path.basename(link) != name and os.path.basename(os.path.realpath(link)) == name
