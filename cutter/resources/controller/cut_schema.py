"""The reference schema of a database, its group roles and its logins, installed and upgraded from numbered files.

As a step:

    - name: Reference schema
      cut_schema: {}
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

from cutter.cut import schema_install
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins, members
from cutter.errors import ConfigurationError
from cutter.model.state import Change, State
from cutter.resource import Content, Resource


class CutSchema(Resource):
    """The tables, functions and roles that a cut needs, and the logins of the database in those roles.

    It is removed again only while no document is in it; roles and logins belong to the whole server and stay.
    """

    def desired(self) -> Optional[State]:
        """Return the digest of every numbered file, and the groups of every login."""
        assert self.context is not None
        users = {name: login.user for name, login in self.context.logins().items() if name in GROUPS_OF_LOGIN}
        groups = {_login(user): ", ".join(sorted(GROUPS_OF_LOGIN[name])) for name, user in users.items()}
        files = {file.name: file.digest for file in schema_install.available()}
        return {**files, **{key: value for key, value in groups.items() if value}}

    def observe(self) -> Optional[State]:
        """Return the digests that are applied and the members of the groups; None without the schema."""
        with self._owner() as connection:
            connection.read_only = True
            files = {file.name: file.digest for file in schema_install.applied(connection)}
            if not files:
                return None
            groups: dict[str, list[str]] = {}
            for user, group in members(connection):
                groups.setdefault(_login(user), []).append(group)
        ours = {_login(login.user) for login in self._logins().values()}
        return {**files, **{key: ", ".join(sorted(found)) for key, found in groups.items() if key in ours}}

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
        assert self.context is not None
        return {name: login for name, login in self.context.logins().items() if name in GROUPS_OF_LOGIN}

    @contextmanager
    def _owner(self) -> Iterator[Any]:
        assert self.context is not None
        if "OWNER" not in self.context.logins():
            raise ConfigurationError(
                "the login OWNER is not configured, and only it may install the schema",
                place=self.context.database,
                remedy="add DOT_CUTTER_OWNER_USER and DOT_CUTTER_OWNER_PASSWORD for the installation",
            )
        connection = self.context.connection("OWNER")
        try:
            yield connection
        finally:
            connection.close()


def _login(user: str) -> str:
    return f"login {user}"
