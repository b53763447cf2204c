"""The cut's cases bring every row in, each in its way; whole commands do their work. No time is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import cutting
from bench.document import write_document
from bench.governed import fresh
from bench.ways_to_cut import WAYS, on
from postgres import postgres_server

from cutter.cut.cutplan import plan
from cutter.cut.discover import FromFile
from cutter.database.embedded import EmbeddedServer
from cutter.language.grammars import load_grammar

__all__ = ["postgres_server"]
UNITS = 23


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_every_way_brings_every_row_in(tmp_path: Path, postgres_server: EmbeddedServer, way: object) -> None:
    text, grammar_file = write_document(tmp_path, UNITS)
    grammar = load_grammar(str(grammar_file))
    planned = plan(FromFile(grammar.document_ref, str(text)).discover(grammar))
    assert len(planned.rows) == UNITS
    assert {len(row.body) // 100 for row in planned.rows} == {5}
    (found,) = [one for one in WAYS if one is way]
    with fresh(postgres_server) as place:
        assert on(place, found, planned, text.read_bytes())["whole"] > 0


def test_whole_commands_cut_once_and_then_find_nothing_to_do(
    tmp_path: Path, postgres_server: EmbeddedServer
) -> None:
    found = cutting.applied(postgres_server, tmp_path / "one", UNITS)
    assert "1 CLOSED, 0 PARTIAL" in (tmp_path / "one" / "output.txt").read_text()
    assert found.text_bytes > UNITS * 500
    assert min(found.first.seconds, found.again.seconds, found.gaps.seconds) > 0
