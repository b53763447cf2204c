"""Show how a document would be cut: the tree of its units, their counts and the pin. Contacts nothing.

The grammar stands beside the document as NAME.grammar.yml unless --grammar names it. Whatever is ambiguous in
the document is refused, every place with its line.
"""

from __future__ import annotations

import argparse
import os

from cutter.cli import _options as options
from cutter.errors import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("document", metavar="DOC", help="the document, in Markdown or plain numbered text")
    beside = "its grammar; NAME.grammar.yml beside it when missing"
    parser.add_argument("--grammar", default="", metavar="FILE", help=beside)
    counts = "the counts there must be, over the grammar's own: principle=15,section=3,article=42"
    parser.add_argument("--expect", default="", metavar="COUNTS", help=counts)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Plan and print. Raises InvalidDocument (65) for a grammar or document that cannot be accepted."""
    from cutter.cut.cutplan import plan
    from cutter.cut.discover import FromFile
    from cutter.cut.telling import quiet
    from cutter.language.grammars import load_grammar
    from cutter.report.cutplan_text import cutplan_body, cutplan_lines

    expect = _expected(args.expect)
    grammar = load_grammar(args.grammar or _beside(args.document))
    cutplan = plan(FromFile(grammar.document_ref, args.document).discover(grammar, expect))
    quiet()
    if args.json:
        options.print_json(cutplan_body(cutplan))
    else:
        for line in cutplan_lines(cutplan):
            print(line)
    return 0


def _beside(document: str) -> str:
    return f"{os.path.splitext(document)[0]}.grammar.yml"


def _expected(words: str) -> tuple[tuple[str, int], ...]:
    """Return the counts of ``type=number`` pairs joined by commas. Raises UsageError."""
    found: dict[str, int] = {}
    for word in filter(None, words.split(",")):
        name, _, count = word.strip().partition("=")
        if not name or not (count.isascii() and count.isdigit()) or name in found:
            raise UsageError(f"--expect has {word!r}", remedy="--expect principle=15,section=3,article=42")
        found[name] = int(count)
    return tuple(found.items())
