"""Whether a unit starts with the machine, read from the links on disk: no systemd is asked."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Optional

from cutter.errors import Conflict

OWN = "/etc/systemd/system"
VENDORS = ("/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
PLACES = (OWN, "/run/systemd/system", *VENDORS)
"""Where units are, the first that has one wins; those of the vendors are below that of the administrator."""
ENABLED, DISABLED, MASKED = "enabled", "disabled", "masked"
_INSTALLS = re.compile(r"^(?:WantedBy|RequiredBy|UpheldBy|Alias|Also)\s*=\s*\S", re.MULTILINE)
_LINKED = (".wants", ".requires", ".upholds")


def enabled(name: str) -> str:
    """Return ``enabled``, ``disabled`` or ``masked``, as the links on disk have it."""
    if is_masked(name):
        return MASKED
    return ENABLED if is_linked(name) or vendor_link(name) else DISABLED


def demand_own_name(name: str) -> None:
    """Raise Conflict for another name of a unit, an alias: what enables the unit are links to its own."""
    path = next((path for place in PLACES if os.path.islink(path := os.path.join(place, name))), name)
    folder, own = os.path.split(os.path.realpath(path))
    if own != name and os.path.islink(path) and folder in map(os.path.realpath, PLACES):
        raise Conflict(f"{name} is another name of {own}", place=path, remedy=f"say name: {own}")


def is_linked(name: str) -> bool:
    """Tell whether a link of the administrator lets a unit start with the machine."""
    return any(_leads_to(link, name) for link in _links())


def vendor_link(name: str) -> str:
    """Return what came with the system and lets a unit start with the machine, whatever `disable` does."""
    for place in VENDORS:
        for folder in filter(_is_of_links, _listed(place)):
            link = os.path.join(place, folder, name)
            if os.path.lexists(link) and not os.path.lexists(os.path.join(OWN, folder, name)):
                return link
    return ""


def is_masked(name: str) -> bool:
    """Tell whether a unit is barred from starting, by a link to nowhere or an empty file in its place."""
    return _bars(os.path.join(OWN, name))


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
            if os.path.exists(path) and not _bars(path):
                return path
    return None


def installs(text: str) -> bool:
    """Tell whether a unit file says what enabling it means."""
    _, heading, rest = text.partition("[Install]")
    return bool(heading and _INSTALLS.search(rest))


def _bars(path: str) -> bool:
    if not os.path.lexists(path):
        return False
    return os.path.realpath(path) == os.devnull or (os.path.isfile(path) and not os.path.getsize(path))


def _is_of_links(folder: str) -> bool:
    return folder.endswith(_LINKED)


def _links() -> Iterator[str]:
    """Yield every link that may enable something."""
    for name in _listed(OWN):
        path = os.path.join(OWN, name)
        if os.path.islink(path):
            yield path
        elif _is_of_links(name):
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
