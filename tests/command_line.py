"""A small project to run the command line in, and a way to run it inside this process."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from cutter.cli.main import main

FILES = {
    "inventory/here/environment.yml": """\
name: here
production: no
ledger: "{{ project_dir }}/kept/ledger"
target_state: "{{ project_dir }}/kept/target"
""",
    "inventory/here/hosts.yml": """\
all:
  hosts:
    web1:
      ansible_connection: local
""",
    "inventory/here/group_vars/all.yml": """\
root: "{{ project_dir }}/world"
colour: blue
""",
    "runbooks/site.yml": """\
apiVersion: cutter/v1
runbook: site
title: One room
hosts: all
vars:
  root: /nonexistent
steps:
  - name: Root
    directory: {path: "{{ root }}", mode: "0755"}
  - name: Room
    directory: {path: "{{ root }}/room", mode: "0750"}
""",
    "runbooks/gap-matrix.yml": """\
apiVersion: cutter/v1
matrix: {macro: a small house, date_utc: "2026-01-01", gate: G1}
gaps:
  - id: GAP1
    title: a room to live in
    baseline: {pre: {status: OPEN}, post: {status: OPEN}, as_of: "2026-01-01"}
    blocks_first_production_run: "yes"
    reason: nowhere to sit
    venue: VPS
    objectives:
      - {runbook: site.yml, steps: all}
""",
}


class Answer(NamedTuple):
    """What a command said and ended with."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A folder with an inventory (`inventory/here`), a runbook (`runbooks/site.yml`) and a matrix."""

    folder: Path

    def listing(self) -> list[tuple[str, int]]:
        """Return every path below the folder with its time of change, the environment's own left aside."""
        found = (path for path in self.folder.rglob("*") if "kept" not in path.parts)
        return sorted((str(path), path.lstat().st_mtime_ns) for path in found)

    def kept(self) -> list[tuple[str, int]]:
        """Return the same of what the environment keeps for itself: its ledger, its key."""
        return sorted((str(path), path.lstat().st_mtime_ns) for path in self.folder.rglob("kept/**/*"))


def make_project(folder: Path) -> Project:
    """Write the project's files into a folder."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Project(folder)


def cutter(*words: str) -> Answer:
    """Run a command in this process, without a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        Path(os.devnull).open() as nothing,
        patch("sys.stdin", nothing),
    ):
        code = main(list(words))
    return Answer(code, out.getvalue(), err.getvalue())
