from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from governed import obeys_the_laws
from laws import change_of

from cutter.errors import Conflict, InvalidDocument, KillSwitchOff, StalePlan

if TYPE_CHECKING:
    from governed import Governed

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
LASTING = ("cutter.governance_head", "cutter.governance_record", "cutter.lifecycle_transition")


def amended(governed: Governed) -> None:
    path = governed.folder / FILES["source"]
    path.write_text(path.read_text().replace("turns off the lamps", "turns the lamps off"))


def test_the_laws(governed: Governed) -> None:
    obeys_the_laws(governed, governed.resource("document", **FILES), lasting=LASTING)


def test_a_changed_text_needs_a_version_of_its_own(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    amended(governed)
    with pytest.raises(Conflict, match="another text"):
        governed.resource("document", **FILES).observe()
    second = governed.resource("document", **FILES, version=2)
    with pytest.raises(Conflict, match="changed since its version 1"):
        second.apply(change_of(second), governed.content)
    governed.apply(governed.resource("document", **FILES, version=2, supersedes=1))


def test_what_was_superseded_is_not_taken_back(governed: Governed) -> None:
    first = governed.resource("document", **FILES)
    governed.apply(first)
    amended(governed)
    governed.apply(governed.resource("document", **FILES, version=2, supersedes=1))
    with pytest.raises(StalePlan, match="a cut or a successor"):
        first.apply(change_of(first)._replace(after=None), governed.content)


def test_the_text_that_is_taken_back_is_kept(governed: Governed) -> None:
    resource = governed.resource("document", **FILES)
    there = governed.apply(resource).after
    assert there is not None
    resource.apply(change_of(resource)._replace(after=None), governed.content)
    kept = type(governed.content)(str(governed.folder / "kept"))
    assert kept.bytes_of(str(there["source_digest"])) == (governed.folder / FILES["source"]).read_bytes()


def test_the_switch_comes_first(bare: Governed) -> None:
    bare.install()
    resource = bare.resource("document", **FILES)
    with pytest.raises(KillSwitchOff):
        resource.apply(change_of(resource), bare.content)
    assert resource.observe() is None


def test_a_text_that_is_not_utf8_is_refused(bare: Governed) -> None:
    (bare.folder / FILES["source"]).write_bytes(b"\xff")
    with pytest.raises(InvalidDocument, match="not UTF-8"):
        bare.resource("document", **FILES)


def test_a_stored_text_that_was_altered_is_not_as_declared(governed: Governed) -> None:
    resource = governed.resource("document", **FILES)
    governed.apply(resource)
    governed.sql("UPDATE cutter.document SET source_text = source_text || '!'")
    with pytest.raises(Conflict, match="was altered"):
        resource.observe()
