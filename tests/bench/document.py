"""A document of any length to be cut: sections of ten articles, bodies of some six hundred bytes."""

from __future__ import annotations

from pathlib import Path

REF = "bench"
GRAMMAR = f"""\
apiVersion: cutter/v1
document: {REF}
format: markdown
ignore: [title]
levels:
  - {{section_type: section, heading: 2, match: "Section {{1}}. {{title}}", within: document}}
  - section_type: article
    heading: 3
    match: "Article {{1}}. {{title}}"
    within: section
    numbering: continuous
"""
_SENTENCE = "What is so, and what follows from it for whoever reads it, is said here, “in full”. "
_BODY = _SENTENCE * 7
_IN_A_SECTION = 11


def text_of(units: int) -> bytes:
    """Return a document of that many units."""
    return "".join(_unit(number) for number in range(units)).encode()


def write_document(folder: Path, units: int) -> tuple[Path, Path]:
    """Write a document and its grammar, and return their paths."""
    text, grammar = folder / "long.md", folder / "long.grammar.yml"
    text.write_bytes(text_of(units))
    grammar.write_text(GRAMMAR)
    return text, grammar


def _unit(number: int) -> str:
    section, place = divmod(number, _IN_A_SECTION)
    if place == 0:
        return f"## Section {section + 1}. Part {section + 1}\n\nOf part {section + 1}. {_BODY}\n\n"
    article = number - section
    return f"### Article {article}. Rule {article}\n\nRule {article}. {_BODY}\n\n"
