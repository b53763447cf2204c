"""The reference schema of a database, its roles and its logins, installed from numbered files.

As a step:

    - name: Reference schema
      cut_schema: {}
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cutter.cut import schema_install
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins, standing_of, standings
from cutter.errors import ConfigurationError
from cutter.model.state import Change, Plain, State
from cutter.resource import Content, Resource


class CutSchema(Resource):
    """The tables, functions and roles that a cut needs, and the logins of the database in those roles.

    It is removed again only while no document is in it; roles and logins belong to the whole server and stay.
    """

    def desired(self) -> State | None:
        """Return the newest version, the digest over all files, and the groups of every login."""
        users = {name: login.user for name, login in self.there.logins().items() if name in GROUPS_OF_LOGIN}
        groups = {_login(user): ", ".join(standing_of(name)) for name, user in users.items()}
        return {
            **_files(schema_install.available()),
            **{key: value for key, value in groups.items() if value},
        }

    def observe(self) -> State | None:
        """Return what is applied and who is in the groups; None without the schema."""
        with self._owner() as connection:
            connection.read_only = True
            files = schema_install.applied(connection)
            if not files:
                return None
            groups: dict[str, list[str]] = {}
            for user, group in standings(connection):
                groups.setdefault(_login(user), []).append(group)
        ours = {_login(login.user) for login in self._logins().values()}
        return {
            **_files(files),
            **{key: ", ".join(sorted(found)) for key, found in groups.items() if key in ours},
        }

    def apply(self, change: Change, content: Content) -> None:
        """Install what is missing, or remove the schema while it holds no document."""
        del content
        with self._owner() as connection:
            if change.after is None:
                schema_install.remove(connection)
            else:
                schema_install.upgrade(connection)
                logins = self._logins()
                users = {name: login.user for name, login in logins.items()}
                passwords = {name: login.password for name, login in logins.items() if login.password}
                map_logins(connection, users, passwords)
            connection.commit()

    def _logins(self) -> dict[str, Any]:
        return {name: login for name, login in self.there.logins().items() if name in GROUPS_OF_LOGIN}

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


def _login(user: str) -> str:
    return f"login {user}"
