"""What cannot be adopted is refused before anything is changed, and every reason is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cut_cases import Governed, cutplan
from governed import Governed as Acting

from cutter.errors import ConfigurationError, Conflict, StepFailed
from cutter.language.inventory import load_environment
from cutter.language.problems import InvalidDocuments

if TYPE_CHECKING:
    from pathlib import Path

    from cutter.database.connections import ConnectionProvider

pytestmark = pytest.mark.parametrize("variant", ["near"])
THERE = "SELECT to_regnamespace('cutter'), (SELECT count(*) FROM pg_class WHERE relname LIKE 'adopt%')"
ROLE = "DO $$ BEGIN CREATE ROLE {} LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN END $$"
LEAVE_OUT = {
    "DROP FUNCTION legacy.make_unit": "there is no function legacy.make_unit",
    "CREATE FUNCTION legacy.make_unit(a int) RETURNS void LANGUAGE sql AS ''": "there are 2 functions",
    "DROP TABLE legacy.units": "there is no table legacy.units",
    "ALTER TABLE legacy.units RENAME content TO wording": "has no column content for body",
    "ALTER TABLE legacy.units RENAME unit_ref TO address": "has no column for unit_ref",
    "ALTER TABLE legacy.units DROP CONSTRAINT units_pkey CASCADE": "has no key",
    "ALTER TABLE legacy.units ALTER ordinal TYPE numeric": "ordinal is numeric, not a whole number",
    "ALTER TABLE legacy.units ALTER title TYPE json USING '{}'": "title is json, not a text",
    "ALTER TABLE legacy.units DROP CONSTRAINT units_parent_id_fkey; "
    "ALTER TABLE legacy.units ALTER parent_id TYPE text": "parent_id is text, and its key is integer",
}
OTHER_FUNCTION = """
DROP FUNCTION legacy.make_unit;
CREATE FUNCTION legacy.make_unit(p_unit_ref text, p_text text, p_mood text) RETURNS void LANGUAGE sql AS '';
"""
LEAVE_OUT[OTHER_FUNCTION] = "wants p_mood, and nothing says what it is"


@pytest.mark.parametrize(("breaking", "said"), LEAVE_OUT.items(), ids=range(len(LEAVE_OUT)))
def test_what_does_not_fit_is_refused(
    provider: ConnectionProvider, tmp_path: Path, breaking: str, said: str
) -> None:
    acting = Acting(provider, tmp_path)
    acting.sql(breaking)
    resource = acting.resource("cut_schema")
    for call in (resource.observe, acting.install):
        with pytest.raises(ConfigurationError, match=said) as caught:
            call()
        assert caught.value.exit_code == 78
    assert acting.sql(THERE) == [(None, 0)]


def test_a_login_of_ours_that_owns_their_table_is_refused(
    provider: ConnectionProvider, tmp_path: Path
) -> None:
    acting = Acting(provider, tmp_path)
    acting.sql(ROLE.format("cutter_writer_login"))
    acting.sql("ALTER TABLE legacy.units OWNER TO cutter_writer_login")
    with pytest.raises(
        ConfigurationError, match="the login cutter_writer_login can become cutter_writer_login"
    ):
        acting.install()
    assert acting.sql(THERE) == [(None, 0)]


def test_an_owner_login_that_may_not_grant_is_refused(provider: ConnectionProvider, tmp_path: Path) -> None:
    acting = Acting(provider, tmp_path)
    acting.sql(ROLE.format("weak_owner"))
    logins = provider.place.logins
    weak = logins["OWNER"]._replace(user="weak_owner")
    provider._place = provider.place._replace(logins={**logins, "OWNER": weak})
    with pytest.raises(
        ConfigurationError, match=r"the table legacy.units belongs to legacy_owner, which weak_owner is not"
    ):
        acting.resource("cut_schema").observe()


FAULTY = "CREATE OR REPLACE FUNCTION legacy.make_unit({}) RETURNS text LANGUAGE plpgsql AS $$ BEGIN {} END $$"
MAKE = """
INSERT INTO legacy.units
    (unit_ref, ordinal, unit_kind, section_type, title, content, body_hash, owner_ref, parent_id)
VALUES (p_unit_ref, p_ordinal, p_unit_kind, p_section_type, {}, p_body_hash, p_owner_ref, p_parent_id);
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("RETURN 'created';", "made no rows for unit princ_1"),
        (MAKE.format("p_title, p_text") * 2 + "RETURN 'created';", "made several rows for unit princ_1"),
        (MAKE.format("upper(p_title), p_text") + "RETURN 'x';", "unit princ_1 otherwise than asked: title"),
        (MAKE.format("p_title, trim(p_text, '.')") + "RETURN 'x';", "otherwise than asked: body"),
    ],
    ids=["none", "twice", "title", "body"],
)
def test_a_function_that_does_not_do_as_asked_is_found_at_once(
    governed: Governed, body: str, said: str
) -> None:
    arguments = governed.as_owner("SELECT pg_get_function_arguments('legacy.make_unit'::regproc)")[0][0]
    governed.as_owner(FAULTY.format(arguments, body))
    governed.load(cutplan())
    with pytest.raises(StepFailed, match=said):
        governed.cut(cutplan())
    assert governed.as_owner("SELECT count(*) FROM legacy.units") == [(0,)]


def test_the_cut_role_reaches_theirs_by_our_wrapper_alone(governed: Governed) -> None:
    connection = governed.connect("WRITER")
    for attack in (
        "SELECT legacy.make_unit('a', 'b', 1, 'c', 'd', 'e', 'f', 'g')",
        "SELECT * FROM legacy.units",
        "INSERT INTO legacy.units DEFAULT VALUES",
        "DELETE FROM cutter.information_unit",
        "INSERT INTO cutter.information_unit DEFAULT VALUES",
        "SELECT * FROM cutter.adopted_unit",
    ):
        for role in ("cutter_cut", "cutter_governance", "cutter_verify"):
            connection.execute(f"SET LOCAL ROLE {role}".encode())
            allowed = role == "cutter_verify" and attack.endswith("cutter.adopted_unit")
            if not allowed:
                with pytest.raises(Exception, match="permission denied"):
                    connection.execute(attack.encode())
            connection.rollback()


def test_units_in_our_own_table_are_not_left_behind(provider: ConnectionProvider, tmp_path: Path) -> None:
    names = provider.database.names
    provider.database = provider.database._replace(names={})
    acting = Acting(provider, tmp_path)
    acting.install()
    governed = Governed(provider)
    with governed.stack:
        governed.switch_on()
        governed.load(cutplan())
        governed.cut(cutplan())
    provider.database = provider.database._replace(names=names)
    with pytest.raises(Conflict, match="units in our own table already"):
        acting.install()


WHOLE = "information_unit: t, fn_iu_create: f"
LANGUAGE = [
    ("information_unit: old.units", "{information_unit", "fn_iu_create is missing"),
    ("fn_iu_create: f, information_unit: a.b.c", "a.b.c", "does not match"),
    (f"{WHOLE}, information_unit.bodi: b", "information_unit.bodi", "information_unit.body"),
    (f"{WHOLE}, information_unit.body: Q, information_unit.title: Q", "Q}", "Q stands for body already"),
    (f"{WHOLE}, information_unit.body: kept-apart", "kept-apart", "cannot be kept apart"),
    (
        *(
            f"{WHOLE}, information_unit.parent_id: a, information_unit.parent_ref: b",
            "information_unit.parent_ref",
        ),
        "one column: parent_id its key, or parent_ref",
    ),
]


@pytest.mark.parametrize(("names", "where", "said"), LANGUAGE)
def test_names_that_make_no_sense_are_refused_where_they_stand(
    tmp_path: Path, variant: str, names: str, where: str, said: str
) -> None:
    del variant
    (tmp_path / "environment.yml").write_text(
        f"{{name: here, production: no, ledger: {tmp_path}, target_state: {tmp_path}}}\n"
    )
    (tmp_path / "hosts.yml").write_text("all: {hosts: {here: {ansible_connection: local}}}\n")
    text = f"a: {{production: no, dsn: host=x, names: {{{names}}}}}\n"
    (tmp_path / "databases.yml").write_text(text)
    with pytest.raises(InvalidDocuments) as caught:
        load_environment(str(tmp_path))
    problem = caught.value.problems[0]
    assert said in problem.text()
    assert str(problem.position).endswith(f"databases.yml:1:{text.index(where) + 1}")
