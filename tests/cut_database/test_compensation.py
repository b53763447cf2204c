"""Taking back a committed cut: whole or not at all, never from under something that depends on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date

import psycopg
import pytest
from cut_cases import REF, RUN, Governed, cutplan

from cutter.cut.compensation import Compensated, committed_cuts, compensate, planned, refuse_dependants
from cutter.errors import KillSwitchOff, PreconditionError, StalePlan

DAY = date(2026, 3, 1)
STATE = """
    SELECT d.version, l.state, l.effective, c.cut_id IS NOT NULL, count(u.unit_id)
    FROM cutter.document d JOIN cutter.lifecycle l USING (document_id)
    LEFT JOIN cutter.cut c USING (document_id)
    LEFT JOIN cutter.information_unit u USING (document_id) GROUP BY 1, 2, 3, 4 ORDER BY 1
"""


def version(governed: Governed, number: int, day: date | None = None) -> int:
    """Load and cut a version, and enact it from a day on where one is given; return the cut."""
    plan = cutplan(version=number)
    governed.load(plan, supersedes=number - 1 or None)
    leg, _ = governed.cut(plan)
    if day is not None:
        governed.enact(plan, day)
    return leg.cut_id


def take_back(governed: Governed, cut_id: int) -> Compensated:
    with governed.provider("READER") as connection:
        plan = planned(connection, cut_id)
    with governed.provider("ENACT") as connection:
        return compensate(connection, plan, RUN)


def test_what_would_be_done_is_shown_first(governed: Governed) -> None:
    version(governed, 1, DAY)
    cut_id = version(governed, 2, date(2026, 4, 1))
    with governed.provider("READER") as connection:
        plan = planned(connection, cut_id)
        assert [cut.cut_id for cut in committed_cuts(connection)] == [1, 2]
    assert (plan.cut.document_ref, plan.cut.version, plan.cut.unit_count) == (REF, 2, 60)
    assert plan.cut.state == "enacted"
    assert plan.restores == 1
    assert plan.section_types == {"principle": 15, "section": 3, "article": 42}
    assert plan.units[0] == ("princ_1", "Principle 1")
    assert plan.dependants == ()


def test_everything_is_as_it_was_and_the_record_tells(governed: Governed) -> None:
    version(governed, 1, DAY)
    governed.load(cutplan(version=2), supersedes=1)
    before = governed.as_owner(STATE)
    leg, _ = governed.cut(cutplan(version=2))
    governed.enact(cutplan(version=2), date(2026, 4, 1))
    assert take_back(governed, leg.cut_id) == Compensated(60, "enacted", 1)
    assert governed.as_owner(STATE) == before
    kinds = governed.as_owner("SELECT kind FROM cutter.governance_record ORDER BY seq DESC LIMIT 3")
    assert kinds == [("compensation",), ("compensation",), ("enact",)]
    assert governed.as_owner("SELECT cutter.governance_fault()") == [(None,)]
    assert governed.cut(cutplan(version=2))[0].created == 60
    assert governed.enact(cutplan(version=2), date(2026, 4, 1)) == "enacted"


def test_a_cut_that_was_never_enacted(governed: Governed) -> None:
    assert take_back(governed, version(governed, 1)) == Compensated(60, "draft", None)
    assert governed.as_owner(STATE) == [(1, "draft", None, False, 0)]


EDIT = """
    UPDATE cutter.information_unit SET body = 'edited' WHERE unit_ref = 'art_5' AND document_id = 1
"""
ADD = """
    INSERT INTO cutter.information_unit (document_id, unit_ref, ordinal, unit_kind, section_type, title, body,
        body_hash, owner_ref, parent_id, created_run)
    SELECT 1, 'art_99', 99, 'article', 'article', 't', 'b', cutter.text_digest('b'), owner_ref, NULL, 'hand'
    FROM cutter.information_unit WHERE unit_ref = 'art_1'
"""


@pytest.mark.parametrize(
    ("statement", "kind", "what"),
    [
        (EDIT, "edit", "unit art_5 has another body"),
        (EDIT.replace("body = 'edited'", "title = 'edited'"), "edit", "no longer those that were cut"),
        (ADD, "edit", "no longer those that were cut"),
    ],
)
def test_an_edit_is_never_lost(governed: Governed, statement: str, kind: str, what: str) -> None:
    cut_id = version(governed, 1, DAY)
    governed.as_owner(statement)
    before = governed.as_owner("SELECT * FROM cutter.information_unit ORDER BY 1")
    with governed.provider("READER") as connection:
        plan = planned(connection, cut_id)
    assert [dependant.kind for dependant in plan.dependants] == [kind]
    with pytest.raises(StalePlan, match=what) as caught:
        refuse_dependants(plan)
    assert caught.value.exit_code == 20
    with pytest.raises(StalePlan, match=what):
        take_back(governed, cut_id)
    assert governed.as_owner("SELECT * FROM cutter.information_unit ORDER BY 1") == before


def test_a_later_cut_and_a_supersession_come_first(governed: Governed) -> None:
    first = version(governed, 1, DAY)
    second = version(governed, 2)
    with pytest.raises(StalePlan, match="later cut: cut 2 of version 2"):
        take_back(governed, first)
    governed.enact(cutplan(version=2), date(2026, 4, 1))
    with pytest.raises(StalePlan, match="supersession: version 1 of constitution is superseded by 2"):
        take_back(governed, first)
    take_back(governed, second)
    assert take_back(governed, first).removed == 60


def test_what_outside_refers_to_the_units_is_named(governed: Governed) -> None:
    cut_id = version(governed, 1)
    governed.as_owner("CREATE TABLE notes (unit_id bigint REFERENCES cutter.information_unit)")
    governed.as_owner("INSERT INTO notes SELECT unit_id FROM cutter.information_unit LIMIT 1")
    with pytest.raises(StalePlan, match=r'outside this schema.*"notes"'):
        take_back(governed, cut_id)
    assert governed.as_owner("SELECT count(*) FROM cutter.information_unit") == [(60,)]


def test_the_kill_switch_comes_first(governed: Governed) -> None:
    cut_id = version(governed, 1)
    governed.as_owner("DELETE FROM cutter.kill_switch")
    with pytest.raises(KillSwitchOff):
        take_back(governed, cut_id)
    assert governed.as_owner("SELECT count(*) FROM cutter.information_unit") == [(60,)]


def test_a_cut_that_is_not_there(governed: Governed) -> None:
    with pytest.raises(PreconditionError, match="no cut 7"):
        take_back(governed, 7)


def test_what_changed_since_it_was_shown_is_not_done(governed: Governed) -> None:
    cut_id = version(governed, 1)
    with governed.provider("READER") as connection:
        plan = planned(connection, cut_id)
    governed.enact(cutplan(), DAY)
    with (
        governed.provider("ENACT") as connection,
        pytest.raises(StalePlan, match="something else than was shown"),
    ):
        compensate(connection, plan, RUN)
    assert governed.as_owner(STATE)[0][1:2] == ("enacted",)


VICTIM = """
import sys, time
import psycopg
connection = psycopg.connect(sys.argv[1])
connection.execute("SET LOCAL ROLE cutter_enact")
connection.execute("SELECT cutter.fn_cut_compensate(%s, %s)", (int(sys.argv[2]), sys.argv[3]))
print("done", flush=True)
time.sleep(60)
"""


def test_killed_before_its_commit_it_leaves_everything(governed: Governed) -> None:
    cut_id = version(governed, 1, DAY)
    before = governed.as_owner(STATE)
    info = governed.connect("ENACT").info
    dsn = f"host={info.host} port={info.port} dbname={info.dbname} user={info.user}"
    arguments = [sys.executable, "-c", VICTIM, dsn, str(cut_id), RUN]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"done\n"
        os.kill(victim.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert take_back(governed, cut_id).removed == 60
            break
        except psycopg.Error:
            time.sleep(0.05)
    assert before[0][1] == "enacted"
    assert governed.as_owner(STATE) == [(1, "draft", None, False, 0)]
