"""The matrix in its three forms and in detail, compared with what stands beside this file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from gap_cases import NOW, gap, matrix, objective, record, scope

from cutter.model.gaps import Baseline, GapState, MatrixStatus, RunbookScope, fold
from cutter.report import gap_words, ledger_findings, matrix_terminal
from cutter.report.gap_detail import gap_text
from cutter.report.matrix_json import matrix_body
from cutter.report.matrix_markdown import matrix_markdown
from cutter.report.matrix_terminal import print_matrix

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture
def status() -> MatrixStatus:
    """Return gaps that are closed, reopened, rehearsed, waiting, without objectives and without runbook."""
    attested = Baseline("PARTIAL", "contract CLOSED, proven", "2026-05-21")
    gaps = (
        gap(
            "F1",
            objective("a.yml", ("one",)),
            title="all of it | end-to-end",
            post=attested,
            reason="needs F4",
        ),
        gap(
            "F2", objective("a.yml"), finding="found here\n", done="- done\n- and done\n", residue="- left\n"
        ),
        gap("F3", objective("p.yml", ("three",)), blocks="no", reason=""),
        gap(
            "F4",
            objective("f4.yml"),
            blocks="recommended",
            reason="before run",
            requires=("F3",),
            venue="VPS",
        ),
        gap("GAP5", next_package="install -d -m 0750 /x\n# `then` |this|\n"),
        gap("GAP6", objective("f4.yml"), objective("a.yml", ("one",), proof=True)),
    )
    scopes = {
        "a.yml": scope("one", "two"),
        "p.yml": scope("three", name="p"),
        "f4.yml": RunbookScope("", exists=False),
    }
    records = [
        *(record(seq, step) for seq, step in enumerate(("one", "two"), start=2)),
        record(5, "two", "drifted", keys=("mode",), reason="mode is 0777, declared 0750 \x1b[31m*<b>*"),
        record(6, "three", "proved", runbook="p"),
    ]
    command = "cutter apply -i inventory/sandbox"
    return fold(matrix(*gaps), scopes, records, "proof", NOW, command=command)


def golden(name: str, text: str) -> None:
    assert text == (HERE / name).read_text(encoding="utf-8")


def test_markdown(status: MatrixStatus) -> None:
    golden("matrix.md", matrix_markdown(status, sandbox=False))


def test_markdown_of_a_sandbox_says_so(status: MatrixStatus) -> None:
    told = matrix_markdown(status, sandbox=True)
    assert told.startswith("# SANDBOX: Gap closure matrix")
    assert "**SANDBOX: nothing here counts in another environment.**" in told
    assert told.count("SANDBOX") - matrix_markdown(status, sandbox=False).count("SANDBOX") == 2


def test_plain_text(status: MatrixStatus) -> None:
    out = io.StringIO()
    print_matrix(status, colour=False, stream=out)
    golden("matrix.txt", out.getvalue())


def test_a_wide_terminal_gets_a_table_in_colour(
    status: MatrixStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix_terminal, "_width", lambda _: 120)
    out = io.StringIO()
    print_matrix(status, colour=True, stream=out)
    assert "\x1b[1;32mCLOSED\x1b[0m" in out.getvalue()
    assert "\x1b[1;33mPARTIAL (reopened)\x1b[0m" in out.getvalue()
    assert "\x1b[1;31mOPEN\x1b[0m" in out.getvalue()
    assert "\x1b[31m*" not in out.getvalue(), "what a target said cannot colour"


def test_detail(status: MatrixStatus) -> None:
    golden("gaps.txt", "\n\n".join(gap_text(gap, colour=False) for gap in status.gaps) + "\n")


def test_json(status: MatrixStatus) -> None:
    body = matrix_body(status, sandbox=False)
    golden("matrix.json", json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    assert (body["version"], body["environment"]) == (1, "proof")
    assert [(gap["id"], gap["status"]) for gap in body["gaps"]][:2] == [("F1", "CLOSED"), ("F2", "PARTIAL")]


def test_the_summary_counts_and_names_what_blocks(status: MatrixStatus) -> None:
    assert gap_words.summary(status) == (
        "Of 6 gaps, 1 CLOSED, 3 PARTIAL and 2 OPEN. Reopened: F2. "
        "The first production run is blocked by F2, GAP5 and GAP6."
    )
    only = fold(matrix(gap("G", blocks="no")), {}, [], "proof", NOW)
    assert gap_words.summary(only).endswith("The first production run is blocked by no gap.")


class Found:
    def __init__(self, seq: int) -> None:
        self.fault = "edited"
        self.message = f"entry {seq} was edited\x1b[2J"


def test_findings_are_counted_and_the_first_ones_told() -> None:
    told = ledger_findings.findings_text(
        [Found(seq) for seq in range(30)], entries=40, head="v1:ab", colour=False
    )
    lines = told.split("\n")
    assert (lines[0], lines[-1], len(lines)) == ("the ledger does not verify: 30 edited", "  and 10 more", 22)
    assert lines[1] == "  edited    entry 0 was edited\\x1b[2J"
    sound = ledger_findings.findings_text([], entries=40, head="v1:ab", colour=False)
    assert sound == "40 entries, every link holds; head v1:ab"


# The declared matrix is the one that was handed over, word for word.

ROLL_UP = """\
| F1 | PARTIAL | PARTIAL (psycopg residue CLOSED) | yes — method bodies need GAP7 |
| F2 | OPEN | PARTIAL (contract CLOSED, real-DB-proven) | yes — live-text sourcing residual |
| F3 | OPEN | OPEN (sharpened — needs design ruling) | yes — leg_b/verify writers |
| F4 | OPEN | OPEN | yes — backup mandatory pre-write |
| GAP5 | OPEN | OPEN | yes — runtime dirs/config |
| GAP6 | OPEN | OPEN | recommended before run |
| GAP7 | OPEN | OPEN | yes — the authorising gate |
| GAP8 | OPEN | OPEN | yes — needs a target |
"""


def test_the_declared_matrix_has_the_roll_up_it_carries_on() -> None:
    document = yaml.safe_load((ROOT / "runbooks" / "gap-matrix.yml").read_text(encoding="utf-8"))
    rows = []
    for item in document["gaps"]:
        pre, post = item["baseline"]["pre"], item["baseline"]["post"]
        declared = gap(
            item["id"],
            blocks=item["blocks_first_production_run"],
            reason=item["reason"],
            pre=Baseline(pre["status"], pre.get("note", "")),
            post=Baseline(post["status"], post.get("note", "")),
        )
        cells = (
            gap_words.attested(declared.pre),
            gap_words.attested(declared.post),
            gap_words.blocks(declared),
        )
        rows.append(f"| {item['id']} | {' | '.join(cells)} |")
        assert item["next_package"].strip()
        assert item["objectives"]
        assert not {state.value for state in GapState} & {str(item.get("status"))}
    assert "\n".join(rows) + "\n" == ROLL_UP


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("width", "last"), [(200, "Title"), (112, "Blocks first production run?"), (60, "Now")]
)
def test_a_terminal_gets_the_columns_it_has_room_for(
    status: MatrixStatus, monkeypatch: pytest.MonkeyPatch, width: int, last: str
) -> None:
    monkeypatch.setattr(matrix_terminal, "_width", lambda _: width)
    out = Terminal()
    print_matrix(status, colour=False, stream=out)
    assert out.getvalue().splitlines()[0].endswith(last)
