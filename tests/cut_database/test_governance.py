"""The governance record: appended only, and each record holds the one before it."""

from __future__ import annotations

import json

import psycopg
import pytest
from cut_cases import Governed, cutplan

from cutter.model.canonical import bytes_digest


@pytest.fixture
def recorded(governed: Governed) -> Governed:
    plan = cutplan()
    governed.load(plan)
    governed.cut(plan)
    return governed


@pytest.mark.parametrize("role", ["cutter_owner", "postgres"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cutter.governance_record SET body = '{}' WHERE seq = 1",
        "UPDATE cutter.governance_record SET body = '{}' WHERE false",
        "DELETE FROM cutter.governance_record WHERE seq = 3",
        "TRUNCATE cutter.governance_record",
        "DELETE FROM cutter.governance_head",
        "TRUNCATE cutter.governance_head",
    ],
)
def test_nothing_is_changed_or_removed_by_owner_or_superuser(
    recorded: Governed, role: str, statement: str
) -> None:
    with recorded.provider("OWNER") as connection:
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(statement.encode())
        assert caught.value.sqlstate == ("42501" if role == "cutter_owner" else "CT018")
        connection.rollback()
    assert recorded.as_owner("SELECT count(*), cutter.governance_fault() FROM cutter.governance_record") == [
        (3, None)
    ]


@pytest.mark.parametrize(
    ("forgery", "fault"),
    [
        ("UPDATE cutter.governance_record SET body = '{}' WHERE seq = 2", "record 2 was altered"),
        ("UPDATE cutter.governance_record SET actor = 'me' WHERE seq = 1", "record 1 was altered"),
        (
            "UPDATE cutter.governance_record SET at = at + interval '1 us' WHERE seq = 3",
            "record 3 was altered",
        ),
        ("DELETE FROM cutter.governance_record WHERE seq = 2", "the record before 3 is gone"),
        ("DELETE FROM cutter.governance_record WHERE seq = 1", "the record before 2 is gone"),
        ("DELETE FROM cutter.governance_record WHERE seq = 3", "should end with record 3"),
        ("DELETE FROM cutter.governance_record", "should end with record 3"),
        ("UPDATE cutter.governance_record SET prev = 'x' WHERE seq = 2", "record 2 does not follow"),
    ],
)
def test_what_a_superuser_forges_shows(recorded: Governed, forgery: str, fault: str) -> None:
    recorded.as_owner("ALTER TABLE cutter.governance_record DISABLE TRIGGER ALL")
    recorded.as_owner(forgery)
    ((found,),) = recorded.as_owner("SELECT cutter.governance_fault()")
    assert fault in found


def test_an_auditor_can_compute_the_chain_without_us(recorded: Governed) -> None:
    recorded.as_owner("SET timezone = 'Asia/Tokyo'")
    previous = ""
    query = """
        SELECT seq, prev, hash, kind, run, actor, body,
               to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        FROM cutter.governance_record ORDER BY seq
    """
    for seq, prev, hashed, kind, run, actor, body, at in recorded.as_owner(query):
        text = "\n".join(("cutter.governance.v1", str(seq), previous, kind, run, actor, at, body))
        assert (prev, hashed) == (previous, bytes_digest(text.encode()))
        previous = hashed


def test_the_record_of_a_cut_says_what_was_written(recorded: Governed) -> None:
    plan = cutplan()
    found = recorded.as_owner(
        "SELECT actor, body FROM cutter.governance_record WHERE kind IN ('cut', 'verify')"
    )
    for actor, body in found:
        told = json.loads(body)
        assert actor == "cutter_writer_login"
        assert (told["unit_count"], told["body_hash_match_count"]) == (60, 60)
        assert told["section_types"] == {"principle": 15, "section": 3, "article": 42}
        assert (told["pin"], told["source_digest"]) == (plan.pin, plan.source_digest)
