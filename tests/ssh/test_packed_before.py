"""What travels is packed once, and never taken from a cache that does not hold exactly that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cutter.hosts import luggage

TYPES = frozenset({"directory"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "cutter/agents"


def packed() -> bytes:
    """Return what another command would pack."""
    luggage._packed.cache_clear()
    return luggage.luggage_packed(types=TYPES)


def test_the_second_command_packs_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packed()
    assert len([*folder.iterdir()]) == 1
    monkeypatch.setattr(luggage, "luggage", lambda *_: pytest.fail("it was packed again"))
    assert packed() == first


@pytest.mark.parametrize("at", [0, 63, 64, -1])
def test_what_was_altered_is_not_used(folder: Path, at: int) -> None:
    first = packed()
    (kept,) = folder.iterdir()
    content = bytearray(kept.read_bytes())
    content[at] ^= 1
    kept.write_bytes(content)
    assert packed() == first
    assert kept.read_bytes()[64:] == first


def test_another_source_is_packed_anew(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "facts.py"
    source.write_text("A = 1\n")
    known = dict(luggage._modules(TYPES))
    monkeypatch.setattr(luggage, "_modules", lambda _: [*{**known, "cutter.facts": str(source)}.items()])
    first = packed()
    os.utime(source, ns=(1, 1))
    assert (packed(), len([*folder.iterdir()])) == (first, 2)
    source.write_text("A = 2\n")
    assert packed() != first


@pytest.mark.usefixtures("folder")
def test_another_source_of_the_same_time_is_packed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As packages have it whose files all carry the time of a release."""
    source = tmp_path / "facts.py"
    known = dict(luggage._modules(TYPES))
    monkeypatch.setattr(luggage, "_modules", lambda _: [*{**known, "cutter.facts": str(source)}.items()])
    found = []
    for text in ("A = 1\n", "A = 2\n"):
        source.write_text(text)
        os.utime(source, ns=(1, 1))
        found.append(packed())
    assert found[0] != found[1]


def test_each_set_of_types_has_its_own(folder: Path) -> None:
    luggage._packed.cache_clear()
    assert luggage.luggage_packed(types=TYPES) != luggage.luggage_packed(types=None)
    assert len([*folder.iterdir()]) == 2
