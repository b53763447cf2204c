"""Somebody swaps a link under every component of a path while we work: nothing outside is ever touched."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from laws import snapshot
from waiting import PATIENCE

if TYPE_CHECKING:
    from project import Project

_EXCHANGE = 2
_HERE = -100
_ROUNDS = 60
STEPS = """\
  - {name: File, file: {path: "{{ world }}/a/b/c/file", content: "{{ word }}", mode: "0640"}}
  - {name: Env, env_file: {path: "{{ world }}/a/b/c/.env", set: {WORD: "{{ word }}"}}}
  - {name: Link, link: {path: "{{ world }}/a/b/c/link", target: "{{ word }}"}}
  - {name: Folder, directory: {path: "{{ world }}/a/b/c/d", mode: "{{ mode }}"}}
  - {name: Gone, directory: {path: "{{ world }}/a/b/c/gone-{{ word }}", ensure: absent}}
  - {name: New, file: {path: "{{ world }}/a/b/c/new-{{ word }}", content: x}}
"""
UNDER = ["a", "a/b", "a/b/c", "a/b/c/file", "a/b/c/.env", "a/b/c/d", "a/b/c/link"]


def fill(folder: Path) -> None:
    inner = folder / "a/b/c"
    (inner / "d").mkdir(parents=True)
    for word in ("even", "odd"):
        (inner / f"gone-{word}").mkdir()
    (inner / "file").write_text("file")
    (inner / ".env").write_text("WORD=none\n")
    (inner / "link").symlink_to("nowhere")


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Exchange two names, over and over, in a process of its own."""
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    child = os.fork()
    if child == 0:
        while True:
            library.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def rounds(seen: Callable[[], bool]) -> Iterator[int]:
    """Count the rounds: so many, and as many more as it takes on a busy machine until something was seen."""
    deadline = time.monotonic() + PATIENCE
    for number in count():
        if number >= _ROUNDS and (seen() or time.monotonic() > deadline):
            return
        yield number


@pytest.mark.slow
@pytest.mark.parametrize("under", UNDER)
def test_nothing_outside_is_touched(under: str, project: Project) -> None:
    fill(project.world)
    outside = project.folder / "outside"
    fill(outside)
    evil = project.world / under
    (evil.parent / "evil").symlink_to(outside / under)
    before = snapshot(outside)
    project.variables("word: even\nmode: '0700'\n")
    runbook = project.runbook(STEPS)
    codes = set[int]()
    with swapping(project.world / under, evil.parent / "evil"):
        for number in rounds(lambda: len(codes) > 1):
            word, mode = ("odd", "0711") if number % 2 else ("even", "0700")
            words = ("-e", f"word={word}", "-e", f"mode={mode}")
            codes.add(project.cutter("apply", "--yes", runbook, *words).code)
    assert snapshot(outside) == before
    assert codes <= {0, 10, 11, 12, 20}, codes
    assert len(codes) > 1, "it was swapped while we worked"
    left = [path for path in project.world.rglob(".cutter-*") if not path.is_symlink()]
    assert left == []


@pytest.mark.slow
def test_no_key_is_made_outside(project: Project) -> None:
    (project.world / "a").mkdir()
    outside = project.folder / "outside"
    outside.mkdir()
    (project.world / "evil").symlink_to(outside)
    before = snapshot(outside)
    runbook = project.runbook(
        '  - name: Key\n    gpg_key: {home: "{{ world }}/a/g", export: "{{ world }}/a/k",'
        " generate: {name: tester, email: t@x.invalid}}\n"
    )
    with swapping(project.world / "a", project.world / "evil"):
        codes = {project.cutter("apply", "--yes", runbook).code for _ in range(12)}
    assert snapshot(outside) == before
    assert codes <= {0, 10, 11, 12}, codes
