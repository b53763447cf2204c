"""The cut timed: rows per second beside raw COPY, the bare statement and row by row, and whole commands."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.document import write_document
from bench.governed import RUN, fresh
from bench.table import seconds, table
from bench.timing import Sample, timed
from bench.ways_to_cut import WAYS, on

from cutter.cut.cutplan import Cutplan, plan
from cutter.cut.discover import FromFile
from cutter.database.embedded import EmbeddedServer
from cutter.language.grammars import load_grammar

SIZES = (1_000, 5_000, 10_000, 100_000)
_WAYS_HEAD = (
    *("units", "discover + plan", "raw COPY", "bare", "cut", "of bare"),
    *("record + verify + commit", "row by row", "us a row"),
)
_HEAD = ("units", "first apply", "us a unit", "no-op apply", "gaps", "memory", "beyond the text")
_RUNBOOK = """\
apiVersion: cutter/v1
runbook: bench
title: A long document to be cut
database: governed
steps:
  - name: Load
    document: {source: long.md, grammar: long.grammar.yml}
  - name: Cut
    cut: {source: long.md, grammar: long.grammar.yml}
"""
_MATRIX = """\
apiVersion: cutter/v1
matrix: {macro: m, date_utc: "2026-01-01", gate: g}
gaps:
  - id: G1
    title: One
    baseline: {as_of: "2026-01-01", pre: {status: OPEN}, post: {status: OPEN}}
    blocks_first_production_run: "yes"
    reason: because
    venue: VPS
    finding: f
    next_package: p
    objectives: [{runbook: bench.yml, steps: all}]
"""
_ENVIRONMENT = """\
name: bench
production: no
ledger: "{{ project_dir }}/kept/ledger"
target_state: "{{ project_dir }}/kept/target"
"""
_HOSTS = "all:\n  hosts:\n    localhost:\n      ansible_connection: local\n"


class Applied(NamedTuple):
    """A document cut by the command line: the first apply, one with nothing to do, and the matrix."""

    text_bytes: int
    first: Sample
    again: Sample
    gaps: Sample


def ways(folder: Path, sizes: Sequence[int], turns: int) -> str:
    """Return a table of the ways to bring rows in, medians of turns; each in a fresh database."""
    with EmbeddedServer(str(folder / "server")) as server:
        rows = [_ways_row(server, folder, size, turns) for size in sizes]
    return table(_WAYS_HEAD, rows)


def commands(folder: Path, sizes: Sequence[int]) -> str:
    """Return a table of whole commands: apply of a document and its cut, apply again, gaps."""
    with EmbeddedServer(str(folder / "server")) as server:
        return table(_HEAD, [_command_row(size, applied(server, folder / str(size), size)) for size in sizes])


def applied(server: EmbeddedServer, folder: Path, size: int) -> Applied:
    """Cut a document of that many units with the command line, in a project of its own."""
    runbooks = folder / "runbooks"
    runbooks.mkdir(parents=True)
    text, _ = write_document(runbooks, size)
    (runbooks / "bench.yml").write_text(_RUNBOOK)
    (runbooks / "gap-matrix.yml").write_text(_MATRIX)
    with fresh(server) as place:
        inventory = folder / "inventory" / "bench"
        inventory.mkdir(parents=True)
        known = f"governed: {{production: no, embedded: {server.folder}, dbname: {place.dbname}}}\n"
        files = {"environment.yml": _ENVIRONMENT, "hosts.yml": _HOSTS, "databases.yml": known}
        for name, content in files.items():
            (inventory / name).write_text(content)
        apply = ("apply", "--yes", "-i", "inventory/bench", "runbooks/bench.yml")
        first = _run(folder, RUN, *apply)
        first = first._replace(mebibytes=int((folder / "peak").read_text()) / 1024)
        again = _run(folder, f"{RUN}-2", *apply)
        gaps = _run(folder, RUN, "gaps", "-i", "inventory/bench")
    return Applied(text.stat().st_size, first, again, gaps)


def _run(folder: Path, run: str, *words: str) -> Sample:
    program = str(Path(__file__).with_name("apply_cut.py"))
    variables = {"XDG_CACHE_HOME": str(folder / "cache")}
    return timed([sys.executable, "-I", program, run, "peak", *words], folder, variables)


def _command_row(size: int, found: Applied) -> list[str]:
    first = found.first
    beyond = first.mebibytes - found.text_bytes / 2**20
    return [
        f"{size:,}", seconds(first.seconds), f"{first.seconds / size * 1e6:.0f}",
        seconds(found.again.seconds), seconds(found.gaps.seconds),
        f"{first.mebibytes:.0f} MiB", f"{beyond:.0f} MiB",
    ]  # fmt: skip


def _ways_row(server: EmbeddedServer, folder: Path, size: int, turns: int) -> list[str]:
    found: dict[str, list[dict[str, float]]] = {way.name: [] for way in WAYS}
    with _no_collecting():
        planning, planned, text = _planned(folder, size)
        for turn in range(turns):
            for way in WAYS if turn % 2 == 0 else reversed(WAYS):  # who comes after whom costs a little
                with fresh(server) as place:
                    found[way.name].append(on(place, way, planned, text))
    whole = {name: median(one["whole"] for one in samples) for name, samples in found.items()}
    cut = median(one["cut"] for one in found["cutter"])
    rest = median(one["whole"] - one["cut"] for one in found["cutter"])
    bare = whole["bare"]
    return [
        *(f"{size:,}", seconds(planning), seconds(whole["raw COPY"]), seconds(bare)),
        *(seconds(cut), f"{bare / cut:.0%}", seconds(rest)),
        *(seconds(whole["row by row"]), f"{cut / size * 1e6:.0f}"),
    ]


def _planned(folder: Path, size: int) -> tuple[float, Cutplan, bytes]:
    text, grammar_file = write_document(folder, size)
    grammar = load_grammar(str(grammar_file))
    began = time.perf_counter()
    found = plan(FromFile(grammar.document_ref, str(text)).discover(grammar)).guarded
    assert found.pin.startswith("v1:")  # pin and root belong to every plan of the command line
    assert found.root.startswith("sha256:")
    took = time.perf_counter() - began
    assert len(found.rows) == size
    return took, found, text.read_bytes()


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Do as the command line does: a short life collects nothing."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def load() -> str:
    """Return what else kept the machine busy, as a line."""
    return "load average " + ", ".join(f"{one:.1f}" for one in os.getloadavg())
