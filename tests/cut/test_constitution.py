"""The fixture constitution: sixty units, and the pin that freezes them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cutter.cut.coverage import verify
from cutter.cut.cutplan import Cutplan, pin_of, pinned, plan
from cutter.cut.discover import FromFile
from cutter.language.grammars import load_grammar
from cutter.model.canonical import digest

HERE = Path(__file__).parent
DOCUMENTS = HERE.parents[1] / "runbooks" / "documents"
# The regression pin of the sixty rows. The pin d99a31d4... of the matrix's own constitution cannot be made
# again: its source text is not part of this project.
PIN = "v1:6299d0a8e5f618c3903d2f83bc686227dfd4ee9c76f3b5399cd155f984818651"


def cut(path: Path) -> Cutplan:
    grammar = load_grammar(path.with_suffix(".grammar.yml"))
    return plan(FromFile(grammar.document_ref, str(path)).discover(grammar))


@pytest.fixture(scope="module")
def constitution() -> Cutplan:
    return cut(HERE / "constitution.md")


def test_the_pin_is_frozen(constitution: Cutplan) -> None:
    assert constitution.pin == PIN


def test_the_pin_is_the_canonical_digest_of_the_rows(constitution: Cutplan) -> None:
    assert digest("cutplan", [pinned(row) for row in constitution.rows]) == PIN
    for name in ("title", "unit_kind", "body_hash", "unit_ref", "owner_ref", "parent_ref", "section_type"):
        values: dict[str, Any] = {name: "x"}
        changed = (
            *constitution.rows[:9],
            constitution.rows[9]._replace(**values),
            *constitution.rows[10:],
        )
        assert pin_of(changed) != PIN


def test_fifteen_principles_three_sections_forty_two_articles(constitution: Cutplan) -> None:
    assert dict(constitution.counts) == {"principle": 15, "section": 3, "article": 42}
    refs = [row.unit_ref for row in constitution.rows]
    assert [row.ordinal for row in constitution.rows] == list(range(1, 61))
    assert refs[:3] == ["principle_1", "principle_2", "principle_3"]
    assert refs[15:18] == ["sec_1", "art_1", "art_2"]
    assert refs[-1] == "art_42"
    assert {row.parent_ref for row in constitution.rows} == {None, "sec_1", "sec_2", "sec_3"}


def test_bodies_are_the_bytes_of_the_source(constitution: Cutplan) -> None:
    source = (HERE / "constitution.md").read_bytes()
    by_ref = {row.unit_ref: row for row in constitution.rows}
    assert by_ref["art_13"].body.endswith("| closed | decided and recorded |")
    assert by_ref["art_34"].body.count("```") == 2
    for row in constitution.rows:
        body = row.body.encode()
        assert source[row.span.end - len(body) : row.span.end] == body
    assert verify(source, constitution) == ()


def test_what_is_ignored_was_declared(constitution: Cutplan) -> None:
    whys = [item.why for item in constitution.ignorable if item.why != "blank"]
    assert whys == ["front matter", "title", "comments", "rules", "rules", "rules"]


def test_the_documents_beside_the_runbooks() -> None:
    room, rota = cut(DOCUMENTS / "reading-room.md"), cut(DOCUMENTS / "coffee-rota.txt")
    assert dict(room.counts) == {"preamble": 1, "article": 4, "paragraph": 4}
    assert [row.unit_ref for row in room.rows][:4] == ["preamble", "art_1", "art_1__para_1", "art_1__para_2"]
    assert dict(rota.counts) == {"section": 3, "paragraph": 4, "clause": 5}
    assert rota.rows[4].unit_ref == "sec_1__para_1-2__cl_b"
    assert rota.rows[4].parent_ref == "sec_1__para_1-2"
    heading_alone = next(row for row in rota.rows if row.unit_ref == "sec_2")
    assert (heading_alone.title, heading_alone.body) == ("Duties", "2. Duties")


SCRIPT = """
import sys
sys.path[:0] = sys.argv[1:3]
from cut_texts import LAW, RULES, planned
law = "\\ufeff# T\\r\\n\\r\\n## Section 1. A\\r\\n\\r\\n"
law += "### Article 1. \\u00dcb\\u0065\\u0301r \\U0001f600\\r\\n\\r\\nx\\r\\n\\r\\n"
law += "(1) a\\tb\\r\\n\\r\\n(2) \\u1e9e\\r\\n"
print(planned(law, LAW).pin, planned("T\\n1. A\\n1.1 y\\n(a) z\\n", RULES).pin)
"""


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_python_makes_the_same_pins(version: str) -> None:
    import markdown_it

    installed = Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")
    found = next(map(str, installed), None) or shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"there is no python{version} here")
    packages = str(Path(markdown_it.__file__).parents[1])
    words = [str(HERE.parent), str(HERE.parents[1])]
    environment = {"PYTHONPATH": packages, "PATH": "/usr/bin:/bin"}

    def made(python: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-c", SCRIPT, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    here, there = made(sys.executable), made(found)
    assert here.returncode == 0, here.stderr
    assert (there.stdout, there.stderr) == (here.stdout, "")
