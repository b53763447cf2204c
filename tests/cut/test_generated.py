"""A thousand documents nobody wrote: what goes in as units comes out as units, byte for byte."""

from __future__ import annotations

from typing import NamedTuple

from cut_texts import LAW, grammar, level, planned
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutter.cut import markdown
from cutter.cut.coverage import verify
from cutter.cut.cutplan import Cutplan
from cutter.cut.faults import Fault, InvalidSource
from cutter.cut.guard import INVISIBLE

FLAT = grammar(
    "markdown",
    level("article", "Article {1}. {title}", 2),
    level("clause", "Clause {a}. {title}", 3, within="article"),
    ignore=("rules", "comments", "title"),
)
LINES = grammar(
    "numbered",
    level("section", "{1}. {title}"),
    level("paragraph", "{1.1} {body}", within="section"),
    ignore=("rules", "comments", "title"),
)
# Letters that are easy to lose: combining marks, other scripts, wide ones, tabs, breaks that are none.
LETTERS = st.sampled_from(
    [
        *"abcxyzABC ,;!?'*_`>&",
        "\u00e9",
        "\u0301",
        "\u0434",
        "\u4e2d",
        "\U0001f600",
        "\t",
        "\u2028",
        "\x0c",
        "\xa0",
    ]
)
WORDS = st.text(LETTERS, min_size=1, max_size=30).map(lambda text: "W" + text + "w")
TITLES = WORDS.map(lambda text: text.replace("\t", " "))
BODIES = st.lists(WORDS, min_size=1, max_size=3)
BREAKS = st.sampled_from(["\n", "\r\n", "\r"])
BETWEEN = st.sampled_from(["", "\n", "\n\n", "  \n", "\t\n", "---\n\n", "***\n"])


class Unit(NamedTuple):
    title: str
    body: list[str]
    between: str
    parts: list[tuple[str, list[str]]]


UNITS = st.lists(
    st.builds(Unit, TITLES, BODIES, BETWEEN, st.lists(st.tuples(TITLES, BODIES), max_size=3)),
    min_size=1,
    max_size=6,
)


def covered(source: bytes, plan: Cutplan) -> None:
    """Hold the plan to its promises about the source, in ways that are not its own."""
    owners = bytearray(len(source))
    for start, end in [*(row.span for row in plan.rows), *(item[:2] for item in plan.ignorable)]:
        for at in range(start, end):
            owners[at] += 1
    assert owners == b"\1" * len(source)
    assert verify(source, plan) == ()
    for row in plan.rows:
        assert source[row.span.start : row.span.end].endswith(row.body.encode())
    assert len({row.unit_ref for row in plan.rows}) == len(plan.rows)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(UNITS, BREAKS, st.sampled_from(["", "\ufeff"]), st.booleans())
def test_markdown(units: list[Unit], newline: str, mark: str, last_break: bool) -> None:
    text, bodies = mark, []
    for number, unit in enumerate(units, 1):
        bodies.append(newline.join(unit.body))
        text += f"## Article {number}. {unit.title}\n\n" + "\n".join(unit.body) + "\n\n" + unit.between
        for letter, (title, body) in zip("abc", unit.parts, strict=False):
            bodies.append(newline.join(body))
            text += f"### Clause {letter}. {title}\n" + "\n".join(body) + "\n\n"
    text = text if last_break else text.rstrip("\n")
    source = text.replace("\n", newline).encode()
    plan = planned(source, FLAT)
    covered(source, plan)
    # a rule right below the text of an article, and line ends at the very end, are the only liberties taken
    assert [row.body for row in plan.rows] == bodies
    assert planned(source, FLAT) == plan


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(UNITS, BREAKS, st.sampled_from(["", "\ufeff"]))
def test_numbered_text(units: list[Unit], newline: str, mark: str) -> None:
    text, bodies = mark, []
    for number, unit in enumerate(units, 1):
        bodies.append(newline.join(unit.body))
        text += f"{number}. {unit.title}\n" + "\n".join(unit.body) + "\n" + unit.between
        for part, (_, body) in enumerate(unit.parts, 1):
            bodies.append(newline.join(body))
            text += f"{number}.{part} " + "\n".join(body) + "\n"
    source = text.replace("\n", newline).encode()
    plan = planned(source, LINES)
    covered(source, plan)
    assert [row.body for row in plan.rows] == bodies
    assert planned(source, LINES).pin == plan.pin


def planned_or_refused(source: bytes) -> Cutplan | tuple[Fault, ...]:
    try:
        return planned(source, LAW)
    except InvalidSource as invalid:
        return invalid.faults


PIECES = st.sampled_from(
    [
        "### Article 1. X\n",
        "### Article 2. Y\n",
        "## Section 1. Z\n",
        "\n",
        "text\n",
        "> quote\n",
        "- item\n",
        "1. one\n",
        "    code\n",
        "```\n",
        "~~~\n",
        "---\n",
        "===\n",
        "<!-- c -->\n",
        "<!--\n",
        "-->\n",
        "<div>\n",
        "</div>\n",
        "# T\n",
        "(1) a\n",
        "(2) b\n",
        "[a]: /b\n",
        "'t'\n",
        "\t\n",
        "\\\n",
        "| a |\n",
        "***\n",
        "  > - # x\n",
        "\ufeff",
        "x",
        "\r",
        "\r\n",
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=25), st.integers(1, 60))
def test_any_markdown_is_read_the_same_in_windows_and_covered_or_refused(parts: list[str], size: int) -> None:
    source = "".join(parts).encode()
    whole: list[Fault] = []
    some: list[Fault] = []
    assert list(markdown.pieces(source, LAW, some, size=size)) == list(
        markdown.pieces(source, LAW, whole, size=10**6)
    )
    assert some == whole
    found = planned_or_refused(source)
    if isinstance(found, Cutplan):
        covered(source, found)
        assert all(row.body.strip(INVISIBLE) for row in found.rows)
    else:
        assert all(fault.line >= 1 and fault.rule != "coverage" for fault in found)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=20), st.integers(0, 10**6), st.binary(min_size=1, max_size=3))
def test_any_change_is_seen(parts: list[str], where: int, instead: bytes) -> None:
    source = ("### Article 1. X\n\ntext\n\n### Article 2. Y\n\n" + "".join(parts) + "\n(1) text\n").encode()
    plan = planned_or_refused(source)
    if not isinstance(plan, Cutplan):
        return
    at = where % len(source)
    for changed in (
        source[:at] + source[at + 1 :],
        source[:at] + instead + source[at:],
        source[:at] + instead + source[at + 1 :],
    ):
        assert (verify(changed, plan) == ()) is (changed == source)
