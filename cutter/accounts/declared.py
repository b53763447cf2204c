"""What a step says of an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from cutter.accounts import key_file
from cutter.accounts import keys as key_lines
from cutter.model.canonical import bytes_digest
from cutter.model.state import Plain, State
from cutter.named_tuple import NamedTuple

KEYS, ACCESS, MADE = "keys", "keys_access", "home_exists"
Keyed = Callable[[bytes], str]
"""The digest of a secret, under the environment's key."""


class Declared(NamedTuple):
    """What a step says of an account; None for what it leaves alone."""

    ensure: str
    uid: Optional[int]
    system: bool
    group: Optional[str]
    groups: Optional[list[str]]
    also_groups: list[str]
    comment: Optional[str]
    home: Optional[str]
    create_home: bool
    shell: Optional[str]
    locked: Optional[bool]
    password: Optional[str]
    authorized_keys: Optional[list[str]]
    also_authorized_keys: list[str]
    remove_home: bool

    @property
    def has_keys(self) -> bool:
        """Tell whether it says anything of keys."""
        return self.authorized_keys is not None or bool(self.also_authorized_keys)

    def state(self, keyed: Keyed) -> State:
        """Return the state that is declared."""
        plain = ("uid", "group", "comment", "home", "shell", "locked")
        state: dict[str, Plain] = {
            name: getattr(self, name) for name in plain if getattr(self, name) is not None
        }
        if self.groups is not None:
            state["groups"] = ",".join(sorted(self.groups))
        state.update({f"member:{group}": True for group in self.also_groups})
        if self.password is not None:
            state["password"] = keyed(self.password.encode())
        if self.create_home:
            state[MADE] = True
        return {**state, **self._keys()}

    def _keys(self) -> State:
        if not self.has_keys:
            return {}
        if self.authorized_keys is not None:
            return {KEYS: bytes_digest(key_lines.written(self.authorized_keys)), ACCESS: key_file.OWN}
        return {**{named(line): True for line in self.also_authorized_keys}, ACCESS: key_file.OWN}


def named(line: str) -> str:
    """Return the key of a State that tells whether a public key may log in."""
    found = key_lines.public_key(line)
    return f"key:{found.fingerprint if found else line}"
