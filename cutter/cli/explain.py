"""Explain an exit code: what it means, what the world looks like, and what can raise it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from inspect import cleandoc

from cutter.cli import _options as options
from cutter.errors import EXIT_CODES, CutterError, ExitCode, UsageError

_HOSTS_OWN = (10, 11, 12, 19, 20, 22, 69, 77)
_OF_MANY = (
    "Of several hosts it is the worst one's code, and speaks of that host; the run's summary tells of each."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "code", nargs="?", default="", metavar="CODE", help="an exit code; without it, the table"
    )
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Print one manual entry, or all codes. Raises UsageError for a code that cutter never gives."""
    if not args.code:
        return _table(args)
    row = next((row for row in EXIT_CODES if str(row.code) == args.code), None)
    if row is None:
        raise UsageError(f"cutter never ends with {args.code!r}", remedy="cutter explain")
    entries = [cleandoc(leaf.__doc__ or "") for leaf in leaves() if leaf.exit_code == row.code]
    if args.json:
        options.print_json({"version": 1, **row._asdict(), "manual": entries})
        return 0
    print(f"exit {row.code}: {row.title}\nthe world: {row.world}")
    for entry in entries:
        print(f"\n{entry}")
    if row.code in _HOSTS_OWN:
        print(f"\n{_OF_MANY}")
    return 0


def markdown_table(rows: tuple[ExitCode, ...] = EXIT_CODES) -> str:
    """Return the table as the README shows it."""
    lines = ["| Code | Meaning | The world |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.code} | {row.title} | {row.world} |" for row in rows)]) + "\n"


def leaves(root: type[CutterError] = CutterError) -> Iterator[type[CutterError]]:
    """Yield the tree of complaints, each class before its kinds."""
    yield root
    for kind in root.__subclasses__():
        yield from leaves(kind)


def _table(args: argparse.Namespace) -> int:
    if args.json:
        options.print_json({"version": 1, "codes": [row._asdict() for row in EXIT_CODES]})
    else:
        print("\n".join(f"{row.code:>3}  {row.title}; {row.world}" for row in EXIT_CODES))
    return 0
