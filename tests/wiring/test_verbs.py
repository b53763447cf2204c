"""Every verb, by wiring with odd passwords for every login, over TCP; no password is seen anywhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from project import gap_matrix, steps_of
from wired import CANARY, SCHEMA, STEPS

from cutter.database.binaries import server_folder

if TYPE_CHECKING:
    from wired import Wired

DOCUMENT = "{document: {source: documents/reading-room.md, grammar: documents/reading-room.grammar.yml}}"
WITNESS = """\
#!/bin/sh
{ tr '\\0' '\\n' < /proc/$$/environ; printf '%s\\n' "$0 $*"; } >> {log}
exec {real} "$@"
"""


@pytest.fixture
def witnessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the arguments and the environment of every client program written down; return where."""
    real, folder, log = Path(server_folder()), tmp_path / "programs", tmp_path / "witness"
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).symlink_to(real / name)
    for name in ("pg_dump", "pg_restore"):
        text = WITNESS.replace("{log}", str(log)).replace("{real}", str(real / name))
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("CUTTER_PG_BIN", str(folder))
    return log


def everything_kept(project: Wired) -> bytes:
    """Return every byte of ledger, kept content and plans."""
    found = b""
    for folder, _, files in os.walk(project.folder):
        for name in files:
            path = Path(folder, name)
            found += b"" if path == project.env else path.read_bytes()
    return found


def spoken(project: Wired, code: int, verb: str, *words: str) -> str:
    """Run a verb, check its exit code, and return all it said."""
    answer = project.cutter(verb, *words)
    assert answer.code == code, answer.out + answer.err
    return answer.out + answer.err


def test_evidence_counts_for_the_database_that_gave_it(project: Wired) -> None:
    path = project.governed(
        SCHEMA + "  - name: Tried\n    rehearsal: {where: copy, steps: [" + DOCUMENT + "]}\n"
    )
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: [tried]}"))
    project.apply(path)
    assert project.json("gaps")["gaps"][0]["status"] == "CLOSED"
    evidence = project.entries("evidence")[-1]
    assert evidence["observed"]["where"] == "copy"
    copy, source = evidence["observed"]["copy"], evidence["identity"]
    assert copy.split(":")[:2] == source.split(":")[:2]
    assert copy.split(":")[3].startswith("cutter_scratch_")
    project.wire(PORT="9")
    answer = project.cutter("gaps", "--json")
    assert "governed does not answer: its evidence counts as recorded" in answer.err
    assert json.loads(answer.out)["as_recorded"] == ["governed"]
    assert json.loads(answer.out)["gaps"][0]["status"] == "CLOSED"
    project.wire(DB="postgres")
    now = project.json("gaps")
    assert now["as_recorded"] == []
    assert now["gaps"][0]["status"] == "OPEN"
    assert "another machine or database" in str(now["gaps"][0]["objectives"])


def before_anything_is_cut(project: Wired, own: str) -> Iterator[str]:
    """Do what needs no switch, and yield all that was said."""
    shipped = [project.shipped(name) for name in ("f2.yml", "gap6.yml")]
    schema = project.governed(SCHEMA, "schema")
    yield spoken(project, 0, "validate")
    yield spoken(project, 0, "plan", *shipped)
    yield spoken(project, 0, "apply", "--yes", schema)
    yield spoken(project, 0, "apply", "--yes", *shipped)
    yield spoken(project, 0, "verify", *shipped)
    yield spoken(project, 16, "apply", "--yes", own)


def the_cut_and_after(project: Wired, own: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Prove, cut, and look, and yield all that was said."""
    with project.switched_on(monkeypatch):
        proof = project.json("prove", own)
    assert [step["outcome"] for step in steps_of(proof)] == ["proved"] * 3
    yield str(proof)
    with project.switched_on(monkeypatch, "20260101T000001Z-abcdef"):
        yield spoken(project, 0, "apply", "--yes", own)
    yield spoken(project, 0, "verify", own)
    matrix = spoken(project, 0, "gaps", "--json")
    assert '"CLOSED"' in matrix
    yield matrix
    for words in (["doctor"], ["runs"], ["ledger", "verify"]):
        yield spoken(project, 0, *words)


def test_the_main_job_by_wiring(project: Wired, witnessed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = project.governed(STEPS)
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    said = [*before_anything_is_cut(project, own), *the_cut_and_after(project, own, monkeypatch)]
    assert project.rows("SELECT count(*) > 5 FROM cutter.information_unit") == [(True,)]

    log = Path(project.server.folder, "server.log").read_text(encoding="utf-8", errors="replace")
    seen = witnessed.read_text(encoding="utf-8", errors="replace")
    assert "fn_cut_open" in log
    assert {"pg_dump", "pg_restore"} <= set(re.findall("pg_[a-z]+", seen))
    for place, text in {"output": "".join(said), "log": log, "children": seen}.items():
        assert CANARY not in text, place
    assert "PGPASS" not in seen
    assert CANARY.encode() not in everything_kept(project)
    assert CANARY not in "".join(os.environ.values())
