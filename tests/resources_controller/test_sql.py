from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from governed import obeys_the_laws
from laws import change_of

from cutter.database.psql_commands import psql_command
from cutter.errors import CutterError, InvalidDocument, StepFailed
from cutter.resources.controller.sql import Sql

if TYPE_CHECKING:
    from governed import Governed

    from cutter.resource import Resource

FILES = {"file": "do.sql", "check": "check.sql", "undo": "undo.sql", "login": "OWNER"}


def step(
    governed: Governed, text: str = "CREATE TABLE public.thing (id int); INSERT INTO public.thing VALUES (1)"
) -> Resource:
    (governed.folder / "do.sql").write_text(text)
    (governed.folder / "check.sql").write_text("SELECT to_regclass('public.thing') IS NOT NULL")
    (governed.folder / "undo.sql").write_text("DROP TABLE public.thing")
    return governed.resource("sql", **FILES)


def test_the_laws(governed: Governed) -> None:
    obeys_the_laws(governed, step(governed))


@pytest.mark.parametrize(
    "way_out", ["COMMIT", "ROLLBACK", "PREPARE TRANSACTION 'x'", "SELECT 1; COMMIT; SELECT 2"]
)
def test_a_file_cannot_end_its_transaction(way_out: str, governed: Governed) -> None:
    resource = step(governed, f"CREATE TABLE public.thing (id int); {way_out}")
    with pytest.raises(CutterError):
        resource.apply(change_of(resource), governed.content)
    assert resource.observe() is None


def test_a_failure_in_the_middle_leaves_nothing(governed: Governed) -> None:
    resource = step(governed, "CREATE TABLE public.thing (id int); SELECT 1/0")
    with pytest.raises(StepFailed, match="division by zero"):
        resource.apply(change_of(resource), governed.content)
    assert resource.observe() is None


def test_a_check_cannot_write(governed: Governed) -> None:
    resource = step(governed)
    resource.texts["check"] = "CREATE TABLE public.thing (id int)"  # type: ignore[attr-defined]
    with pytest.raises(CutterError, match="read-only"):
        resource.observe()
    resource.texts["check"] = "COMMIT; SELECT true"  # type: ignore[attr-defined]
    with pytest.raises(CutterError, match="multiple commands"):
        resource.observe()


@pytest.mark.parametrize(
    "query", ["SELECT 1", "SELECT true, true", "SELECT true WHERE false", "VALUES (true), (true)"]
)
def test_a_check_answers_with_one_truth_value(query: str, governed: Governed) -> None:
    resource = step(governed)
    resource.texts["check"] = query  # type: ignore[attr-defined]
    with pytest.raises(StepFailed, match="one row with one truth value"):
        resource.observe()


def test_without_undo_a_reason_is_needed() -> None:
    assert Sql.needs_reason({"file": "a", "check": "b", "login": "OWNER"})
    assert not Sql.needs_reason(FILES)


COMMANDS = {
    "\\i other.sql": (1, "\\i"),
    "SELECT 1;\n  \\echo done": (2, "\\echo"),
    "SELECT 1 \\gset": (1, "\\gset"),
    "SELECT '\\';\n\\q": (2, "\\q"),
    "COPY t FROM STDIN;\n1\n\\.\n": (3, "\\."),
    "/* a /* b */ \\q */\n\\c other": (2, "\\c"),
    "SELECT E'it\\'s';\n\\d": (2, "\\d"),
    "SELECT $a$ \\x $$ $a$;\n\n\\set x 1": (3, "\\set"),
}
NO_COMMANDS = [
    "SELECT '\\i', E'\\'\\\\', \"a\\b\" -- \\i\n/* \\i /* \\i */ \\i */",
    "DO $body$ BEGIN RAISE NOTICE '\\i %', $$\\q$$; END $body$",
    "SELECT $1, a$b$ FROM t",
    "",
]


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_of_psql_is_refused_with_its_line(text: str, bare: Governed) -> None:
    line, command = COMMANDS[text]
    with pytest.raises(InvalidDocument) as refused:
        step(bare, text)
    assert refused.value.place == f"do.sql:{line}"
    assert refused.value.cause.startswith(f"{command} is a command of psql")


@pytest.mark.parametrize("text", NO_COMMANDS)
def test_a_backslash_in_a_literal_or_comment_is_no_command(text: str) -> None:
    assert psql_command(text) is None


def test_commands_in_check_and_undo_are_refused_too(bare: Governed) -> None:
    step(bare)
    for name in ("check", "undo"):
        (bare.folder / f"{name}.sql").write_text("\n\\q")
        with pytest.raises(InvalidDocument) as refused:
            bare.resource("sql", **FILES)
        assert refused.value.place == f"{name}.sql:2"
        (bare.folder / f"{name}.sql").write_text("SELECT true")


def test_text_that_the_server_cannot_take_is_refused_with_its_line(bare: Governed) -> None:
    with pytest.raises(InvalidDocument) as refused:
        step(bare, "SELECT 1;\nSELECT '\0'")
    assert refused.value.place == "do.sql:2"


def test_a_byte_order_mark_is_no_part_of_the_statements(governed: Governed) -> None:
    governed.apply(step(governed, "\ufeffCREATE TABLE public.thing (id int)"))


def test_several_statements_run_in_order_and_the_undo_is_one_transaction(governed: Governed) -> None:
    text = """\
        CREATE TABLE public.thing (id int); -- one; two
        INSERT INTO public.thing VALUES (1), (2);
        CREATE FUNCTION public.tripled(n int) RETURNS int LANGUAGE plpgsql
            AS $$ BEGIN n := n * 3; RETURN n; END $$;
        UPDATE public.thing SET id = public.tripled(id);
    """
    resource = step(governed, text)
    governed.apply(resource)
    assert governed.sql("SELECT id FROM public.thing ORDER BY id") == [(3,), (6,)]
    resource.texts["undo"] = "DROP TABLE public.thing; SELECT 1 / 0"  # type: ignore[attr-defined]
    with pytest.raises(StepFailed, match="division by zero"):
        resource.apply(change_of(resource)._replace(after=None), governed.content)
    assert governed.sql("SELECT count(*) FROM public.thing") == [(2,)], "half an undo is none"
    resource.texts["undo"] = "DROP TABLE public.thing; DROP FUNCTION public.tripled"  # type: ignore[attr-defined]
    resource.apply(change_of(resource)._replace(after=None), governed.content)
    assert resource.observe() is None
    assert governed.sql("SELECT to_regproc('public.tripled')") == [(None,)]


def test_a_plan_says_that_what_runs_as_the_owner_cannot_be_proved(governed: Governed) -> None:
    resource = step(governed)
    assert "no proof of it is sound" in resource.summary(change_of(resource))
    governed.apply(resource)
    assert resource.summary(change_of(resource)) == ""
    assert "cannot be proved" in (Sql.__doc__ or "")
