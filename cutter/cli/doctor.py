"""Check this machine and an environment: versions, gpg, permissions, ledger, lock, guards, clock, space.

Each check that is not ok names its fix. Nothing is changed, not even where there is no ledger yet.
"""

from __future__ import annotations

import argparse

from cutter.app.doctor import examine
from cutter.cli import _options as options
from cutter.errors import ConfigurationError
from cutter.report.doctor_text import doctor_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Check, and return 0 when nothing failed, else 78."""
    choice = options.choice(args)
    checks = examine(choice)
    failed = sum(check.status == "fail" for check in checks)
    if args.json:
        told = [check._asdict() for check in checks]
        options.print_json({"version": 1, "inventory": choice.folder, "failed": failed, "checks": told})
    else:
        print(doctor_text(checks, colour=options.colour(args)))
    return ConfigurationError.exit_code if failed else 0
