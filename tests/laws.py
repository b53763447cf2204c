"""What every resource type on a target promises; each type's test supplies the cases.

The laws: observing changes nothing; after apply a second look finds nothing to change; the inverse restores
what was. `obeys_the_laws` is to be called by the test of every type.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from cutter.filesystem.kept import KeptContent
from cutter.model.state import Change
from cutter.resource import Resource, type_complaints

Snapshot = Mapping[str, tuple[Any, ...]]


def snapshot(folder: Path, *, times: bool = True, without: Collection[str] = ()) -> Snapshot:
    """Return kind, mode, owner, content, link target and attributes (and times) of all below a folder.

    `without`: paths that are left out, with what is below them.
    """
    found = {}
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if os.path.join(root, name) not in without]
        for name in [".", *folders, *files]:
            path = os.path.join(root, name)
            found[path] = facts(path, times=times)
    return found


def facts(path: str, *, times: bool) -> tuple[Any, ...]:
    """Return the same of one path."""
    seen = os.lstat(path)
    link = os.readlink(path) if os.path.islink(path) else None
    regular = os.path.isfile(path) and not os.path.islink(path)
    content = Path(path).read_bytes() if regular else None
    attributes = {} if link else {name: os.getxattr(path, name) for name in sorted(os.listxattr(path))}
    stamps = (seen.st_mtime_ns, seen.st_ctime_ns) if times else ()
    return (seen.st_mode, seen.st_uid, seen.st_gid, link, content, str(attributes), *stamps)


def build(kind: type[Resource], params: Mapping[str, Any], key: bytes = b"law") -> Resource:
    """Return a resource; the parameters must be without complaint."""
    assert type_complaints(kind, params) == []
    return kind(params, key)


def change_of(resource: Resource) -> Change:
    """Look, and say what would change."""
    return Change(resource.observe(), resource.desired())


def obeys_the_laws(
    resource: Resource, content: KeptContent, world: Path, *, start: Callable[[], object] | None = None
) -> None:
    """Check the laws for one resource; `world` is the folder that the inverse must restore."""
    if start is not None:
        start()
    before = snapshot(world)
    change = change_of(resource)
    assert snapshot(world) == before, "observing changed something"
    assert not change.empty, "the case does not change anything, so it shows nothing"
    was = snapshot(world, times=False)

    resource.apply(change, content)
    after = snapshot(world)
    again = change_of(resource)
    assert again.empty, f"a second look would change {sorted(again.keys)}"
    assert snapshot(world) == after, "observing changed something"

    if type(resource).reversible:
        resource.apply(Change(before=again.before, after=change.before), content)
        assert resource.observe() == change.before, "the inverse did not restore the state"
        assert snapshot(world, times=False) == was, "the inverse did not restore the world"
