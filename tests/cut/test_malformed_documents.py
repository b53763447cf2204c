"""Documents that must be refused: each with every line and rule, and nothing else."""

from __future__ import annotations

import pytest
from cut_texts import LAW, PREAMBLE, RULES, grammar, level, planned, rules

from cutter.cut.faults import InvalidSource
from cutter.cut.grammar import Grammar

A = "### Article {}. Title {}\n\nText.\n\n"


def articles(*numbers: object) -> str:
    return "".join(A.format(number, number) for number in numbers)


PLAIN = grammar("markdown", level("article", "Article {1}. {title}", 3))
LETTERED = grammar("numbered", level("point", "({a}) {body}"), level("item", "({i}) {body}", within="point"))
ROMAN = grammar("markdown", level("part", "Part {I}. {title}", 1))
INSERTED = grammar("markdown", level("article", "Article {1A}. {title}", 3))
SCHEDULE = grammar("numbered", level("schedule", "Schedule {1}: {title}"))
BARE = grammar("markdown", level("part", "Part {1}", 1, body="none"), level("a", "A {1}", 2, within="part"))
TWO = grammar("markdown", level("article", "{1}. {title}", 2), level("rule", "{1}. Rule", 2))
EXPECTED = (("article", 2),)

MARKDOWN: list[tuple[str, Grammar, str, list[tuple[int, str]]]] = [
    ("jumps", LAW, articles(1, 3), [(5, "jump")]),
    ("jumps twice", LAW, articles(1, 3, 5), [(5, "jump"), (9, "jump")]),
    ("repeats", LAW, articles(1, 1), [(5, "repeat")]),
    ("goes backwards", LAW, articles(1, 2, 1), [(9, "backwards")]),
    ("does not start at one", LAW, articles(2, 3), [(1, "jump")]),
    ("starts at zero", LAW, articles(0, 1), [(1, "jump")]),
    ("a leading zero", LAW, articles("01"), [(1, "undeclared")]),
    ("an undeclared heading", LAW, articles(1) + "#### Note\n\nx\n", [(5, "undeclared")]),
    ("a misspelt heading", LAW, articles(1) + "### Artcle 2. Y\n\nx\n", [(5, "undeclared")]),
    ("a heading without its dot", LAW, articles(1) + "### Article 2 Y\n\nx\n", [(5, "undeclared")]),
    ("a heading without a title", LAW, articles(1) + "### Article 2.\n\nx\n", [(5, "undeclared")]),
    ("a heading of the wrong depth", LAW, "## Article 1. X\n\nx\n", [(1, "undeclared")]),
    ("a title that shows nothing", LAW, "### Article 1. \u200b\n\nText.\n", [(1, "empty-title")]),
    ("an empty heading", LAW, articles(1) + "###\n\nx\n", [(5, "undeclared")]),
    ("another case", LAW, articles(1) + "### ARTICLE 2. Y\n\nx\n", [(5, "undeclared")]),
    ("a no-break space", LAW, articles(1) + "### Article\xa02. Y\n\nx\n", [(5, "undeclared")]),
    ("digits of another script", LAW, articles(1) + "### Article ٢. Y\n\nx\n", [(5, "undeclared")]),
    ("a second title", LAW, "# T\n\n" + articles(1) + "# T\n\nx\n", [(7, "undeclared")]),
    ("no body", LAW, "### Article 1. X\n\n" + A.format(2, "Y"), [(1, "empty-body")]),
    ("no body at the end", LAW, articles(1) + "### Article 2. Y\n", [(5, "empty-body")]),
    ("a body of blanks", LAW, "### Article 1. X\n\n \t \n", [(1, "empty-body")]),
    ("a body of no-break spaces", LAW, "### Article 1. X\n\n\xa0\u200b\n", [(1, "empty-body")]),
    ("a body of comments", LAW, "### Article 1. X\n\n<!-- later -->\n", [(1, "empty-body")]),
    ("a body of rules", LAW, "### Article 1. X\n\n---\n\n***\n", [(1, "empty-body")]),
    ("a section without articles", LAW, "## Section 1. X\n\n## Section 2. Y\n\nText.\n", [(1, "empty-body")]),
    ("text before units", LAW, "Hello.\n\n" + articles(1), [(1, "preamble")]),
    ("text after the title", LAW, "# T\n\nHello.\n\n" + articles(1), [(3, "preamble")]),
    ("nothing at all", LAW, "", [(1, "no-units")]),
    ("only blank lines", LAW, "\n\n\n", [(1, "no-units")]),
    ("only text", LAW, "Just text.\n", [(1, "preamble")]),
    ("an open code block", LAW, articles(1) + "```\ncode\n\n" + articles(2), [(5, "unclosed")]),
    ("a code block closed too shortly", LAW, articles(1) + "````\ncode\n```\n", [(5, "unclosed")]),
    ("an open comment", LAW, articles(1) + "<!-- hidden\n\n" + articles(2), [(5, "unclosed")]),
    ("open front matter", LAW, "---\ntitle: x\n", [(1, "unclosed"), (2, "preamble")]),
    ("a heading in a quotation", LAW, articles(1) + "> ### Article 2. Y\n>\n> Text.\n", [(5, "hidden")]),
    ("a heading in a list", LAW, articles(1) + "- ### Article 2. Y\n", [(5, "hidden")]),
    ("a heading over two lines", LAW, "Article 1. X\nand more\n===\n\nText.\n", [(1, "ambiguous")]),
    ("an undeclared underlined heading", LAW, articles(1) + "Some words\n---\n\nmore\n", [(5, "undeclared")]),
    ("two levels alike", TWO, "## 1. Rule\n\nText.\n", [(1, "ambiguous")]),
    ("a section below nothing", LAW, articles(1) + "## Section 2. Y\n\nText.\n", [(5, "jump")]),
    ("a paragraph outside articles", LAW, "## Section 1. X\n\n(1) Text.\n", [(3, "nesting")]),
    ("paragraphs jump", LAW, articles(1) + "(1) a\n\n(3) b\n", [(7, "jump")]),
    ("paragraphs repeat", LAW, articles(1) + "(1) a\n\n(1) b\n", [(7, "repeat")]),
    (
        "paragraphs go on in another article",
        LAW,
        articles(1) + "(1) a\n\n" + articles(2) + "(2) b\n",
        [(11, "jump")],
    ),
    ("an empty paragraph", LAW, articles(1) + "(1)\n\n(2) b\n", [(5, "empty-body")]),
    ("an undeclared list", LAW, articles(1) + "1. one\n2. two\n", [(5, "undeclared"), (6, "undeclared")]),
    ("an undeclared letter", LAW, articles(1) + "(A) one\n", [(5, "undeclared")]),
    ("an undeclared paragraph sign", LAW, articles(1) + "§ 4 one\n", [(5, "undeclared")]),
    ("roman numbers jump", ROMAN, "# Part I. X\n\nText.\n\n# Part III. Y\n\nText.\n", [(5, "jump")]),
    ("no roman number", ROMAN, "# Part I. X\n\nText.\n\n# Part IIII. Y\n\nText.\n", [(5, "undeclared")]),
    ("letters jump", INSERTED, articles(1, "1A", "1C"), [(9, "jump")]),
    ("letters without their number", INSERTED, articles(1, "2A"), [(5, "jump")]),
    ("text where none may be", BARE, "# Part 1\n\nText.\n\n## A 1\n\nText.\n", [(1, "unexpected-body")]),
    ("a placeholder", LAW, "### Article 1. X\n\nO4-DRYRUN-SHADOW\n", [(1, "placeholder")]),
    ("a placeholder title", LAW, "### Article 1. TBD\n\nText.\n", [(1, "placeholder")]),
    (
        "two placeholders",
        LAW,
        "### Article 1. TODO\n\n[insert text]\n",
        [(1, "placeholder"), (1, "placeholder")],
    ),
    ("not UTF-8", LAW, "", [(3, "encoding")]),
    ("a NUL character", LAW, "### Article 1. X\n\na\0b\n", [(3, "encoding")]),
    (
        "all at once",
        LAW,
        "x\n\n" + articles(1, 3, 3) + "#### y\n",
        [(1, "preamble"), (7, "jump"), (11, "repeat"), (15, "undeclared")],
    ),
]
NUMBERED: list[tuple[str, Grammar, str, list[tuple[int, str]]]] = [
    ("sections jump", RULES, "1. A\nx\n3. B\nx\n", [(3, "jump")]),
    ("sections repeat", RULES, "1. A\nx\n1. B\nx\n", [(3, "repeat")]),
    ("sections go backwards", RULES, "1. A\nx\n2. B\nx\n1. C\nx\n", [(5, "backwards")]),
    (
        "a year at the start of a line",
        RULES,
        "1. A\nbegun in\n1990. It went on.\n",
        [(3, "jump"), (3, "empty-body")],
    ),
    ("a paragraph of another section", RULES, "1. A\nx\n2. B\n1.1 y\n", [(4, "nesting")]),
    ("a paragraph before any section", RULES, "T\n1.1 y\n", [(2, "nesting")]),
    ("paragraphs jump deep down", RULES, "1. A\n1.1 y\n1.3 z\n", [(3, "jump")]),
    ("a number too deep", RULES, "1. A\n1.1 y\n1.1.1 z\n", [(3, "undeclared")]),
    ("a bracket undeclared", RULES, "1. A\n1.1 y\n1) z\n", [(3, "undeclared")]),
    ("a roman number undeclared", RULES, "1. A\n1.1 y\nIV. z\n", [(3, "undeclared")]),
    ("clauses jump", RULES, "1. A\n1.1 y\n(a) z\n(c) z\n", [(4, "jump")]),
    ("clauses start late", RULES, "1. A\n1.1 y\n(b) z\n", [(3, "jump")]),
    ("a clause outside paragraphs", RULES, "1. A\nx\n(a) z\n", [(3, "nesting")]),
    ("an empty clause", RULES, "1. A\n1.1 y\n(a)\n(b) z\n", [(3, "empty-body")]),
    ("text before sections", RULES, "T\nmore\n1. A\nx\n", [(2, "preamble")]),
    (
        "(i) after (h): a letter or a part",
        LETTERED,
        "".join(f"({c}) x\n" for c in "abcdefgh") + "(i) y\n",
        [(9, "ambiguous")],
    ),
    ("a near miss", SCHEDULE, "Schedule 1: X\ntext\nSchedule 2 Y\ntext\n", [(3, "undeclared")]),
    ("a near miss in capitals", SCHEDULE, "Schedule 1: X\ntext\nSCHEDULE II\ntext\n", [(3, "undeclared")]),
    ("a carriage return alone counts as a line", RULES, "1. A\rx\r3. B\rx\r", [(3, "jump")]),
    ("CRLF counts once", RULES, "1. A\r\nx\r\n3. B\r\nx\r\n", [(3, "jump")]),
]
CASES = [*MARKDOWN, *NUMBERED]


def test_there_are_enough_of_them() -> None:
    assert len({name for name, *_ in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize(("name", "found", "text", "expected"), CASES, ids=[case[0] for case in CASES])
def test_refused(name: str, found: Grammar, text: str, expected: list[tuple[int, str]]) -> None:
    content = b"### Article 1. X\n\nT\xe9xt.\n" if name == "not UTF-8" else text.encode()
    assert rules(content, found) == sorted(expected)


@pytest.mark.parametrize(
    ("expect", "refused"),
    [
        ((("article", 2),), []),
        ((("article", 3),), [(7, "count")]),
        ((("article", 1),), [(7, "count")]),
        ((("section", 1), ("article", 2)), [(7, "count")]),
        ((("section", 1),), [(7, "count"), (7, "count")]),
    ],
)
def test_counts(expect: tuple[tuple[str, int], ...], refused: list[tuple[int, str]]) -> None:
    text = articles(1, 2).rstrip("\n") + "\n"
    if refused:
        assert rules(text, LAW, expect) == refused
    else:
        assert planned(text, LAW, expect).counts == {"article": 2}


def test_counts_of_the_grammar_are_overridden_whole() -> None:
    strict = LAW._replace(expect=(("article", 5),))
    assert rules(articles(1), strict) == [(3, "count")]
    assert planned(articles(1), strict, (("article", 1),)).counts == {"article": 1}


def test_a_preamble_that_is_a_unit_still_hides_no_misspelt_heading() -> None:
    lenient = PLAIN._replace(preamble=PREAMBLE)
    assert rules("Hello.\n\n### Artikel 1. X\n\nText.\n\n### Article 1. Y\n\nText.\n", lenient) == [
        (3, "undeclared")
    ]


def test_a_message_has_an_end() -> None:
    with pytest.raises(InvalidSource) as refused:
        planned(articles(*[1] * 301), LAW)
    assert len(refused.value.faults) == 300
    assert str(refused.value).splitlines()[-1] == "and 100 more"


def test_a_message_names_the_file_the_line_and_the_rule() -> None:
    from cut_texts import faults

    assert faults(articles(1, 4), LAW)[0].what == "article 4 comes after article 1"
