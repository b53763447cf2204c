"""What a thief with logins of a database can type: statements that write, and those that would allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from cutter.cut.logins import GROUPS_OF_LOGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switched import SwitchedProject

AUTHORISER = "AUTHORISER"
ENV_LOGINS = tuple(name for name in GROUPS_OF_LOGIN if name != AUTHORISER)
"""The logins whose passwords stand in the `.env`."""
_ZERO = "'sha256:' || repeat('0', 64)"
_OF_T = "'sha256:' || encode(sha256('t'), 'hex')"
LOAD = f"SELECT cutter.fn_document_create('stolen', 1, 't', {_OF_T}, 'g', NULL, %(run)s)"
WRITES = (
    LOAD,
    "SELECT cutter.fn_document_remove('reading-room', 1, %(run)s)",
    f"SELECT cutter.fn_cut_open('reading-room', 1, {_ZERO}, 'g', 'p', 1, {_ZERO}, %(run)s)",
    f"SELECT cutter.fn_iu_create(1, 'u', 1, 'k', 's', 't', 'b', 'o', NULL, {_ZERO}, %(run)s)",
    "SELECT cutter.fn_cut_record(1, 1, '{}', %(run)s)",
    "SELECT cutter.fn_cut_verified(1, 1, 'w', %(run)s)",
    "SELECT cutter.fn_cut_compensate(1, %(run)s)",
    "SELECT cutter.fn_lifecycle_enact('reading-room', 1, CURRENT_DATE, %(run)s)",
    "INSERT INTO cutter.document DEFAULT VALUES",
    "UPDATE cutter.information_unit SET body = 'stolen'",
    "DELETE FROM cutter.governance_record",
)
TURN_ON = """\
SELECT cutter.fn_switch_on(
    p_run => %(run)s, p_seconds => 600, p_lock_key => 7, p_database => %(database)s,
    p_request_digest => 'invented', p_nonce => %(run)s, p_authority_digest => %(authority)s,
    p_signed_by => 'SG_1: alice, SG_2: bob',
    p_expires => 'tomorrow', p_revert_until => 'tomorrow')
"""
ALLOWS = (
    TURN_ON,
    "SELECT cutter.fn_switch_on_for_inverse(%(run)s, 1, 600, 7, %(database)s)",
    "SELECT cutter.fn_authority_pin('d', '{}', %(authority)s, 'me', %(run)s)",
    "INSERT INTO cutter.kill_switch DEFAULT VALUES",
    "INSERT INTO cutter.approval_use DEFAULT VALUES",
    "DELETE FROM cutter.approval_use",
    "CREATE OR REPLACE FUNCTION cutter.switch_is_on(text, bigint) RETURNS boolean LANGUAGE sql RETURN true",
    "SET ROLE cutter_owner",
)


class Thief:
    """Somebody with logins of a project's database, who knows all that is no secret."""

    def __init__(self, project: SwitchedProject) -> None:
        """Take the project."""
        self.project = project
        ((database, authority),) = project.sql(
            "SELECT cutter.database_identity(), cutter.authority_in_force()"
        )
        self.known = {"database": database, "authority": authority}

    def connect(self, login: str, role: str = "none") -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection in autocommit, of a login in one of its roles."""
        found = psycopg.connect(
            host=self.project.server.socket_folder,
            user=f"cutter_{login.lower()}_login",
            dbname=self.project.dbname,
            autocommit=True,
        )
        found.execute(f"SET ROLE {role}".encode())
        return found

    def refusals(self, login: str, statements: tuple[str, ...], run: str) -> Iterator[tuple[str, str]]:
        """Try statements in every role of a login; yield each with the state it was refused with."""
        for role in ("none", *GROUPS_OF_LOGIN[login]):
            for statement in statements:
                with self.connect(login, role) as connection:
                    try:
                        connection.execute(statement.encode(), {**self.known, "run": run})
                    except psycopg.Error as error:
                        yield statement, error.sqlstate or "?"
                    else:
                        yield statement, ""
