"""Who runs this, and which changes would keep them from coming back."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress

from cutter.accounts.books import Books
from cutter.accounts.tables import FOLDER
from cutter.model.state import Change, Plain, State

_UNSET = 0xFFFFFFFF
_ADMIN = frozenset({"sudo", "wheel", "admin"})
_RULE = re.compile(r"^\s*%([A-Za-z_][\w.-]*)\s", re.MULTILINE)
_CLOSED = ("/nologin", "/false")


def operators(books: Books) -> frozenset[int]:
    """Return the uids behind this process: its own, its login's, its ancestors', and its caller's by sudo."""
    named = [os.environ[name] for name in ("SUDO_USER", "DOAS_USER") if name in os.environ]
    entries = filter(None, map(books.passwd.entry, named))
    found = {int(fields[2]) for fields in entries} | {os.getuid(), os.geteuid(), *_ancestors(os.getpid())}
    with suppress(OSError, ValueError), open("/proc/self/loginuid", encoding="ascii") as file:
        found.add(int(file.read()))
    return frozenset(found - {_UNSET})


def administering() -> frozenset[str]:
    """Return the groups whose members may become root: by custom, and by what sudoers says."""
    folder = f"{FOLDER}/sudoers.d"
    names = [f"{FOLDER}/sudoers"]
    with suppress(OSError):
        names += [os.path.join(folder, name) for name in os.listdir(folder)]
    found = set(_ADMIN)
    for name in names:
        with suppress(OSError), open(name, encoding="utf-8", errors="replace") as file:
            found.update(_RULE.findall(file.read()))
    return frozenset(found)


def objections(change: Change, admin: Collection[str]) -> Iterator[str]:
    """Yield what of a change to an operator's account would lock them out; keys are judged by their owner."""
    before, after = change.before, change.after
    if before is None:
        return
    if after is None:
        yield "remove it"
        return
    if _ways_in(before) - _ways_in(after):
        yield "lock it"
    lost = _names(before) - _names({**before, **after})
    if lost.intersection(admin):
        yield f"take it out of {', '.join(sorted(lost.intersection(admin)))}"
    yield from _of_entry(before, after, change.keys)


def _of_entry(before: State, after: State, keys: Collection[str]) -> Iterator[str]:
    if "shell" in keys and _closed(after["shell"]) and not _closed(before["shell"]):
        yield f"give it the shell {after['shell']}"
    if "home" in keys:
        yield f"move its home, and so its keys, to {after['home']}"


def _ways_in(state: State) -> set[str]:
    """Return what opens an account that is locked so; without a password its keys may be all it has."""
    locked = state.get("locked", False)
    return set() if locked is True else {"password", "keys"} - {str(locked).rpartition(" ")[2]}


def _names(state: State) -> set[str]:
    """Return the groups it is in, its primary one too."""
    return {str(state["group"]), *filter(None, str(state["groups"]).split(","))}


def _closed(shell: Plain) -> bool:
    return str(shell).endswith(_CLOSED) or not os.access(str(shell), os.X_OK)


def _ancestors(process: int) -> Iterator[int]:
    """Yield the real uid of each process above this one."""
    while process > 1:
        fields = {}
        with suppress(OSError), open(f"/proc/{process}/status", encoding="utf-8", errors="replace") as file:
            fields = dict(line.rstrip("\n").split(":", 1) for line in file)
        if "PPid" not in fields:
            return
        yield int(fields["Uid"].split()[0])
        process = int(fields["PPid"])
