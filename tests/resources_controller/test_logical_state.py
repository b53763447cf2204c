"""The logical digest: equal for the same content, whatever surrogates, settings or copies; else different."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from laws import change_of

from cutter.cut.logical import RECORD, logical_digest, logical_state
from cutter.cut.roles import acting_as
from cutter.database.scratch import scratch_copy
from cutter.errors import LedgerError

if TYPE_CHECKING:
    from governed import Governed

    from cutter.resource import Resource

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
ALTERATIONS = {
    "UPDATE cutter.information_unit SET body = body || '!' WHERE unit_ref = 'art_3'": "units",
    "UPDATE cutter.information_unit SET title = title || ' ' WHERE unit_ref = 'art_3'": "units",
    "UPDATE cutter.information_unit u SET parent_id = u.unit_id": "units",
    "UPDATE cutter.information_unit SET ordinal = ordinal + 100": "units",
    "DELETE FROM cutter.information_unit WHERE unit_ref = 'art_4'": "units",
    "UPDATE cutter.document SET source_text = source_text || ' '": "documents",
    "UPDATE cutter.cut SET pin = 'other'": "cuts",
    "UPDATE cutter.cut SET verified = NULL": "cuts",
}


def all_there(governed: Governed) -> list[Resource]:
    """Load, cut and enact a document; return the resources in this order."""
    enacted = {"document": "reading-room", "effective_from": "2026-07-01"}
    found = [governed.resource("document", **FILES), governed.resource("cut", **FILES)]
    found.append(governed.resource("enact", **enacted))
    for resource in found:
        governed.apply(resource)
    return found


def state(governed: Governed) -> dict[str, str]:
    with governed.provider("READER") as connection, acting_as(connection, "reader"):
        return dict(logical_state(connection))


def digest(governed: Governed, *settings: str) -> str:
    with governed.provider("BACKUP") as connection:
        for setting in settings:
            connection.execute(setting.encode())
        return logical_digest(connection)


def test_the_same_content_has_the_same_digest_in_a_copy(governed: Governed) -> None:
    all_there(governed)
    with scratch_copy(governed.provider) as copy, copy("SCRATCH") as connection:
        assert dict(logical_state(connection)) == state(governed)
        assert logical_digest(connection) == digest(governed)


def test_surrogate_numbers_do_not_count(governed: Governed) -> None:
    resources = all_there(governed)
    before = state(governed)
    for resource in resources[1::-1]:
        resource.apply(change_of(resource)._replace(after=None), governed.content)
    empty = state(governed)
    assert {part for part in before if before[part] == empty[part]} == set()
    for resource in resources:
        governed.apply(resource)
    after = state(governed)
    assert {part for part in before if before[part] != after[part]} == {RECORD}
    assert governed.sql("SELECT min(unit_id) > 1 FROM cutter.information_unit") == [(True,)]


def test_no_setting_changes_it(governed: Governed) -> None:
    all_there(governed)
    odd = ("SET datestyle = 'German'", "SET timezone = 'Asia/Tokyo'", "SET search_path = pg_temp")
    assert digest(governed, *odd) == digest(governed)


@pytest.mark.parametrize("statement", ALTERATIONS)
def test_whatever_is_altered_shows_in_its_part(statement: str, governed: Governed) -> None:
    all_there(governed)
    before, whole = state(governed), digest(governed)
    governed.sql(statement)
    after = state(governed)
    assert {part for part in before if before[part] != after[part]} == {ALTERATIONS[statement]}
    assert digest(governed) != whole


def test_a_record_that_does_not_hold_has_no_digest(governed: Governed) -> None:
    all_there(governed)
    governed.sql("ALTER TABLE cutter.governance_record DISABLE TRIGGER USER")
    governed.sql("UPDATE cutter.governance_record SET body = '{}' WHERE seq = 1")
    with pytest.raises(LedgerError, match="record 1 was altered"):
        state(governed)
