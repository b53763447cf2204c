from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from governed import ROOMS, Governed
from postgres import database, postgres_server, provider

from cutter.database.connections import ConnectionProvider

__all__ = ["database", "postgres_server", "provider"]


@pytest.fixture
def bare(provider: ConnectionProvider, tmp_path: Path) -> Governed:
    """Give a database without our schema, and a folder with the documents of the runbooks."""
    shutil.copytree(ROOMS, tmp_path / "documents")
    return Governed(provider, tmp_path)


@pytest.fixture
def governed(bare: Governed) -> Iterator[Governed]:
    """Give a database with our schema, on which the kill switch is held on for the context's run."""
    bare.install()
    with bare.switched_on():
        yield bare
