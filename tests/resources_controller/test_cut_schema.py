from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from governed import obeys_the_laws
from laws import change_of

from cutter.errors import Conflict, CutterError

if TYPE_CHECKING:
    from governed import Governed

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}


def test_the_laws(bare: Governed) -> None:
    obeys_the_laws(bare, bare.resource("cut_schema"))


def test_a_login_that_lost_a_group_is_named_and_given_it_back(bare: Governed) -> None:
    bare.install()
    bare.sql("REVOKE cutter_enact FROM cutter_enact_login")
    resource = bare.resource("cut_schema")
    assert change_of(resource).keys == {"login/cutter_enact_login"}
    bare.apply(resource)


def test_a_login_with_a_group_too_many_is_named(bare: Governed) -> None:
    bare.install()
    bare.sql("GRANT cutter_enact TO cutter_writer_login")
    try:
        assert change_of(bare.resource("cut_schema")).keys == {"login/cutter_writer_login"}
    finally:
        bare.sql("REVOKE cutter_enact FROM cutter_writer_login")


def test_it_is_not_removed_while_it_holds_a_document(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    resource = governed.resource("cut_schema")
    with pytest.raises(Conflict, match="1 document versions are in it"):
        resource.apply(change_of(resource)._replace(after=None), governed.content)


def test_an_applied_file_that_was_altered_is_refused(bare: Governed) -> None:
    bare.install()
    bare.sql("UPDATE cutter.schema_version SET digest = 'sha256:other' WHERE version = 2")
    resource = bare.resource("cut_schema")
    assert change_of(resource).keys == {"digest"}
    with pytest.raises(CutterError, match="altered afterwards"):
        resource.apply(change_of(resource), bare.content)


@pytest.mark.parametrize(
    ("statement", "undo", "key"),
    [
        ("GRANT cutter_cut TO {}", "REVOKE cutter_cut FROM {}", "scratch"),
        ("ALTER ROLE {} SUPERUSER", "ALTER ROLE {} NOSUPERUSER", "writer"),
        ("ALTER ROLE {} INHERIT", "ALTER ROLE {} NOINHERIT", "enact"),
        ("ALTER ROLE {} NOLOGIN", "ALTER ROLE {} LOGIN", "reader"),
    ],
)
def test_a_login_that_could_do_more_or_less_is_named(
    statement: str, undo: str, key: str, bare: Governed
) -> None:
    bare.install()
    user = f"cutter_{key}_login"
    bare.sql(statement.format(user))
    try:
        assert f"login/{user}" in change_of(bare.resource("cut_schema")).keys
    finally:
        bare.sql(undo.format(user))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "ALTER TABLE cutter.governance_record DISABLE TRIGGER ALL",
            "governance_record_rows of",
        ),
        ("GRANT UPDATE ON cutter.information_unit TO cutter_cut", "cutter_cut may update rows"),
        ("GRANT INSERT ON cutter.information_unit TO PUBLIC", "everybody may insert rows"),
        (
            "ALTER TABLE cutter.lifecycle DROP CONSTRAINT one_version_at_a_time",
            "one_version_at_a_time of cutter.lifecycle is gone",
        ),
        ("ALTER TABLE cutter.cut ALTER pin DROP NOT NULL", "column pin of cutter.cut was altered"),
        ("CREATE FUNCTION cutter.more() RETURNS int LANGUAGE sql RETURN 1", "cutter.more\\(\\) was added"),
        (
            "GRANT EXECUTE ON FUNCTION cutter.fn_switch_on TO cutter_writer_login",
            "fn_switch_on.* was altered",
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION cutter.switch_is_on(p_run text, p_cut_id bigint DEFAULT NULL)"
                " RETURNS boolean LANGUAGE sql AS 'SELECT true'"
            ),
            "switch_is_on.* was altered",
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION cutter_proof.refuse_commit() RETURNS trigger LANGUAGE plpgsql"
                " AS 'BEGIN RETURN NULL; END'"
            ),
            "refuse_commit.* was altered",
        ),
    ],
)
def test_what_was_altered_by_hand_is_named_and_not_taken_as_it_is(
    statement: str, said: str, bare: Governed
) -> None:
    bare.install()
    bare.sql(statement)
    resource = bare.resource("cut_schema")
    change = change_of(resource)
    assert change.keys == {"guarantees"}
    assert re.search(said, str((change.before or {})["guarantees"]))
    with pytest.raises(Conflict, match=said):
        resource.apply(change, bare.content)
    assert change_of(resource) == change


def test_a_governance_record_that_was_altered_is_named(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    governed.sql(
        "ALTER TABLE cutter.governance_record DISABLE TRIGGER USER;"
        " UPDATE cutter.governance_record SET actor = 'nobody';"
        " ALTER TABLE cutter.governance_record ENABLE TRIGGER USER"
    )
    before = change_of(governed.resource("cut_schema")).before or {}
    assert before["guarantees"] == "record 1 was altered"
