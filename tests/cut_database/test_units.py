"""The one door to the units: what it refuses, whoever calls it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from cut_cases import REF, RUN, Connection, Governed, cutplan

from cutter.model.canonical import bytes_digest

GOOD: dict[str, Any] = {
    "document": 1,
    "unit_ref": "art_1",
    "ordinal": 1,
    "unit_kind": "article",
    "section_type": "article",
    "title": "Article 1",
    "body": "All are bound by it.",
    "owner_ref": REF,
    "parent_ref": None,
    "body_hash": None,
    "run": RUN,
}
CREATE = "SELECT (cutter.fn_iu_create(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)).status"


@pytest.fixture
def open_cut(governed: Governed) -> Connection:
    plan = cutplan()
    governed.load(plan)
    connection = governed.connect("WRITER")
    connection.execute("SET LOCAL ROLE cutter_cut")
    connection.execute(
        "SELECT cutter.fn_cut_open(%s, 1, %s, %s, 'p', 1, %s, %s)",
        (REF, plan.source_digest, plan.grammar_digest, "sha256:" + "0" * 64, RUN),
    )
    return connection


def create(connection: Connection, **changed: Any) -> str:
    values = {**GOOD, **changed}
    values["body_hash"] = values["body_hash"] or bytes_digest((values["body"] or "").encode())
    row = connection.execute(CREATE, list(values.values())).fetchone()
    assert row is not None
    return str(row[0])


def test_a_unit_is_created_once_and_exists_afterwards(open_cut: Connection) -> None:
    assert create(open_cut) == "created"
    assert create(open_cut) == "exists"
    assert create(open_cut, unit_ref="art_1__para_1", ordinal=2, parent_ref="art_1") == "created"


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"body": ""}, "CT012", "body is empty"),
        ({"body": " \t\r\n"}, "CT012", "body is empty"),
        ({"body": None}, "CT012", "body is empty"),
        ({"body": "O4-DRYRUN-SHADOW art_1"}, "CT012", "body is a placeholder"),
        ({"body": "x" * 100 + " O4-DRYRUN-SHADOW"}, "CT012", "body is a placeholder"),
        ({"body": "TBD."}, "CT012", "body is a placeholder"),
        ({"title": ""}, "CT012", "title is empty"),
        ({"title": "[todo]"}, "CT012", "title is a placeholder"),
        ({"unit_kind": " "}, "CT012", "no unit_kind"),
        ({"section_type": None}, "CT012", "no section_type"),
        ({"body_hash": "sha256:" + "0" * 64}, "CT012", "not what its hash says"),
        ({"parent_ref": "art_9"}, "CT012", "has no parent art_9"),
        ({"run": "run-2"}, "CT016", "kill switch is off for run run-2"),
        ({"run": None}, "CT016", "kill switch is off"),
        ({"owner_ref": "another"}, "CT010", "no open cut of another"),
        ({"document": 2}, "CT010", "no open cut"),
        ({"ordinal": 0}, "23514", "ordinal"),
    ],
)
def test_what_is_refused(open_cut: Connection, changed: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(psycopg.Error, match=said) as caught:
        create(open_cut, **changed)
    assert caught.value.sqlstate == code


@pytest.mark.parametrize(
    "body", ["Everything todo with it.", "An example.", "\ufeffA b\u00f6dy\n", "0", "N/A is a word."]
)
def test_genuine_text_is_not_taken_for_a_placeholder(open_cut: Connection, body: str) -> None:
    assert create(open_cut, body=body) == "created"


@pytest.mark.parametrize("changed", [{"title": "Another"}, {"body": "Another."}, {"ordinal": 2}])
def test_a_unit_that_is_there_but_different_is_not_overwritten(
    open_cut: Connection, changed: dict[str, Any]
) -> None:
    create(open_cut)
    with pytest.raises(psycopg.Error, match="already there and different") as caught:
        create(open_cut, **changed)
    assert caught.value.sqlstate == "CT010"
