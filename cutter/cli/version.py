"""Print the version."""

from __future__ import annotations

import argparse

from cutter import __version__
from cutter.cli import _options as options


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Print it."""
    if args.json:
        options.print_json({"version": 1, "cutter": __version__})
    else:
        print(f"cutter {__version__}")
    return 0
