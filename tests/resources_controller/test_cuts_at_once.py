"""Two runs that do the same to one document at the same time: one waits, and finds it done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from laws import change_of

from cutter.database.context import DatabaseContext
from cutter.database.switch import held_on
from cutter.errors import LockHeld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governed import Governed

    from cutter.resource import Resource

FILES = {"source": "documents/reading-room.md", "grammar": "documents/reading-room.grammar.yml"}
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("document", dict(FILES)),
    ("cut", dict(FILES)),
    ("enact", {"document": "reading-room", "effective_from": "2026-07-01"}),
]


@contextmanager
def another_run(governed: Governed) -> Iterator[DatabaseContext]:
    """Give the context of a second run, for which the switch is held on too."""
    connection = governed.provider("OWNER")
    try:
        with held_on(connection, "run-second", seconds=600, by="a test"):
            yield DatabaseContext(governed.provider, governed.entries_of, "run-second")
    finally:
        connection.close()


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[name for name, _ in STEPS])
def test_two_at_once(number: int, governed: Governed) -> None:
    for name, params in STEPS[:number]:
        governed.apply(governed.resource(name, **params))
    kinds = len(governed.sql("SELECT seq FROM cutter.governance_record"))
    name, params = STEPS[number]
    with another_run(governed) as second:
        resources = [governed.resource(name, **params), governed.resource(name, **params)]
        resources[1].context = second
        changes = [change_of(resource) for resource in resources]
        together = Barrier(2)

        def apply(resource: Resource, index: int) -> str:
            together.wait(60)
            try:
                resource.apply(changes[index], governed.content)
            except LockHeld:
                return "told that the other holds the lock"
            return "done"

        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(apply, resources, range(2)))
        assert "done" in told
        assert change_of(resources[0]).empty
    added = len(governed.sql("SELECT seq FROM cutter.governance_record")) - kinds
    assert added == (2 if name == "cut" else 1), told
    assert governed.sql("SELECT cutter.governance_fault()") == [(None,)]
