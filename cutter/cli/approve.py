"""Sign a request, or a document, for a role: show it, ask, sign by your own gpg, check, write FILE.ROLE.sig.

The key is one that authority.yml pins for the role; the passphrase is asked by your own pinentry. Plain `gpg
--detach-sign` makes the same signature. A request that a person of another role, or its requester, may not
sign is refused (exit 15) before gpg is asked.
"""

from __future__ import annotations

import argparse
import os

from cutter.app.approving import Signing, prepare, sign
from cutter.app.planfile import read_plan
from cutter.app.planning import is_plan
from cutter.app.workspace import Choice, Workspace
from cutter.approvals.files import document_of, signature_file
from cutter.approvals.requests import is_request, parse_request
from cutter.cli import _options as options
from cutter.cli._asking import confirmed
from cutter.errors import ApprovalRefused, Interrupted, UsageError
from cutter.model.canonical import bytes_digest
from cutter.report.style import printable


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("file", metavar="FILE", help="a request, or a document")
    parser.add_argument("--role", required=True, metavar="ROLE", help="the role to sign for, such as SG_1")
    options.add_key(parser, "your")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--no-input", action="store_true", help="never ask: without --yes, refuse")
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Show, ask and sign; 0 when the signature is there."""
    if is_plan(args.file):
        command = f"cutter request {args.file} --key FINGERPRINT"
        raise UsageError("a plan is not signed, but a request of it", remedy=command)
    requested = is_request(args.file)
    workspace = Workspace(_choice(args, requested=requested))
    signing = prepare(workspace, args.file, args.role, options.key_of(args), is_request=requested)
    if not args.json:
        _show(signing)
    if not signing.done:
        if not confirmed(f"Sign this for {args.role} as {signing.approver.person}?", args):
            print("nothing was signed")
            return Interrupted.exit_code
        sign(signing)
    _tell(workspace, signing, args)
    return 0


def _choice(args: argparse.Namespace, *, requested: bool) -> Choice:
    """Return the environment: as told, or as the plan beside a request was made in."""
    chosen = options.choice(args)
    if chosen.inventory or not requested:
        return chosen
    try:
        named = parse_request(document_of(args.file), args.file).request.plan_file
        plan = os.path.join(os.path.dirname(args.file), os.path.basename(named))
        return read_plan(plan).choice if os.path.exists(plan) else chosen
    except ApprovalRefused:  # what is wrong with the file is said when it is judged
        return chosen


def _show(signing: Signing) -> None:
    if signing.request is not None:
        print(printable(signing.request.signed.decode().rpartition("\n\n")[0]))
    else:
        print(f"{signing.path}: {bytes_digest(signing.content)}\n")
        print(printable(signing.content.decode("utf-8", "replace")))
    print()
    for each in signing.signatories:
        print(f"signed for {each.role} by {each.person}, key {each.signed.fingerprint}")
    for note in signing.notes:
        print(f"note: {note}")


def _tell(workspace: Workspace, signing: Signing, args: argparse.Namespace) -> None:
    role = signing.approver.role
    signed = {role: signing.approver.person, **signing.signed}
    missing = [name for name in signing.missing if name != role]
    path = signature_file(signing.path, role)
    if args.json:
        told = {"version": 1, "file": signing.path, "digest": bytes_digest(signing.content)}
        options.print_json({**told, "signature": path, "signed": signed, "missing": missing})
        return
    already = "was signed already, nothing to do:" if signing.done else "is signed:"
    print(f"{role} {already} {path}, by {signed[role]}")
    for name in missing:
        command = workspace.command("approve", signing.path, "--role", name, "--key", "FINGERPRINT")
        print(f"next: {command}")
    if not missing and signing.request is not None:
        print(f"next: {workspace.command('apply', signing.path)}")
