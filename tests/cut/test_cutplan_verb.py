"""`cutter cutplan`: the tree, the counts and the pin; the same bytes every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import cutter

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROTA = str(ROOT / "runbooks" / "documents" / "coffee-rota.txt")
SHOWN = """\
coffee-rota version 1
  sec_1  41 bytes  Turns
    sec_1__para_1-1  43 bytes  1.1
    sec_1__para_1-2  38 bytes  1.2
      sec_1__para_1-2__cl_a  36 bytes  (a)
      sec_1__para_1-2__cl_b  57 bytes  (b)
  sec_2  9 bytes  Duties
    sec_2__para_2-1  63 bytes  2.1
    sec_2__para_2-2  29 bytes  2.2
      sec_2__para_2-2__cl_a  8 bytes  (a)
      sec_2__para_2-2__cl_b  11 bytes  (b)
      sec_2__para_2-2__cl_c  11 bytes  (c)
  sec_3  66 bytes  Beans

units    12 (3 section, 4 paragraph, 5 clause)
source   sha256:99d026c1ed81cb88ada9ef05d2cf4ed00004ce11673be359698b94fb75279840
grammar  v1:7142df3607e7505649eac300fb380bcda317b2766994750c6236b8b415184a22
pin      v1:485696c08c1d9b91887fe1d3452db764bfacd7378c5413655a86ef434dbf757d
"""


def test_the_tree_the_counts_and_the_pin() -> None:
    found = cutter("cutplan", ROTA)
    assert (found.code, found.out, found.err) == (0, SHOWN, "")


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_the_bytes_are_the_same_in_every_process(words: list[str]) -> None:
    command = [sys.executable, "-m", "cutter", "cutplan", str(HERE / "constitution.md"), *words]
    outputs = {
        subprocess.run(
            command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, cwd=ROOT
        ).stdout
        for seed in ("1", "2", "33")
    }
    assert len(outputs) == 1


def test_json_has_everything_but_the_bodies() -> None:
    body = json.loads(cutter("cutplan", str(HERE / "constitution.md"), "--json").out)
    assert body["version"] == 1
    assert body["counts"] == {"principle": 15, "section": 3, "article": 42}
    assert len(body["rows"]) == 60
    assert set(body["rows"][0]) == {
        "ordinal",
        "unit_kind",
        "section_type",
        "title",
        "owner_ref",
        "parent_ref",
        "unit_ref",
        "span",
        "body_hash",
    }
    assert body["document"]["ref"] == "constitution"


def test_expect_stands_for_the_counts_of_the_grammar() -> None:
    assert cutter("cutplan", ROTA, "--expect", "section=3,paragraph=4,clause=5").code == 0
    found = cutter("cutplan", ROTA, "--expect", "section=3,paragraph=5")
    assert found.code == 65
    assert "count: 4 of section type paragraph; 5 expected" in found.err
    assert "count: 5 of section type clause; 0 expected" in found.err


@pytest.mark.parametrize("words", ["section", "section=", "section=x", "=3", "section=1,section=1", "a=-1"])
def test_expect_that_makes_no_sense(words: str) -> None:
    assert cutter("cutplan", ROTA, "--expect", words).code == 64


def test_a_refused_document_is_told_with_every_line(tmp_path: Path) -> None:
    document = tmp_path / "rota.txt"
    document.write_text("T\n1. A\nx\n3. B\nO4-DRYRUN-SHADOW\n2. C\n", encoding="utf-8")
    found = cutter("cutplan", str(document), "--grammar", ROTA.replace(".txt", ".grammar.yml"))
    assert found.code == 65
    assert found.out == ""
    for told in (":4: jump: ", ":4: placeholder: ", ":6: backwards: ", ":6: empty-body: ", ":6: count: "):
        assert f"{document}{told}" in found.err


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert cutter("cutplan", str(tmp_path / "none.md")).code == 65
    grammar = ROTA.replace(".txt", ".grammar.yml")
    found = cutter("cutplan", str(tmp_path / "none.md"), "--grammar", grammar)
    assert (found.code, "cannot read" in found.err) == (65, True)
    assert cutter("cutplan", str(tmp_path), "--grammar", grammar).code == 65


def test_a_title_cannot_move_the_cursor(tmp_path: Path) -> None:
    document = tmp_path / "rota.txt"
    document.write_text("T\n1. A\x1b[2Jb\nx\n", encoding="utf-8")
    found = cutter(
        "cutplan", str(document), "--grammar", ROTA.replace(".txt", ".grammar.yml"), "--expect", "section=1"
    )
    assert (found.code, "A\\x1b[2Jb" in found.out, "\x1b" in found.out) == (0, True, False)
