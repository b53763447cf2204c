from __future__ import annotations

from governed import Governed, obeys_the_laws

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
LASTING = ("cutter.governance_head", "cutter.governance_record", "cutter.lifecycle_transition")


def test_the_laws(governed: Governed) -> None:
    governed.apply(governed.resource("document", **FILES))
    obeys_the_laws(governed, governed.resource("cut", **FILES), lasting=LASTING)
