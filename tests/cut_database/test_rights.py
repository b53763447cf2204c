"""Each role has what its leg needs and nothing more: said by the catalogue, and tried as each role."""

from __future__ import annotations

import psycopg
import pytest
from cut_cases import RUN, Governed, cutplan

ROLES = ("cutter_cut", "cutter_governance", "cutter_verify", "cutter_reader", "cutter_enact", "cutter_backup")
LOGINS = {
    "cutter_cut": "WRITER",
    "cutter_governance": "WRITER",
    "cutter_verify": "WRITER",
    "cutter_reader": "READER",
    "cutter_enact": "ENACT",
    "cutter_backup": "BACKUP",
    "cutter_authoriser": "AUTHORISER",
}
READS: dict[str, set[str]] = {
    name: set() for name in ("cutter_cut", "cutter_governance", "cutter_enact", "cutter_authoriser")
}
TABLES = ("document", "information_unit", "cut", "lifecycle", "lifecycle_transition", "governance_record")
WRITING = "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
DENIED = ("42501",)

TABLE_RIGHTS = f"""
SELECT c.relname, r.rolname, p.privilege
FROM pg_class c CROSS JOIN pg_roles r
CROSS JOIN unnest(string_to_array('SELECT, {WRITING}', ', ')) p (privilege)
WHERE c.relnamespace = 'cutter'::regnamespace AND c.relkind IN ('r', 'v', 'p') AND r.rolname = '%s'
  AND has_table_privilege(r.rolname, c.oid, p.privilege)
"""
FUNCTION_RIGHTS = """
SELECT p.proname FROM pg_proc p
WHERE p.pronamespace = 'cutter'::regnamespace AND has_function_privilege('%s', p.oid, 'EXECUTE') ORDER BY 1
"""
EVERYBODY = {"fn_switch_off", "fn_switch_settle", "fn_switch_status"}
"""Anybody of ours may turn the switch off, and look at it."""
LOGICAL = {"logical_state", "logical_digest"}
MAY_CALL = {
    "cutter_cut": {"fn_cut_open", "fn_document_create", "fn_document_remove", "fn_iu_create"},
    "cutter_governance": {"fn_cut_record", "governance_fault"},
    "cutter_verify": {"cut_measures", "fn_cut_verified", "governance_fault", "text_digest", *LOGICAL},
    "cutter_enact": {
        *("cut_dependants", "fn_cut_compensate", "fn_lifecycle_enact", "fn_lifecycle_revoke"),
        *("fn_lifecycle_undo", "fn_inverse_until"),
    },
    "cutter_reader": {
        "altered_parts",
        "cut_dependants",
        "cut_measures",
        "fn_inverse_until",
        "governance_fault",
        "parts",
        "text_digest",
        "version_in_force",
        *LOGICAL,
    },
    "cutter_backup": LOGICAL,
    "cutter_authoriser": {"fn_switch_on", "fn_switch_on_for_inverse", "fn_inverse_until"},
}


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_write_a_table_and_legs_read_none(installed: Governed, role: str) -> None:
    rights = installed.as_owner(TABLE_RIGHTS % role)
    assert {privilege for _, _, privilege in rights} <= {"SELECT"}
    read = {table for table, _, _ in rights}
    if role in READS:
        assert read == set()
    elif role == "cutter_verify":
        assert read == {"document", "information_unit", "cut"}
    else:
        assert set(TABLES) <= read


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_call_its_own_functions_alone(installed: Governed, role: str) -> None:
    callable_by_role = {name for (name,) in installed.as_owner(FUNCTION_RIGHTS % role)}
    assert callable_by_role >= EVERYBODY
    own = callable_by_role - EVERYBODY - {"switch_is_on", "switch_holds"}
    assert own == MAY_CALL[role]


def test_the_public_may_nothing(installed: Governed) -> None:
    public = "CROSS JOIN (SELECT 'public'::name AS rolname) r"
    tables = (TABLE_RIGHTS % "public").replace("CROSS JOIN pg_roles r", public)
    assert installed.as_owner(tables) == []
    assert installed.as_owner(FUNCTION_RIGHTS % "public") == []


def test_what_acts_with_the_owners_rights_has_its_search_path_pinned(installed: Governed) -> None:
    loose = """
        SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'cutter'::regnamespace AND p.prosecdef
        AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)
    """
    assert installed.as_owner(loose) == []


def test_everything_belongs_to_the_owner_who_cannot_log_in(installed: Governed) -> None:
    others = """
        SELECT name FROM (
            SELECT relname, relnamespace, relowner FROM pg_class
            UNION ALL SELECT proname, pronamespace, proowner FROM pg_proc) things (name, schema, owner)
        WHERE schema = 'cutter'::regnamespace AND owner <> 'cutter_owner'::regrole
    """
    assert installed.as_owner(others) == []
    logins = """
        SELECT rolname FROM pg_roles
        WHERE rolname LIKE 'cutter%' AND rolcanlogin AND rolname NOT LIKE '%login'
    """
    assert installed.as_owner(logins) == []


ATTACKS = [
    *(f"INSERT INTO cutter.{table} DEFAULT VALUES" for table in TABLES),
    *(f"DELETE FROM cutter.{table}" for table in TABLES),
    *(f"TRUNCATE cutter.{table} CASCADE" for table in TABLES),
    *(f"DROP TABLE cutter.{table} CASCADE" for table in TABLES),
    *(
        f"CREATE TRIGGER t BEFORE INSERT ON cutter.{table} EXECUTE FUNCTION cutter.append_only()"
        for table in TABLES
    ),
    *(f"ALTER TABLE cutter.{table} DISABLE TRIGGER ALL" for table in TABLES),
    "UPDATE cutter.information_unit SET body = 'x'",
    "UPDATE cutter.governance_record SET body = '{}'",
    "UPDATE cutter.governance_head SET seq = 0",
    "UPDATE cutter.lifecycle SET state = 'enacted'",
    "UPDATE cutter.cut SET verified = 1",
    "INSERT INTO cutter.kill_switch DEFAULT VALUES",
    "SELECT cutter.governance_append('lie', 'run-1', '{}')",
    "SELECT cutter.take_back(1, 'run-1')",
    "SELECT cutter.supersede(NULL, CURRENT_DATE, 'run-1')",
    "CREATE OR REPLACE FUNCTION cutter.switch_is_on(p_run text) RETURNS boolean LANGUAGE sql RETURN true",
    "CREATE OR REPLACE FUNCTION cutter.require_switch(p_run text) RETURNS void LANGUAGE sql AS 'SELECT'",
    "DROP FUNCTION cutter.append_only CASCADE",
    "CREATE TABLE cutter.mine (a int)",
    "ALTER SCHEMA cutter OWNER TO CURRENT_USER",
    "GRANT cutter_owner TO CURRENT_USER",
    "SET ROLE cutter_owner",
    "SET SESSION AUTHORIZATION postgres",
    "ALTER ROLE cutter_cut SUPERUSER",
    "SET session_replication_role = replica",
    "COPY cutter.governance_record FROM PROGRAM 'true'",
    "COPY cutter.information_unit FROM STDIN",
]


@pytest.mark.parametrize("role", ROLES)
def test_attacks_as_each_role(governed: Governed, role: str) -> None:
    plan = cutplan()
    governed.load(plan)
    governed.cut(plan)
    before = governed.as_owner("SELECT * FROM cutter.governance_record")
    connection = governed.connect(LOGINS[role])
    for attack in ATTACKS:
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(attack.encode())
        assert caught.value.sqlstate in DENIED, (attack, caught.value)
        connection.rollback()
    assert governed.as_owner("SELECT * FROM cutter.governance_record") == before


@pytest.mark.parametrize("login", ["WRITER", "ENACT"])
def test_a_narrowed_login_has_no_right_of_its_own(governed: Governed, login: str) -> None:
    connection = governed.connect(login)
    for statement in ("SELECT 1 FROM cutter.document", f"SELECT cutter.fn_cut_compensate(1, '{RUN}')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
        connection.rollback()


@pytest.mark.parametrize(
    ("login", "role"),
    [
        ("WRITER", "cutter_enact"),
        ("READER", "cutter_verify"),
        ("BACKUP", "cutter_cut"),
    ],
)
def test_no_login_can_become_what_it_is_not(governed: Governed, login: str, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        governed.connect(login).execute(f"SET ROLE {role}".encode())


def test_a_temporary_table_cannot_stand_in_for_one_of_ours(governed: Governed) -> None:
    connection = governed.connect("WRITER")
    connection.execute("SET LOCAL ROLE cutter_cut")
    connection.execute(
        "CREATE TEMPORARY TABLE kill_switch (run text); SET LOCAL search_path = pg_temp, cutter"
    )
    with pytest.raises(psycopg.Error, match="kill switch is off") as caught:
        connection.execute("SELECT cutter.fn_document_create('d', 1, 't', 'x', 'g', NULL, 'run-9')")
    assert caught.value.sqlstate == "CT016"
