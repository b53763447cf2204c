"""What `cutter doctor` says about each database: which guarantees hold, which do not, and what mends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from command_line import cutter

if TYPE_CHECKING:
    from pathlib import Path

    from cut_cases import Governed

    from cutter.database.connections import ConnectionProvider
    from cutter.model.inventory import Database

OTHERS = "governed: nobody else writes units (superusers aside)"
OURS = "governed: our logins write units only through our functions"


def diagnosis(folder: Path, *databases: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what the doctor says about databases: each check by its name."""
    inventory = folder / "inventory" / "here"
    inventory.mkdir(parents=True, exist_ok=True)
    kept = {
        "name": "here",
        "production": "no",
        "ledger": f"{folder}/ledger",
        "target_state": f"{folder}/kept",
    }
    (inventory / "environment.yml").write_text(yaml.safe_dump(kept))
    (inventory / "hosts.yml").write_text("all: {hosts: {here: {ansible_connection: local}}}\n")
    described = {found.pop("name"): {"production": "no", **found} for found in databases}
    (inventory / "databases.yml").write_text(yaml.safe_dump(described, sort_keys=False))
    answer = cutter("doctor", "-i", str(inventory), "--json")
    assert answer.code in (0, 78), answer
    checks = {check["name"]: check for check in json.loads(answer.out)["checks"]}
    assert all(bool(check["fix"]) == (check["status"] != "ok") for check in checks.values())
    return {name: check for name, check in checks.items() if name.startswith(("database ", "governed: "))}


def described(database: Database) -> dict[str, Any]:
    given: dict[str, Any] = {"name": "governed", "embedded": database.embedded, "dbname": database.dbname}
    return {**given, "names": dict(database.names)}


def test_an_adopted_table_with_all_its_lines(installed: Governed, database: Database, tmp_path: Path) -> None:
    installed.as_owner("DROP TRIGGER edit_by_hand ON cutter.information_unit")  # other tests edit by it
    found = diagnosis(tmp_path, described(database))
    assert found.pop("database governed")["status"] == "ok"
    others = found.pop(OTHERS)
    assert others["status"] == "warn"
    assert "legacy_owner owns" in others["seen"]
    assert {name: check["seen"] for name, check in found.items() if check["status"] != "ok"} == {}
    assert len(found) >= 14
    assert installed.as_owner("SELECT count(*) FROM cutter.governance_record") == [(0,)]


LENT = """
ALTER FUNCTION legacy.make_unit SECURITY DEFINER;
ALTER FUNCTION legacy.make_unit OWNER TO postgres
"""
LATE = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON legacy.units INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION f()
"""
BREAKING = [
    ("GRANT UPDATE ON legacy.units TO PUBLIC", OURS, "everybody may update rows of legacy.units", "fail"),
    ("CREATE ROLE clerk LOGIN; GRANT INSERT ON legacy.units TO clerk", OTHERS, "clerk may write", "warn"),
    (
        "DROP INDEX legacy.units_parent_id_idx",
        "governed: a cut takes time in proportion to its units",
        "no index of legacy.units begins with parent_id",
        "warn",
    ),
    (
        "CREATE UNIQUE INDEX once ON legacy.units (unit_ref, owner_ref)",
        "governed: two versions of a document can be there at once",
        "legacy.once lets an address be there once",
        "warn",
    ),
    (
        "ALTER FUNCTION legacy.make_unit COST 7",
        "governed: the adopted function is the one that was adopted",
        "legacy.make_unit was altered",
        "fail",
    ),
    (
        LENT,
        "governed: the adopted function has no superuser's rights",
        "acts with the rights of postgres",
        "warn",
    ),
    (
        "GRANT CREATE ON SCHEMA legacy TO PUBLIC",
        "governed: nobody of ours can slip the adopted function another table",
        "where everybody may make objects",
        "fail",
    ),
    (
        LATE,
        "governed: nothing of others acts when a unit is written",
        "the trigger late calls public.f() at the commit, after the verify",
        "warn",
    ),
    (
        "CREATE TABLE notes (unit integer REFERENCES legacy.units ON DELETE CASCADE)",
        "governed: taking a cut back takes nothing of others with it",
        "of public.notes: rows there are deleted",
        "warn",
    ),
    (
        "ALTER TABLE legacy.units ENABLE ROW LEVEL SECURITY",
        "governed: all rows can be seen",
        "row security of legacy.units",
        "warn",
    ),
    (
        "ALTER TABLE cutter.governance_record DISABLE TRIGGER governance_record_rows",
        "governed: what was decided can only be appended to",
        "the trigger governance_record_rows",
        "fail",
    ),
    (
        "ALTER TABLE cutter.cut DISABLE TRIGGER cut_is_verified",
        "governed: no commit without the kill switch and a verify",
        "cut_is_verified of cut",
        "fail",
    ),
    (
        "UPDATE cutter.governance_head SET seq = 7",
        "governed: the governance record holds, link by link",
        "should end with record 7",
        "fail",
    ),
    (
        "ALTER TABLE cutter.adopted_unit DROP CONSTRAINT information_unit_unit_ref_document_id_key",
        "governed: an address is there once in each version",
        "no unique index",
        "fail",
    ),
]


@pytest.mark.parametrize("variant", ["near"])
def test_what_does_not_hold_is_said(installed: Governed, database: Database, tmp_path: Path) -> None:
    for number, (breaking, name, seen, status) in enumerate(BREAKING):
        if number:
            before = diagnosis(tmp_path, described(database))
            assert seen not in before[name]["seen"], name
        installed.as_owner(breaking)
        check = diagnosis(tmp_path, described(database))[name]
        assert (check["status"], seen in check["seen"]) == (status, True), check
    installed.as_owner("DROP OWNED BY clerk; DROP ROLE clerk")


@pytest.mark.parametrize("variant", ["near"])
def test_databases_that_cannot_be_looked_at_are_one_line_each(
    provider: ConnectionProvider, database: Database, tmp_path: Path
) -> None:
    provider("OWNER").close()
    stopped = tmp_path / "stopped"
    stopped.mkdir(mode=0o700)
    (tmp_path / "wiring.env").write_text("DOT_CUTTER_HOST=127.0.0.1\nDOT_CUTTER_PORT=nowhere\n")
    found = diagnosis(
        tmp_path,
        described(database),
        {"name": "stopped", "embedded": str(stopped)},
        {"name": "new", "embedded": str(tmp_path / "new")},
        {"name": "unwired", "env_file": str(tmp_path / "missing.env")},
        {"name": "miswired", "env_file": str(tmp_path / "wiring.env")},
        {"name": "down", "dsn": "host=127.0.0.1 port=1 dbname=laws"},
    )
    told = {name: (check["status"], check["seen"]) for name, check in found.items()}
    assert list(told) == [
        *("database governed", "database stopped", "database new", "database unwired", "database miswired"),
        "database down",
    ]
    assert [status for status, _ in told.values()] == ["warn", "ok", "ok", "warn", "fail", "fail"]
    assert "does not run now" in told["database stopped"][1]
    assert list(stopped.iterdir()) == []
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("variant", ["near"])
def test_names_that_changed_after_the_installation(
    installed: Governed, database: Database, tmp_path: Path
) -> None:
    del installed
    plain = {**described(database), "names": dict(database.names)}
    plain["names"]["information_unit.title"] = "kept-apart"
    found = diagnosis(tmp_path, plain)
    assert any("as names: said when it was installed" in check["seen"] for check in found.values())
