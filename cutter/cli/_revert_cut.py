"""Revert one cut: show it whole, refuse, ask, prove, take it back, say what a fresh look found."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import Any

from cutter.app.applying import WritingSession, new_run_id, writing
from cutter.app.interrupts import graceful_stop
from cutter.app.inverse_authority import switched_on_for
from cutter.app.reverting_cut import (
    CutRevert,
    plan_cut_revert,
    prove_cut_revert,
    refuse_cut_revert,
    revert_cut,
    settle_cut,
)
from cutter.app.reverting_names import CutNamed, cut_named
from cutter.app.workspace import Workspace
from cutter.cli import _options as options
from cutter.cli import _printing as printing
from cutter.cli._asking import confirmed
from cutter.cli._output import outlived
from cutter.errors import Interrupted
from cutter.model.evidence import Evidence


def run_cut(workspace: Workspace, args: argparse.Namespace) -> int:
    """Take back the cut that is named; 0 when it is gone, now or since before."""
    named = cut_named(workspace, args.what)
    with writing(workspace) as session:
        run = new_run_id()
        with session.refusals_of(run, ""):
            found = plan_cut_revert(session, named)
        if not args.json:
            printing.print_banner(workspace, args)
        if not isinstance(found, CutRevert):
            settle_cut(session, named, found)
            return _tell_already(named, found.run, (found.document_ref, found.version), args)
        return _taken_back(session, found, run, args)


def _taken_back(session: WritingSession, revert: CutRevert, run: str, args: argparse.Namespace) -> int:
    from cutter.report.compensation_text import compensation_lines

    named, plan = revert.named, revert.plan
    if not args.json:
        print("\n".join(compensation_lines(named.words, plan, colour=options.colour(args))), flush=True)
    with session.refusals_of(run, ""):
        refuse_cut_revert(session, revert, run)
    if not confirmed(f"Take back {named.words}, {plan.cut.unit_count} units?", args):
        print("nothing was changed")
        return Interrupted.exit_code
    with graceful_stop() as stop:
        with ExitStack() as stack:
            with session.refusals_of(run, ""):
                stack.enter_context(switched_on_for(session, revert, run))
                proof = prove_cut_revert(session, revert, run)
                if stop():
                    raise Interrupted("asked to stop before anything was taken back")
            evidence = revert_cut(session, revert, run, proof, stop=stop)
        with outlived(stop.unheard):
            _tell(revert, run, evidence, args)
    return 0


def _tell(revert: CutRevert, run: str, evidence: Evidence, args: argparse.Namespace) -> None:
    from cutter.report.compensation_text import compensated_lines, compensation_body
    from cutter.report.run_text import reverted_line

    words = revert.named.words
    if args.json:
        steps = [{"target": revert.named.database, **evidence.body()}]
        body = {"version": 1, "run": run, "exit_code": 0, "steps": steps, "manual": {}}
        options.print_json({**body, "cuts": [compensation_body(words, revert.plan)]})
        return
    paint = options.colour(args)
    print("\n".join(compensated_lines(words, revert.plan, run, colour=paint)))
    counts = {evidence.outcome.value: 1}
    print(reverted_line(words, run, counts, "", of="that cut", left=(), colour=paint))


def _tell_already(named: CutNamed, run: str, what: tuple[str, int], args: argparse.Namespace) -> int:
    from cutter.report.compensation_text import already_line

    if args.json:
        nothing: dict[str, Any] = {"run": None, "steps": [], "manual": {}, "cuts": []}
        options.print_json({"version": 1, "exit_code": 0, **nothing, "taken_back_by": run})
    else:
        print(already_line(named.words, what, run))
    return 0
