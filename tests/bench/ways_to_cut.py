"""Ways to bring the same rows into a database: cutter's own, and what it is measured against."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import NamedTuple

from bench.governed import RUN, Connection, Place, loaded

from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.cut.cutplan import Cutplan
from cutter.cut.digests import writer_digest
from cutter.cut.recorders import context_of
from cutter.cut.roles import acting_as, one
from cutter.cut.rows import CutplanRow
from cutter.cut.statements import statements

_CHUNK = 2**16
_ONE = """\
SELECT status FROM cutter.fn_iu_create(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})


class Way(NamedTuple):
    """How rows get in: it is given a database with the document loaded, and returns seconds by phase."""

    name: str
    run: Callable[[Place, Cutplan], dict[str, float]]


def copied(place: Place, plan: Cutplan) -> dict[str, float]:
    """COPY into a plain table, no index, no check, committed: the limit."""
    lines = list(_lines(plan.rows))
    with closing(place.provider("OWNER")) as connection:
        stage = statements("legs")["stage"].replace(b"TEMPORARY ", b"").replace(b" ON COMMIT DROP", b"")
        connection.execute(stage)
        began = time.perf_counter()
        _copy(connection, b"COPY cutter_stage FROM STDIN", lines)
        connection.commit()
        return {"whole": time.perf_counter() - began}


def bare(place: Place, plan: Cutplan) -> dict[str, float]:
    """COPY of ready lines into the stage, and the one statement that creates the units from it."""
    known, lines = statements("legs"), list(_lines(plan.rows))
    with closing(place.provider("WRITER")) as connection, acting_as(connection, "cut"):
        document = _opened(connection, plan)
        connection.execute(known["stage"])
        began = time.perf_counter()
        _copy(connection, known["fill"], lines)
        assert one(connection, "legs", "create", document, RUN) == (len(plan.rows), 0)
        seconds = time.perf_counter() - began
        connection.rollback()
        return {"whole": seconds}


def row_by_row(place: Place, plan: Cutplan) -> dict[str, float]:
    """Call the creating function for every row, as a script would do it."""
    with closing(place.provider("WRITER")) as connection, acting_as(connection, "cut"):
        document = _opened(connection, plan)
        began = time.perf_counter()
        for row in plan.rows:
            words = (row.ordinal, row.unit_kind, row.section_type, row.title, row.body, row.owner_ref)
            connection.execute(
                _ONE.encode(), (document, row.unit_ref, *words, row.parent_ref, row.body_hash, RUN)
            )
        seconds = time.perf_counter() - began
        connection.rollback()
        return {"whole": seconds}


def cut(place: Place, plan: Cutplan) -> dict[str, float]:
    """Cut, record, verify and commit through the adapter."""
    phases: dict[str, float] = {}
    marks = [time.perf_counter()]

    def lap(name: str) -> None:
        marks.append(time.perf_counter())
        phases[name] = marks[-1] - marks[-2]

    context = context_of(RUN, plan.rows)
    with ProductionLiveExecutionAdapter(place.provider.by_role, context) as adapter:
        leg = adapter.cut_leg_a(plan)
        lap("cut")
        adapter.leg_b_record(leg)
        lap("record")
        adapter.write_verify(leg, plan)
        lap("verify")
        adapter.commit()
        lap("commit")
    return {**phases, "whole": marks[-1] - marks[0]}


WAYS = (
    Way("raw COPY", copied),
    Way("bare", bare),
    Way("cutter", cut),
    Way("row by row", row_by_row),
)


def on(place: Place, way: Way, plan: Cutplan, text: bytes) -> dict[str, float]:
    """Load the document and bring its rows in by one way."""
    loaded(place, plan, text)
    return way.run(place, plan)


def _opened(connection: Connection, plan: Cutplan) -> object:
    words = (plan.document_ref, plan.version, plan.source_digest, plan.grammar_digest, plan.pin)
    _, _, document = one(connection, "legs", "open", *words, len(plan.rows), writer_digest(plan.rows), RUN)
    return document


def _lines(rows: Iterable[CutplanRow]) -> Iterator[bytes]:
    """Yield chunks of lines as COPY reads them, ready before the clock starts."""
    chunk = bytearray()
    for row in rows:
        parts = (row.unit_ref, row.unit_kind, row.section_type, row.title, row.body, row.owner_ref)
        chunk += "\t".join((str(row.ordinal), *(part.translate(_ESCAPES) for part in parts))).encode()
        chunk += f"\t{row.parent_ref or chr(92) + 'N'}\t{row.body_hash}\n".encode()
        if len(chunk) > _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _copy(connection: Connection, statement: bytes, chunks: Iterable[bytes]) -> None:
    with connection.cursor().copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)
