"""The home of an account and the keys in it: looked at, made, and taken back if nothing was added."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Optional

from cutter.accounts import homes, key_file
from cutter.accounts import keys as key_lines
from cutter.accounts.books import Books
from cutter.accounts.declared import ACCESS, KEYS, MADE, Declared, Keyed, named
from cutter.accounts.key_file import KeyFile
from cutter.errors import Conflict, StepFailed
from cutter.filesystem.walk import existing_parent_of
from cutter.model.canonical import bytes_digest, canonical
from cutter.model.state import Plain, State
from cutter.resource import Content

UID, GID, COMMENT, HOME, SHELL = 2, 3, 4, 5, 6
"""The fields of an entry in passwd."""


class OwnHome:
    """The home that an entry of passwd names."""

    def __init__(self, passwd: list[str], keyed: Keyed) -> None:
        """Take the entry; nothing is read yet."""
        self.name, self.path = passwd[0], passwd[HOME]
        self.uid, self.gid = int(passwd[UID]), int(passwd[GID])
        self._keyed = keyed

    def state(self, declared: Declared) -> State:
        """Return whether it is there, and its keys, as far as the step speaks of them."""
        state: dict[str, Plain] = {}
        if declared.create_home:
            state[MADE] = homes.inode_of(self.path, self.uid) is not None
        if declared.has_keys:
            if declared.authorized_keys != [] and declared.home in (None, self.path):
                homes.demand_closed(self.path, self.gid)  # keys are to open it, and it is to stay
            found = self.keys()
            state[KEYS] = None if found.content is None else bytes_digest(found.content)
            state[ACCESS] = found.access
            for line in declared.also_authorized_keys:
                state[named(line)] = key_lines.standing_of(found.content or b"", line)
        return state

    def keys(self) -> KeyFile:
        """Return the file of keys as it is."""
        return key_file.read(self.path, self.uid, self.gid)

    def wanted(self, declared: Declared) -> bytes:
        """Return what the file of keys should be, where keys are declared."""
        if declared.authorized_keys is not None:
            return key_lines.written(declared.authorized_keys)
        return key_lines.with_keys(self.keys().content or b"", declared.also_authorized_keys)

    def demand_possible(self, declared: Declared) -> None:
        """Raise what would keep home or keys from being made, before anything of the account is changed."""
        self.state(declared)
        if declared.create_home:
            with existing_parent_of(self.path):
                return
        if declared.has_keys:
            key_file.demand_home(self.path)

    def reach(self, declared: Declared, content: Content, *, new: bool) -> None:
        """Make home and keys as declared; what is replaced, and what was made, is kept for the inverse."""
        missing = homes.inode_of(self.path, self.uid) is None
        if declared.create_home and missing:
            homes.make(self.path, self.uid, self.gid)
        if new or (declared.create_home and missing):
            self._remember(content, made=declared.create_home and missing)
        if declared.has_keys:
            self._put(KeyFile(self.wanted(declared), key_file.OWN), content)

    def restore(self, before: State, after: State, content: Content) -> None:
        """Put back what a state that was seen says of home and keys."""
        if before["home"] != after["home"]:
            self.take_back(content, keys=True)
        elif after.get(MADE) is False and before.get(MADE):
            self.take_back(content, keys=False)
        elif KEYS in after and any(before.get(name) != after[name] for name in (KEYS, ACCESS)):
            digest = after[KEYS]
            former = None if digest is None else _kept(content, str(digest))
            self._put(KeyFile(former, str(after[ACCESS])), content)

    def take_back(self, content: Content, *, keys: bool) -> None:
        """Undo what making this the home of the account did there. Raises Conflict for what was added since.

        A home that was there already stays; `keys` tells whether its former keys are put back.
        """
        trail = self._trail(content)
        if trail is None:
            return
        if trail["inode"] is not None and trail["inode"] == homes.inode_of(self.path, self.uid):
            ours = (f"{self.path}/.ssh", f"{self.path}/.ssh/authorized_keys")
            added = [path for path in homes.added(self.path) if path not in ours]
            if added:
                raise Conflict(
                    f"{added[0]} was added since {self.path} was made", remedy="move it away first"
                )
            homes.remove(self.path)
        elif keys:
            former = None if trail["keys"] is None else base64.b64decode(trail["keys"])
            if self.keys() != KeyFile(former, trail["access"]):
                self._put(KeyFile(former, trail["access"]), content)

    def remove(self, books: Books) -> None:
        """Remove it with everything in it. Raises Conflict for one that somebody else needs."""
        if homes.inode_of(self.path, self.uid) is None:
            return
        for fields in books.passwd.entries():
            if fields[0] != self.name and f"{fields[HOME]}/".startswith(f"{self.path.rstrip('/')}/"):
                raise Conflict(f"{self.path} is the home of {fields[0]} too, or around it")
        homes.remove(self.path)

    def _put(self, wanted: KeyFile, content: Content) -> None:
        found = self.keys().content
        if found is not None:
            content.keep(found, bytes_digest(found))
        key_file.put(self.path, wanted, self.uid, self.gid)

    def _remember(self, content: Content, *, made: bool) -> None:
        """Keep what was there before, for the inverse: its state cannot say it of an account that is gone."""
        found = self.keys()
        keys = None if found.content is None else base64.b64encode(found.content).decode()
        inode = homes.inode_of(self.path, self.uid) if made else None
        content.keep(canonical({"inode": inode, "keys": keys, "access": found.access}), self._kept_as())

    def _trail(self, content: Content) -> Optional[Mapping[str, Any]]:
        try:
            found: Mapping[str, Any] = json.loads(content.bytes_of(self._kept_as()))
        except LookupError:
            return None
        return found

    def _kept_as(self) -> str:
        return self._keyed(f"home of {self.name} {self.uid} {self.path}".encode())


def _kept(content: Content, digest: str) -> bytes:
    try:
        return content.bytes_of(digest)
    except LookupError as error:
        raise StepFailed(f"the former keys are not at hand: {error.args[0]}") from error
