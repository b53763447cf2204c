from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from governed import obeys_the_laws
from laws import change_of

from cutter.errors import Conflict, KillSwitchOff
from cutter.resource import type_complaints
from cutter.resources.controller.enact import Enact

if TYPE_CHECKING:
    from governed import Governed

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
FIRST = {"document": "reading-room", "effective_from": "2026-07-01"}
LASTING = (
    *("cutter.governance_head", "cutter.governance_record", "cutter.lifecycle_transition"),
    "cutter.lifecycle",  # it remembers which transition was taken back
)


def cut(governed: Governed, **version: int) -> None:
    governed.apply(governed.resource("document", **FILES, **version))
    version.pop("supersedes", None)
    governed.apply(governed.resource("cut", **FILES, **version))


def test_the_laws(governed: Governed) -> None:
    cut(governed)
    obeys_the_laws(governed, governed.resource("enact", **FIRST), lasting=LASTING)


def test_a_version_that_is_not_cut_is_not_enacted(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    resource = governed.resource("enact", **FIRST)
    with pytest.raises(Conflict, match="no cut that is verified"):
        resource.apply(change_of(resource), governed.content)


def test_a_successor_ends_the_one_before_and_gives_it_back(governed: Governed) -> None:
    cut(governed)
    first = governed.resource("enact", **FIRST)
    governed.apply(first)
    path = governed.folder / FILES["source"]
    path.write_text(path.read_text().replace("turns off the lamps", "turns the lamps off"))
    cut(governed, version=2, supersedes=1)
    second = governed.resource("enact", document="reading-room", version=2, effective_from="2026-09-01")
    governed.apply(second)
    ended = {"state": "superseded", "effective_from": "2026-07-01", "effective_until": "2026-09-01"}
    assert first.observe() == ended
    second.apply(change_of(second)._replace(after=None), governed.content)
    assert change_of(first).empty


def test_a_cut_that_is_taken_back_takes_its_enactment_with_it(governed: Governed) -> None:
    cut(governed)
    enactment, units = governed.resource("enact", **FIRST), governed.resource("cut", **FILES)
    governed.apply(enactment)
    units.apply(change_of(units)._replace(after=None), governed.content)
    assert enactment.observe() is None


def test_the_switch_comes_first(governed: Governed) -> None:
    cut(governed)
    governed.context.run = "another-run"
    resource = governed.resource("enact", **FIRST)
    with pytest.raises(KillSwitchOff):
        resource.apply(change_of(resource), governed.content)
    assert resource.observe() is None


def test_a_day_that_no_calendar_has_is_a_complaint() -> None:
    found = type_complaints(Enact, {"document": "x", "effective_from": "2026-02-30"})
    assert [complaint.path for complaint in found] == [("effective_from",)]
