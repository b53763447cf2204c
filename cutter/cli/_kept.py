"""Plans that were kept, of a file or of an approved request; each is applied alone, as it was made."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cutter.app import plan_drift, planfile
from cutter.app.applying import Origin, WritingSession, new_run_id, writing
from cutter.app.workspace import Job, Workspace
from cutter.cli import _options as options
from cutter.errors import UsageError
from cutter.model.plan import Plan
from cutter.named_tuple import NamedTuple

if TYPE_CHECKING:
    from cutter.app.accepting import Acceptance, GivenRequest


class Kept(NamedTuple):
    """A kept plan that still holds, by runbook, and the environment that is held to apply it."""

    session: WritingSession
    jobs: Sequence[Job]
    plans: Sequence[Plan]
    origin: Origin


@contextmanager
def of_a_file(args: argparse.Namespace) -> Iterator[Kept]:
    """Yield the plan of a file. Raises what it meets that is not as when the plan was made."""
    _refuse_choice(args, "a plan file is applied alone, as it was chosen when it was made")
    with _held(planfile.read_plan(args.runbooks[0]), args) as kept:
        yield kept


@contextmanager
def of_a_request(args: argparse.Namespace) -> Iterator[Kept]:
    """Yield the plan that a request was made of, if the request is approved. Raises ApprovalRefused too."""
    from cutter.app.accepting import read_request

    _refuse_choice(args, "a request is applied alone, as it was made")
    given = read_request(args.runbooks[0])
    with _held(given.kept, args, given) as kept:
        yield kept


def _refuse_choice(args: argparse.Namespace, cause: str) -> None:
    if len(args.runbooks) > 1 or args.only or args.var or args.limit:
        raise UsageError(cause, remedy=f"cutter apply {args.runbooks[0]}")


@contextmanager
def _held(
    kept: planfile.KeptPlan, args: argparse.Namespace, given: GivenRequest | None = None
) -> Iterator[Kept]:
    now = options.choice(args)._replace(limit=kept.choice.limit, extra=kept.choice.extra)
    workspace = Workspace(now._replace(inventory=args.inventory or kept.choice.inventory))
    planfile.refuse_other_environment(workspace, kept)
    jobs = workspace.jobs(kept.paths)
    with writing(workspace, wait_seconds=args.lock_timeout) as session:
        jobs = list(session.rebound(jobs))
        with session.refusals_recorded(new_run_id(), jobs[0]):
            acceptance = _accepted(session, given) if given else None
            planfile.refuse_used(session.ledger, kept)
            plan_drift.refuse_other_declarations(kept, jobs)
            refused = plan_drift.other_machines(workspace, kept, jobs, approved=given is not None)
            if given is not None:
                _refuse_other_facts(session, given, jobs[0])
            plans, refused = plan_drift.drifted(workspace, kept, jobs, refused, approved=given is not None)
        yield Kept(session, jobs, plans, Origin(kept.digest, acceptance, refused))


def _accepted(session: WritingSession, given: GivenRequest) -> Acceptance:
    from cutter.app.accepting import accept
    from cutter.app.run_scoping import memories

    return accept(session.workspace, session.ledger, given, memories(session.workspace, given))


def _refuse_other_facts(session: WritingSession, given: GivenRequest, job: Job) -> None:
    from cutter.app.accepting import refuse_other_facts

    refuse_other_facts(session.workspace, given, job)
