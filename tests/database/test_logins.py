"""Each login can do what it is for, and nothing else: every login is tried at every deed."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from cut_cases import RUN, Governed, cutplan

from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.documents import Document, load
from cutter.cut.logins import GROUPS_OF_LOGIN, map_logins, standing_of, standings
from cutter.cut.recorders import context_of
from cutter.database.rehearsal import Rehearsal
from cutter.database.rollback_only import prove
from cutter.errors import ConfigurationError, KillSwitchOff
from cutter.model.canonical import bytes_digest
from cutter.model.secret import Secret

DEEDS = {
    "load": ("cutter_cut", "SELECT cutter.fn_document_create('d', 1, 't', 'x', 'g', NULL, 'r')"),
    "cut": ("cutter_cut", "SELECT cutter.fn_cut_open('d', 1, 'x', 'g', 'p', 1, 'w', 'r')"),
    "unit": ("cutter_cut", "SELECT cutter.fn_iu_create(1, 'u', 1, 'k', 's', 't', 'b', 'o', NULL, 'h', 'r')"),
    "record": ("cutter_governance", "SELECT cutter.fn_cut_record(1, 1, '{}', 'r')"),
    "verify": ("cutter_verify", "SELECT cutter.fn_cut_verified(1, 1, 'w', 'r')"),
    "enact": ("cutter_enact", "SELECT cutter.fn_lifecycle_enact('d', 1, CURRENT_DATE, 'r')"),
    "compensate": ("cutter_enact", "SELECT cutter.fn_cut_compensate(1, 'r')"),
    "read": (
        "cutter_reader",
        "SELECT FROM cutter.document, cutter.information_unit, cutter.governance_record",
    ),
    "dump": ("cutter_backup", "LOCK cutter.kill_switch, cutter_proof.rollback_only IN ACCESS SHARE MODE"),
    "arm": ("", "SELECT cutter_proof.arm()"),
    "run": ("", "SELECT cutter_proof.run('SELECT 1')"),
    "write units": ("", "INSERT INTO cutter.information_unit DEFAULT VALUES"),
    "write records": ("", "SELECT cutter.governance_append('lie', 'r', '{}')"),
    "switch on": ("", "INSERT INTO cutter.kill_switch DEFAULT VALUES"),
    "authorise": (
        "cutter_authoriser",
        "SELECT cutter.fn_switch_on_for_inverse('r', 1, 1, 1, 'd')",
    ),
    "own": ("cutter_owner", "SELECT 1"),
}
CUTS = {"load", "cut", "unit", "record", "verify"}
MAY = {
    "READER": {"read"},
    "WRITER": {*CUTS, "run"},
    "VERIFY": {"read", "verify", "run"},
    "ENACT": {"enact", "compensate", "read", "run"},
    "REHEARSAL": {*CUTS, "enact", "compensate", "read", "arm", "run"},
    "BACKUP": {"dump"},
    "SCRATCH": set(),
    "AUTHORISER": {"authorise"},
}


def may(connection: psycopg.Connection[Any], role: str, statement: str) -> bool:
    """Try, take back, and tell whether it was rights that were missing: any other complaint came later."""
    try:
        if role:
            connection.execute(f"SET LOCAL ROLE {role}".encode())
        connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error as error:
        return (error.sqlstate or "").startswith("CT")
    finally:
        connection.rollback()
    return True


@pytest.mark.parametrize("login", MAY)
def test_a_login_does_what_it_is_for_and_nothing_else(governed: Governed, login: str) -> None:
    connection = governed.connect(login)
    found = {deed for deed, (role, statement) in DEEDS.items() if may(connection, role, statement)}
    assert found == MAY[login]


def test_every_login_is_in_the_table() -> None:
    assert set(MAY) == set(GROUPS_OF_LOGIN)


def test_only_scratch_makes_databases(installed: Governed) -> None:
    found = installed.as_owner("""
        SELECT rolname FROM pg_roles WHERE rolname LIKE 'cutter%login'
        AND (rolcreatedb OR rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls)
    """)
    assert found == [("cutter_scratch_login",)]


def all_legs(provide: Any, version: int = 1) -> ProductionLiveExecutionAdapter:
    """Load, cut, record, verify and enact on one connection; nothing is committed."""
    plan = cutplan(version=version)
    load(
        provide("cut"),
        Document(plan.document_ref, version, Governed.text_of(plan).encode(), plan.grammar_digest),
        RUN,
    )
    adapter = ProductionLiveExecutionAdapter(provide, context_of(RUN, plan.rows))
    leg = adapter.cut_leg_a(plan)
    adapter.leg_b_record(leg)
    adapter.write_verify(leg, plan)
    adapter.lifecycle_enact(plan.document_ref, version, date(2026, 7, 1))
    return adapter


def written(governed: Governed) -> list[tuple[Any, ...]]:
    tables = ("work", "document", "information_unit", "cut", "lifecycle", "governance_record")
    return [governed.as_owner(f"SELECT count(*) FROM cutter.{table}")[0] for table in tables]


def test_a_rehearsal_without_the_switch_writes_nothing(installed: Governed) -> None:
    before = written(installed)
    with pytest.raises(KillSwitchOff):
        prove(installed.provider, "REHEARSAL", lambda rehearsal: all_legs(rehearsal.by_role))
    assert written(installed) == before


def test_a_rehearsal_goes_through_all_legs_and_leaves_nothing(governed: Governed) -> None:
    before = written(governed)

    def work(rehearsal: Rehearsal) -> None:
        all_legs(rehearsal.by_role).commit()

    assert prove(governed.provider, "REHEARSAL", work).outcome == "proved"
    assert written(governed) == before


def test_the_login_that_rehearses_commits_nothing_even_outside_a_rehearsal(governed: Governed) -> None:
    before = written(governed)
    connection = governed.connect("REHEARSAL")
    digest = bytes_digest(b"a text")
    connection.execute("SET LOCAL ROLE cutter_cut")
    statement = "SELECT cutter.fn_document_create('d', 1, 'a text', %s, 'g', NULL, %s)"
    connection.execute(statement, (digest, RUN))
    connection.execute("RESET ROLE")
    with pytest.raises(psycopg.Error, match="only rehearses") as caught:
        connection.commit()
    assert caught.value.sqlstate == "CT013"
    assert written(governed) == before


def test_who_writes_does_not_enact_and_who_enacts_does_not_write(governed: Governed) -> None:
    for login, role in (("WRITER", "cutter_enact"), ("ENACT", "cutter_cut"), ("ENACT", "cutter_governance")):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            governed.connect(login).execute(f"SET ROLE {role}".encode())


def test_the_public_has_neither_schema(installed: Governed) -> None:
    schemas = """
        SELECT nspname FROM pg_namespace, aclexplode(nspacl) a WHERE nspname LIKE 'cutter%' AND a.grantee = 0
    """
    assert installed.as_owner(schemas) == []
    functions = """
        SELECT p.proname FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        WHERE p.pronamespace::regnamespace::text LIKE 'cutter%' AND a.grantee = 0
    """
    assert installed.as_owner(functions) == []


def test_what_a_login_has_is_what_is_looked_at(installed: Governed) -> None:
    users = {login: f"cutter_{login.lower()}_login" for login in GROUPS_OF_LOGIN}
    with installed.provider("OWNER") as connection:
        found = standings(connection, {**users, "ABSENT": "nobody_of_that_name"})
    assert found == {login: standing_of(login) for login in GROUPS_OF_LOGIN}


@pytest.mark.parametrize(
    ("login", "made", "said"),
    [
        ("READER", "", "cutter_cut is a group role"),
        ("READER", "CREATE ROLE odd NOLOGIN", "odd may not log in"),
        ("READER", "CREATE ROLE odd LOGIN SUPERUSER", "odd is a superuser"),
        ("ENACT", "CREATE ROLE odd LOGIN", "odd inherits the rights"),
        ("SCRATCH", "CREATE ROLE odd LOGIN", "odd may not create databases"),
    ],
)
def test_a_user_that_is_unfit_is_refused_with_what_mends_it(
    installed: Governed, login: str, made: str, said: str
) -> None:
    with installed.provider("OWNER") as connection:
        connection.execute(made.encode()) if made else None
        with pytest.raises(ConfigurationError, match=said) as caught:
            map_logins(connection, {login: "odd" if made else "cutter_cut"}, {})
        connection.rollback()
    assert caught.value.exit_code == 78
    assert caught.value.remedy


def test_a_fit_user_of_ones_own_is_taken_as_it_is(installed: Governed) -> None:
    with installed.provider("OWNER") as connection:
        connection.execute("CREATE ROLE mine LOGIN NOINHERIT")
        map_logins(connection, {"ENACT": "mine"}, {"ENACT": Secret("unused")})
        row = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'mine'").fetchone()
        assert row == (None,)
        assert standings(connection, {"ENACT": "mine"}) == {"ENACT": standing_of("ENACT")}
        connection.rollback()
