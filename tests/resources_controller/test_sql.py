from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from governed import obeys_the_laws
from laws import change_of

from cutter.errors import CutterError, StepFailed
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
