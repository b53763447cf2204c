"""The reference schema of a database, its roles and its logins, installed from numbered files.

As a step:

    - name: Reference schema
      cut_schema: {}
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cutter.approvals import pinning
from cutter.approvals.authority import Authority
from cutter.backup.pre_write import before_production
from cutter.cut import adoption_install, schema_install
from cutter.cut.adoption import Names, names_of
from cutter.cut.guarantees import broken
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins, standing_of, standings
from cutter.errors import ApprovalRefused, ConfigurationError, Conflict
from cutter.model.state import Change, Plain, State
from cutter.resource import Content, Resource

_AUTHORITY = "authority"
_HOLD = "hold"


class CutSchema(Resource):
    """The tables, functions and roles that a cut needs, and the logins of the database in those roles.

    Where databases.yml names an existing table and function, the units go into that table by that function,
    and both are closed to all our roles and to PUBLIC. Where the environment says who may approve, that is
    pinned in the database; from then on it changes only by signatures of those who may, over the new
    authority.yml. The schema is removed again only while no document is
    in it; what was closed is then opened again. Roles and logins belong to the whole server and stay.
    """

    def desired(self) -> State | None:
        """Return the newest version, the digest over all files, what every login has, and that all holds."""
        return {
            **_files(schema_install.available()),
            **{_login(user): _told(standing_of(login)) for login, user in self._users().items()},
            **adoption_install.declared(self._names()),
            "guarantees": _HOLD,
            **self._pin(),
        }

    def observe(self) -> State | None:
        """Return what is applied, who is in the groups, and what is adopted; None without the schema."""
        names, users = self._names(), self._users()
        with self._owner() as connection:
            connection.read_only = True
            adoption_install.may_adopt(connection, names, users)
            files = schema_install.applied(connection)
            if not files:
                return None
            logins = {
                _login(users[login]): _told(found) for login, found in standings(connection, users).items()
            }
            standing = adoption_install.observed(connection, names, users)
            pinned = self._pinned(connection)
            held = self._held(connection)
        return {
            **_files(files),
            **logins,
            **standing,
            "guarantees": held,
            **pinned,
        }

    def apply(self, change: Change, content: Content) -> None:
        """Install what is missing, or remove the schema while it holds no document.

        On production, what is there already is changed only after a backup: BACKUP comes with the schema.
        """
        del content
        if change.before is not None:
            before_production(self.there)
        names = self._names()
        with self._owner() as connection:
            if change.after is not None:
                self._install(connection, names)
                self._pin_anew(connection, change.after.get(_AUTHORITY))
            else:
                if names is not None:
                    adoption_install.give_back(connection, names)
                schema_install.remove(connection)
            connection.commit()

    def _install(self, connection: Any, names: Names | None) -> None:
        logins, users = self._logins(), self._users()
        adoption_install.may_adopt(connection, names, users)
        schema_install.upgrade(connection)
        passwords = {name: login.password for name, login in logins.items() if login.password}
        map_logins(connection, users, passwords)
        if names is not None:
            adoption_install.adopt(connection, names, users)
        held = self._held(connection)
        if held != _HOLD:
            raise Conflict(
                held,
                place=self.there.database,
                remedy="cutter doctor says what mends each; then apply this step again",
            )

    def _held(self, connection: Any) -> str:
        """Return what speaks against the guarantees of the schema as it is."""
        if not schema_install.knows_its_parts(connection):
            return "unknown"
        is_adopted = adoption_install.adopted(connection) is not None
        return "; ".join(broken(connection, self._users(), adopted=is_adopted)) or _HOLD

    def _pin(self) -> dict[str, Plain]:
        authority = self._authority()
        return {} if authority is None else {_AUTHORITY: authority.digest}

    def _pinned(self, connection: Any) -> dict[str, Plain]:
        """Return what is pinned. Raises ApprovalRefused where it does not approve what is to replace it."""
        found = pinning.pinned(connection)
        if found is None:
            return {}
        wanted = self._authority()
        if wanted is None or wanted.digest != found.digest:
            pinning.demand_approved(found, self._authority_file())
        return {_AUTHORITY: found.digest}

    def _pin_anew(self, connection: Any, digest: Plain) -> None:
        found, wanted = pinning.pinned(connection), self._authority()
        if digest == (None if found is None else found.digest):
            return
        if wanted is None or wanted.digest != digest:
            raise ApprovalRefused(
                "who may approve changes only by an approval under who may now, and is not taken back",
                place=self._authority_file(),
                remedy="write authority.yml as it should be, have it signed, and apply the cut_schema step",
            )
        approved = "" if found is None else pinning.demand_approved(found, self._authority_file())
        pinning.pin(connection, wanted, found, approved, self.there.run)

    def _authority_file(self) -> str:
        return self.there.scope.authority_file if self.there.scope is not None else ""

    def _authority(self) -> Authority | None:
        return self.there.scope.authority() if self._authority_file() else None

    def _names(self) -> Names | None:
        return names_of(self.there.provider.database.names)

    def _logins(self) -> dict[str, Any]:
        return {name: login for name, login in self.there.logins().items() if name in GROUPS_OF_LOGIN}

    def _users(self) -> dict[str, str]:
        return {name: login.user for name, login in self._logins().items()}

    @contextmanager
    def _owner(self) -> Iterator[Any]:
        if "OWNER" not in self.there.logins():
            raise ConfigurationError(
                "the login OWNER is not configured, and only it may install the schema",
                place=self.there.database,
                remedy="add DOT_CUTTER_OWNER_USER and DOT_CUTTER_OWNER_PASSWORD for the installation",
            )
        connection = self.there.connection("OWNER")
        try:
            yield connection
        finally:
            connection.close()


def _files(files: tuple[schema_install.SchemaFile, ...]) -> dict[str, Plain]:
    return {"version": files[-1].version, "digest": schema_install.schema_digest(files)}


def _told(standing: tuple[str, ...]) -> str:
    return ", ".join(standing) or "no rights of ours"


def _login(user: str) -> str:
    return f"login/{user}"
