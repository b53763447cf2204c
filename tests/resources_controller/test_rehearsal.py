from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from laws import change_of

from cutter.errors import Conflict, KillSwitchOff

if TYPE_CHECKING:
    from governed import Governed

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
STEPS: list[Any] = [
    {"document": FILES},
    {"cut": FILES},
    {"enact": {"document": "reading-room", "effective_from": "2026-07-01"}},
]


WAYS = [{"where": "database"}, {"where": "copy"}, {"where": "copy", "round_trip": True}]


@pytest.mark.parametrize("more", WAYS, ids=str)
def test_a_rehearsal_leaves_a_verdict_and_nothing_else(more: dict[str, Any], governed: Governed) -> None:
    before = governed.logical()
    resource = governed.resource("rehearsal", steps=STEPS, **more)
    change = governed.apply(resource)
    assert change.creates
    assert governed.logical() == before


def test_the_kill_switch_blocks_it(bare: Governed) -> None:
    bare.install()
    resource = bare.resource("rehearsal", steps=STEPS)
    with pytest.raises(KillSwitchOff):
        resource.apply(change_of(resource), bare.content)
    assert resource.observe() is None


def test_a_schema_that_was_altered_proves_nothing(governed: Governed) -> None:
    governed.sql("ALTER TABLE cutter.governance_record DISABLE TRIGGER governance_record_rows")
    with pytest.raises(Conflict, match="governance_record_rows"):
        governed.resource("rehearsal", steps=STEPS, where="copy").observe()
