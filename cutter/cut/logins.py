"""The logins of a database, each a member of the group roles it needs and of no other."""

from __future__ import annotations

from collections.abc import Mapping

from cutter.cut.complaints import complained
from cutter.cut.roles import Connection
from cutter.cut.statements import statements
from cutter.model.secret import Secret

GROUPS_OF_LOGIN: Mapping[str, tuple[str, ...]] = {
    "READER": ("cutter_reader",),
    "WRITER": ("cutter_cut", "cutter_governance", "cutter_verify"),
    "VERIFY": ("cutter_verify", "cutter_reader"),
    "ENACT": ("cutter_enact", "cutter_cut", "cutter_governance", "cutter_verify", "cutter_reader"),
    "BACKUP": ("cutter_backup",),
    "SCRATCH": (),
}
NARROWED = ("WRITER", "ENACT")
"""Logins with no right of their own: they act only as the role that a leg takes on.

ENACT may take on the roles of the other legs too: a rehearsal is all of them in one transaction of one login.
"""


def map_logins(connection: Connection, users: Mapping[str, str], passwords: Mapping[str, Secret]) -> None:
    """Make the users of these logins members of their groups, as the owner's login. The caller commits.

    `users` has a role name for each login (WRITER, ...). A user that is missing is made, with its password
    where `passwords` has one; an existing one keeps its own.
    """
    with complained("logins"):
        for login, user in users.items():
            if not _exists(connection, user):
                _create(connection, login, user, passwords.get(login))
            for group in GROUPS_OF_LOGIN[login]:
                _join(connection, user, group)


def members(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Return every membership in a group role of ours, as (user, group), in order."""
    with complained("logins"):
        found = connection.execute(statements("logins")["members"]).fetchall()
    return tuple((user, group) for user, group in found)


def _exists(connection: Connection, user: str) -> bool:
    return connection.execute(statements("logins")["exists"], (user,)).fetchone() is not None


def _create(connection: Connection, login: str, user: str, password: Secret | None) -> None:
    verifier = None
    if password is not None:  # hashed here: a password in a statement could reach the server's log
        encrypted = connection.pgconn.encrypt_password(
            password.reveal().encode(), user.encode(), b"scram-sha-256"
        )
        verifier = encrypted.decode()
    inherits, creates = login not in NARROWED, login == "SCRATCH"
    made = connection.execute(
        statements("logins")["creation"], (user, inherits, creates, verifier)
    ).fetchone()
    if made is not None:
        connection.execute(str(made[0]).encode())


def _join(connection: Connection, user: str, group: str) -> None:
    made = connection.execute(
        statements("logins")["joining"], (group, user, user, group, user, group)
    ).fetchone()
    if made is not None:
        connection.execute(str(made[0]).encode())
