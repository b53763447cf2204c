"""There is one way to the switch, through a backup; the password of the cut role alone writes nothing."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from switched import SwitchedProject

CUTTER = Path(__file__).parents[2] / "cutter"
ZERO = "'sha256:' || repeat('0', 64)"
WRITES = {
    "fn_document_create": f"'d', 1, 't', {ZERO}, 'g', NULL, %s",
    "fn_document_remove": "'reading-room', 1, %s",
    "fn_cut_open": f"'reading-room', 1, {ZERO}, 'g', 'p', 1, {ZERO}, %s",
    "fn_iu_create": f"1, 'u', 1, 'k', 's', 't', 'b', 'o', NULL, {ZERO}, %s",
    "fn_cut_record": "1, 1, '{}', %s",
    "fn_cut_verified": "1, 1, 'w', %s",
}
ROLES = {"fn_cut_record": "cutter_governance", "fn_cut_verified": "cutter_verify"}


def calls(name: str) -> list[tuple[str, str]]:
    """Return every call of something of that name: the file, and the function that it is in."""
    found = []
    for path in CUTTER.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
            names = [getattr(func, "attr", getattr(func, "id", "")) for func in called]
            found += [(path.name, function.name)] * names.count(name)
    return found


def test_the_function_is_named_in_one_statement_that_one_method_runs() -> None:
    files = [path for path in CUTTER.rglob("*") if path.suffix in (".py", ".sql")]
    naming = [path.name for path in files if "fn_switch_on(" in path.read_text(encoding="utf-8")]
    assert sorted(naming) == ["0013_authority.sql", "switch.sql"]
    running = [path.name for path in files if '"authorised"' in path.read_text(encoding="utf-8")]
    assert running == ["turning.py"]
    assert calls("turn_on") == [("run_scope.py", "open_switch")]


def test_that_one_place_asks_for_the_backup_first() -> None:
    tree = ast.parse((CUTTER / "hosts/run_scope.py").read_text(encoding="utf-8"))
    (opens,) = (
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "open_switch"
    )
    lines = {
        getattr(node.func, "attr", getattr(node.func, "id", "")): node.lineno
        for node in ast.walk(opens)
        if isinstance(node, ast.Call)
    }
    assert lines["_permit"] < lines["pre_write_backup"] < lines["HeldSwitch"] < lines["turn_on"]
    (asked,) = (
        node for node in opens.body if isinstance(node, ast.Expr) and "pre_write_backup" in ast.dump(node)
    )
    assert asked in opens.body  # of the function itself: under no condition


def test_no_backup_no_switch(project: SwitchedProject) -> None:
    from switched import LEGS

    approval = project.before.partition("  - {name: Backup")[0]
    run = project.apply(project.approved(project.production_run(approval + LEGS)), expect=14)
    refused = {
        body["step"]: body.get("refusal") for body in project.entries("evidence") if body["run"] == run
    }
    assert refused["load"] == 14
    assert project.turns() == []


def test_the_password_of_the_cut_role_alone_writes_nothing(project: SwitchedProject) -> None:
    run = project.apply(project.approved(project.production_run()))
    before = project.tables()
    for name, arguments in WRITES.items():
        for as_run in ("invented", run, "20260101T000000Z-abcdef"):
            with psycopg.connect(
                host=project.server.socket_folder, user="cutter_writer_login", dbname=project.dbname
            ) as connection:
                connection.execute(f"SET ROLE {ROLES.get(name, 'cutter_cut')}".encode())
                with pytest.raises(psycopg.Error) as caught:
                    connection.execute(f"SELECT cutter.{name}({arguments})".encode(), (as_run,))
                assert caught.value.sqlstate == "CT016", (name, caught.value)
    assert project.tables() == before


def test_nor_does_it_turn_the_switch_on(project: SwitchedProject) -> None:
    tries = (
        "SELECT cutter.fn_switch_on('r', 60, 1, 'd', 'q', 'n', 'a', 's', 'tomorrow', 'tomorrow')",
        "SELECT cutter.fn_switch_on_for_inverse('r', 1, 60, 1, 'd')",
        "SELECT cutter.fn_authority_pin('d', '{}', NULL, '', 'r')",
        "SELECT cutter.hold_switch(NULL)",
        "INSERT INTO cutter.approval_use DEFAULT VALUES",
    )
    for role in ("cutter_cut", "cutter_governance", "cutter_verify", "none"):
        for statement in tries:
            with psycopg.connect(
                host=project.server.socket_folder, user="cutter_writer_login", dbname=project.dbname
            ) as connection:
                connection.execute(f"SET ROLE {role}".encode())
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


def test_it_cannot_be_turned_on_by_hand(project: SwitchedProject) -> None:
    answer = project.cutter("switch", "on")
    assert answer.code == 64
    assert "there is no `switch on`" in answer.err


REFUSED = {
    "another database": (
        {"p_database": "'postgresql:1:2:other'"},
        "the approval is for postgresql:1:2:other",
    ),
    "another authority": ({"p_authority_digest": "'v1:other'"}, "judged under another authority"),
    "expired": ({"p_expires": "'2026-01-01Z'"}, "the approval expired at"),
    "too long a lease": ({"p_seconds": "14401"}, "it must end within 4 hours"),
    "no lease": ({"p_seconds": "-1"}, "it must end within 4 hours"),
    "used nonce": ({"p_nonce": "(SELECT nonce FROM cutter.approval_use)"}, "the approval was used by run"),
    "used run": ({"p_run": "(SELECT run FROM cutter.approval_use)"}, "the approval was used by run"),
}


def test_whoever_has_the_authorisers_login_is_refused_what_the_database_can_see(
    project: SwitchedProject,
) -> None:
    project.apply(project.approved(project.production_run()))
    usual = {
        "p_run": "'r'",
        "p_seconds": "60",
        "p_lock_key": "7",
        "p_request_digest": "'q'",
        "p_database": "cutter.database_identity()",
        "p_nonce": "'n'",
        "p_signed_by": "'s'",
        "p_authority_digest": "cutter.authority_in_force()",
        "p_expires": "'tomorrow'",
        "p_revert_until": "'tomorrow'",
    }
    for changed, told in REFUSED.values():
        words = ", ".join(f"{name} => {value}" for name, value in {**usual, **changed}.items())
        with pytest.raises(psycopg.Error, match=told) as caught:
            project.sql(f"SELECT cutter.fn_switch_on({words})")
        assert caught.value.sqlstate == "CT015"
    assert project.switch() == []
    assert project.sql("SELECT count(*) FROM cutter.approval_use") == [(1,)]
