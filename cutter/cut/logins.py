"""The logins of a database: each a member of the group roles it needs, with the few rights of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cutter.cut.complaints import complained
from cutter.cut.roles import Connection
from cutter.cut.statements import statements
from cutter.errors import ConfigurationError
from cutter.model.secret import Secret

LEGS = ("cutter_cut", "cutter_governance", "cutter_verify")
GROUPS_OF_LOGIN: Mapping[str, tuple[str, ...]] = {
    "READER": ("cutter_reader",),
    "WRITER": LEGS,
    "VERIFY": ("cutter_verify", "cutter_reader"),
    "ENACT": ("cutter_enact", "cutter_reader"),
    "REHEARSAL": (*LEGS, "cutter_enact", "cutter_reader", "cutter_rehearsal"),
    "BACKUP": ("cutter_backup",),
    "SCRATCH": (),
    "AUTHORISER": ("cutter_authoriser",),
}
OWN_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "WRITER": ("cutter_proof.run",),
    "VERIFY": ("cutter_proof.run",),
    "ENACT": ("cutter_proof.run",),
    "REHEARSAL": ("cutter", "cutter_proof.arm", "cutter_proof.run"),
}
"""What a login needs while it is in no role: to run foreign text, to arm the guard, to name constraints."""

NARROWED = ("WRITER", "ENACT", "REHEARSAL")
"""Logins that inherit nothing: they act only as the role that a leg takes on.

REHEARSAL may take on the roles of all legs, for a rehearsal is all of them in one transaction of one login;
being in cutter_rehearsal, it commits none of them.
"""

_NEEDS = {"WRITER": "narrowed", "ENACT": "narrowed", "REHEARSAL": "narrowed", "SCRATCH": "createdb"}
_UNFIT = {
    "group": ("is a group role of cutter, as which nobody logs in", "give the login a user of its own"),
    "login": ("may not log in", "ALTER ROLE {} LOGIN"),
    "super": ("is a superuser, whom no right restrains", "ALTER ROLE {} NOSUPERUSER"),
    "narrowed": ("inherits the rights of its groups", "ALTER ROLE {} NOINHERIT"),
    "createdb": ("may not create databases", "ALTER ROLE {} CREATEDB"),
}


def standing_of(login: str) -> tuple[str, ...]:
    """Return what a login has when all is well: its groups, and its own rights, in order."""
    return tuple(sorted((*GROUPS_OF_LOGIN[login], *OWN_RIGHTS.get(login, ()))))


def map_logins(connection: Connection, users: Mapping[str, str], passwords: Mapping[str, Secret]) -> None:
    """Give the users of these logins their groups and rights, as the owner's login. The caller commits.

    `users` has a role name for each login (WRITER, ...). A user that is missing is made, with its password
    where `passwords` has one; an existing one keeps its own. Raises ConfigurationError for an existing one
    that could not do what its login does, or could do more.
    """
    with complained("logins"):
        for login, user in users.items():
            if _exists(connection, user):
                _demand_fit(connection, login, user)
            else:
                _create(connection, login, user, passwords.get(login))
            for group in GROUPS_OF_LOGIN[login]:
                _said(connection, "joining", group, user, group, user)
            _grant(connection, login, user)


def standings(connection: Connection, users: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Return, for each login whose user is there, what it has, as `standing_of` does where all is well.

    Besides its groups and rights that is whatever makes its user unfit, in words.
    """
    with complained("logins"):
        found = connection.execute(statements("logins")["standings"]).fetchall()
        return {
            login: tuple(
                sorted({*_had(found, user), *(_UNFIT[why][0] for why in _unfit(connection, login, user))})
            )
            for login, user in users.items()
            if _exists(connection, user)
        }


def _had(found: list[tuple[str, ...]], user: str) -> Iterator[str]:
    yield from (what for name, what in found if name == user)


def _exists(connection: Connection, user: str) -> bool:
    return connection.execute(statements("logins")["exists"], (user,)).fetchone() is not None


def _demand_fit(connection: Connection, login: str, user: str) -> None:
    for reason in _unfit(connection, login, user):
        what, remedy = _UNFIT[reason]
        raise ConfigurationError(
            f"{user} {what}, so it cannot be the login {login}",
            place="logins",
            remedy=remedy.format(user),
        )


def _unfit(connection: Connection, login: str, user: str) -> Iterator[str]:
    for (reason,) in connection.execute(statements("logins")["unfit"], (user,)).fetchall():
        if reason not in ("narrowed", "createdb") or _NEEDS.get(login) == reason:
            yield reason


def _create(connection: Connection, login: str, user: str, password: Secret | None) -> None:
    verifier = None
    if password is not None:  # hashed here: a password in a statement could reach the server's log
        encrypted = connection.pgconn.encrypt_password(
            password.reveal().encode(), user.encode(), b"scram-sha-256"
        )
        verifier = encrypted.decode()
    _said(connection, "creation", user, login not in NARROWED, login == "SCRATCH", verifier)


def _grant(connection: Connection, login: str, user: str) -> None:
    known = statements("logins")
    connection.execute(known["as_owner"])
    for right in _statements_for(login):
        _said(connection, right, user)
    connection.execute(known["as_login"])


def _statements_for(login: str) -> Iterator[str]:
    names = {"cutter": "naming", "cutter_proof.arm": "arming", "cutter_proof.run": "running"}
    rights = OWN_RIGHTS.get(login, ())
    if rights:
        yield "proof"
    yield from (names[right] for right in rights)


def _said(connection: Connection, name: str, *values: object) -> None:
    """Have the server write a statement with its names quoted, and run it where it wrote one."""
    made = connection.execute(statements("logins")[name], values).fetchone()
    if made is not None:
        connection.execute(str(made[0]).encode())
