"""The folder of a demonstration: what is shipped, three people with throw-away keys, and who may approve."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from cutter.app.publishing import publish
from cutter.app.shipped import copy_shipped
from cutter.errors import PermissionRefused, UsageError

PEOPLE: Mapping[str, str] = {"alice": "SG_1", "bob": "SG_2", "carol": "BREAK_GLASS", "dave": "requester"}
"""Who is there, and as what."""
INVENTORY = "inventory/sandbox"
_LONGEST = 60  # the home of a key lies below, and a socket in it has at most 107 bytes
_AUTHORITY = """\
# Who may approve here. The keys are throw-away ones, and prove nothing anywhere else.
apiVersion: cutter/v1
people:
{people}
roles: {{SG_1: [alice], SG_2: [bob], BREAK_GLASS: [carol]}}
requesters: [dave]
rule:
  roles: [SG_1, SG_2]
  distinct_people: yes
  requester_may_approve: no
  expires_at_most: 7d
"""


def make_folder(folder: str) -> None:
    """Fill an empty folder, made where there is none. Raises UsageError for one that is not empty."""
    if len(folder) > _LONGEST:
        cause = f"{folder} has too long a name: keys in it could not be reached"
        raise UsageError(cause, remedy=f"name a folder of at most {_LONGEST} characters, or none")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.listdir(folder):
            cause = f"{folder} is not empty, and what is there stays as it is"
            raise UsageError(cause, remedy="name an empty folder, or none")
        copy_shipped(folder)
        for name in PEOPLE:
            os.makedirs(home_of(folder, name), mode=0o700)
        os.makedirs(os.path.join(folder, INVENTORY, "authority"))
    except OSError as error:
        raise PermissionRefused(f"{error.filename}: {error.strerror}", place=folder) from error


def home_of(folder: str, name: str) -> str:
    """Return where the keys of a person are."""
    return os.path.join(folder, "people", name)


def key_commands(name: str) -> Sequence[Sequence[str]]:
    """Return what makes the key of a person, and exports its certificate for the inventory."""
    quiet = ("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
    user = f"{name} <{name}@demo.invalid>"
    exported = f"{INVENTORY}/authority/{name}.asc"
    return (
        (*quiet, "--quick-generate-key", user, "ed25519", "sign", "7d"),
        ("gpg", "--batch", "--quiet", "--armor", "--output", exported, "--export", name),
    )


def write_authority(folder: str, fingerprints: Mapping[str, str]) -> str:
    """Write who may approve and return its path, from the folder."""
    pinned = (
        f"  {name}: {{certificate: authority/{name}.asc, fingerprint: {fingerprints[name]}}}"
        for name in PEOPLE
    )
    path = f"{INVENTORY}/authority.yml"
    publish(os.path.join(folder, path), _AUTHORITY.format(people="\n".join(pinned)))
    return path
