"""Grammar files: what they say, and every mistake in them with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutter.language.grammars import load_grammar
from cutter.language.problems import InvalidDocuments
from cutter.language.strict_yaml import read_file

ROOT = Path(__file__).parents[2]
TOP = "apiVersion: cutter/v1\ndocument: law\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "law.grammar.yml"
    path.write_text(TOP + text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InvalidDocuments) as refused:
        load_grammar(written(tmp_path, text))
    return [f"{found.position.line} {found.where}: {found.what}" for found in refused.value.problems]


def test_everything_has_a_default(tmp_path: Path) -> None:
    text = "format: numbered\nlevels:\n  - {section_type: article, match: '{1}. {title}'}\n"
    text += "  - {section_type: point, match: ['({a}) {body}', '{a}. {body}']}\n"
    grammar = load_grammar(written(tmp_path, text))
    article, point = grammar.levels
    assert (article.kind, article.within, article.heading, article.first) == ("article", ("document",), 0, 1)
    assert (article.numbering, article.sequence, article.body) == ("restart", "strict", "required")
    assert (point.within, len(point.patterns)) == (("article",), 2)
    assert (grammar.preamble, grammar.ignore, grammar.expect) == (None, (), ())


def test_the_digest_is_of_what_decides_the_cut(tmp_path: Path) -> None:
    text = "format: numbered\nlevels:\n  - {section_type: article, match: '{1}. {title}'}\n"
    first = load_grammar(written(tmp_path, text)).digest
    assert load_grammar(written(tmp_path, "# a comment\n" + text)).digest == first
    assert load_grammar(written(tmp_path, text + "expect: {article: 3}\n")).digest == first
    assert load_grammar(written(tmp_path, text + "ignore: [rules]\n")).digest != first
    assert load_grammar(written(tmp_path, text.replace("{1}.", "{1})"))).digest != first


LEVEL = "  - {section_type: article, match: '{1}. {title}'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("format: markdown\nlevels: []\n", ["4 levels: "]),
        ("format: word\nlevels:\n" + LEVEL + "}\n", ["3 format: "]),
        ("format: markdown\nlevels:\n" + LEVEL + ", depth: 2}\n", ["5 levels[0].depth: "]),
        ("format: markdown\nlevels:\n" + LEVEL + ", heading: 7}\n", ["5 levels[0].heading: "]),
        (
            "format: numbered\nlevels:\n" + LEVEL + ", heading: 2}\n",
            ["5 levels[0].heading: numbered text has no"],
        ),
        (
            "format: markdown\nlevels:\n" + LEVEL + ", within: chapter}\n",
            ["5 levels[0].within: there is no level"],
        ),
        (
            "format: markdown\nlevels:\n" + LEVEL + "}\n" + LEVEL + "}\n",
            ["6 levels[1].section_type: the section type"],
        ),
        (
            "format: markdown\nlevels:\n  - {section_type: document, match: '{1}'}\n",
            ["5 levels[0].section_type: "],
        ),
        (
            "format: markdown\nlevels:\n  - {section_type: a, match: '{2} {x'}\n",
            ["5 levels[0].match: there is no place"],
        ),
        (
            "format: markdown\nlevels:\n  - {section_type: a, match: '{title}'}\n",
            ["5 levels[0].match: every line"],
        ),
        (
            "format: markdown\nlevels:\n  - {section_type: a, heading: 1, match: '{1} {body}'}\n",
            ["5 levels[0].match: a heading"],
        ),
        (
            "format: numbered\nlevels:\n  - {section_type: a, match: '{1.1} x', numbering: continuous}\n",
            ["5 levels[0].match: a dotted"],
        ),
        (
            "format: numbered\nlevels:\n" + LEVEL + "}\ntext: {lines: ['{1}. {title}']}\n",
            ["5 levels[0].match: the same"],
        ),
        (
            "format: numbered\nlevels:\n" + LEVEL + "}\ntext: {lines: ['{q}']}\n",
            ["6 text.lines[0]: there is no place"],
        ),
        (
            "format: numbered\nlevels:\n" + LEVEL + "}\nexpect: {artikel: 3}\n",
            ["6 expect.artikel: there is no level"],
        ),
        ("format: numbered\nlevels:\n" + LEVEL + "}\nexpect: {article: many}\n", ["6 expect.article: "]),
        (
            "format: numbered\nlevels:\n" + LEVEL + "}\nignore: [preamble]\npreamble: {title: P}\n",
            ["7 preamble: "],
        ),
        ("format: numbered\nlevels:\n" + LEVEL + "}\nignore: [blanks]\n", ["6 ignore[0]: "]),
        ("levels: 3\n", ["1 : format is missing", "3 levels: "]),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    found = problems(tmp_path, text)
    assert len(found) == len(expected), found
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True)), found


@pytest.mark.parametrize("path", sorted(ROOT.glob("**/*.grammar.yml")))
def test_every_grammar_of_the_project_is_valid_and_points_at_its_schema(path: Path) -> None:
    assert load_grammar(path).document_ref == path.name.removesuffix(".grammar.yml")
    first = path.read_text(encoding="utf-8").splitlines()[0]
    schema = path.parent / first.partition("$schema=")[2]
    assert schema.resolve() == ROOT / "schemas" / "grammar.schema.json"
    assert read_file(path).problems == ()
