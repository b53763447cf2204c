"""Whoever hears is told how far the planning of a long document has come, and when it is over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cut_texts import LAW, planned

from cutter.cli.main import main
from cutter.cut.discover import InMemory
from cutter.cut.planned_once import summed_up_once
from cutter.cut.telling import heard_by
from cutter.report.progress import ProgressLine

Told = list[tuple[str, int, int]]
WHAT = "plan the document, KiB"
GRAMMAR = """\
apiVersion: cutter/v1
document: d
format: markdown
levels: [{section_type: article, heading: 3, match: "Article {1}. {title}", within: document}]
"""


def text(count: int) -> bytes:
    body = "What is so, and what follows from it.\n" * 60
    return "".join(f"### Article {n}. Rule {n}\n\n{body}\n" for n in range(1, count + 1)).encode()


def test_a_long_document_is_told_of_and_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told: Told = []
    source = text(500)
    with heard_by(lambda what, done, total: told.append((what, done, total))):
        summed_up_once(InMemory("d", source).discover(LAW))
        assert told[-1] == ("", 0, 0)
    done = [done for what, done, _ in told if what]
    assert {(what, total) for what, _, total in told if what} == {(WHAT, len(source) >> 10)}
    assert len(done) == len(source) // 2**18
    assert done == sorted(done)
    assert done[0] >= 256


def test_a_short_document_is_not_told_of() -> None:
    told: Told = []
    with heard_by(lambda what, done, total: told.append((what, done, total))):
        planned(text(50), LAW)
        assert told == []
    planned(text(500), LAW)
    assert told == [("", 0, 0)]


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_the_verb_shows_it_on_a_terminal(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Told = []

    def hear(line: ProgressLine, what: str, done: int, total: int) -> None:
        del line
        told.append((what, done, total))

    (tmp_path / "d.md").write_bytes(text(500))
    (tmp_path / "d.grammar.yml").write_text(GRAMMAR)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as stream, monkeypatch.context() as patched:
        patched.setattr("sys.stderr", stream)
        patched.setenv("TERM", "xterm")
        patched.setattr(ProgressLine, "__call__", hear)
        assert main(["cutplan", str(tmp_path / "d.md"), *words]) == 0
    os.close(ours)
    assert bool(told) is not bool(words)
    assert {what for what, _, _ in told} == (set() if words else {WHAT, ""})
