from __future__ import annotations

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
        assert change_of(bare.resource("cut_schema")).keys == {f"login/{user}"}
    finally:
        bare.sql(undo.format(user))
