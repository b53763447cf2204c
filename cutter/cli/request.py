"""Ask for the approval of a plan: write, and sign, a request that says what a person must see.

PLAN is a file of `cutter plan RUNBOOK -o PLAN`, of one runbook. The request stands beside it, as
PLAN.request. Then each role of the rule in authority.yml signs it, `cutter approve REQUEST --role ROLE --key
FINGERPRINT`, and `cutter apply REQUEST` runs it, exactly and once.
"""

from __future__ import annotations

import argparse

from cutter.app.planfile import read_plan
from cutter.app.requesting import Wish, request, request_path
from cutter.app.workspace import Workspace
from cutter.approvals.requests import SignedRequest
from cutter.approvals.verdicts import roles_for
from cutter.cli import _options as options
from cutter.errors import UsageError
from cutter.report.style import printable


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("plan", metavar="PLAN", help="the file of a plan")
    parser.add_argument("-o", "--out", default="", metavar="FILE", help="the request (default PLAN.request)")
    options.add_key(parser, "the requester's")
    help_text = "how long it may be approved and run (default 24h, with --break-glass 1h)"
    parser.add_argument("--expires", default="", metavar="TIME", help=help_text)
    help_text = "how long the exact inverse of a cut needs no approval of its own (default 30d)"
    parser.add_argument("--revert-until", default="30d", metavar="TIME", help=help_text)
    help_text = "have one person of the role BREAK_GLASS approve it alone; needs --reason"
    parser.add_argument("--break-glass", action="store_true", help=help_text)
    help_text = "why, with --break-glass; opens a gap that only others close"
    parser.add_argument("--reason", default="", metavar="TEXT", help=help_text)
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Write the request and show it."""
    kept = read_plan(args.plan)
    workspace = Workspace(kept.choice._replace(inventory=args.inventory or kept.choice.inventory))
    out = request_path(args.plan, args.out)
    reason = _reason(args)
    expires = args.expires or ("1h" if reason else "24h")
    wish = Wish(args.plan, out, options.key_of(args), expires, args.revert_until, reason)
    given = request(workspace, wish)
    roles = roles_for(given.request, workspace.authority())
    steps = [workspace.command("approve", out, "--role", role, "--key", "FINGERPRINT") for role in roles]
    steps.append(workspace.command("apply", out))
    if args.json:
        options.print_json(_body(given, out, steps))
        return 0
    print(printable(given.signed.decode().rpartition("\n\n")[0]))
    print(f"\nwritten to {out} ({given.digest})")
    for step in steps:
        print(f"next: {step}")
    return 0


def _reason(args: argparse.Namespace) -> str:
    reason = " ".join(str(args.reason).split())
    if bool(reason) != bool(args.break_glass):
        raise UsageError("--break-glass and --reason TEXT belong together", remedy="say why: --reason TEXT")
    return reason


def _body(given: SignedRequest, path: str, steps: list[str]) -> dict[str, object]:
    asked = given.request
    return {
        "version": 1,
        "file": path,
        "request": given.digest,
        "plan": asked.facts.plan_digest,
        "requester": asked.requester,
        "created": asked.created,
        "expires": asked.expires,
        "revert_until": asked.revert_until,
        "nonce": asked.nonce,
        "next": steps,
    }
