"""What several verbs print: the banner, plans, outcomes and verdicts."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from cutter.app.planning import earlier_work
from cutter.app.workspace import Job, Workspace
from cutter.cli._options import colour, print_json
from cutter.engine.executor import RunResult, exit_title
from cutter.model.evidence import Evidence, Outcome
from cutter.model.plan import Plan
from cutter.report.banner import banner
from cutter.report.host_names import shortened
from cutter.report.plan_text import plan_text
from cutter.report.run_text import (
    compensation_lines,
    failure_lines,
    fleet_failure_lines,
    left_lines,
    manual_lines,
    names_lines,
    outcome_line,
    targets_text,
    verdict_line,
    why_lines,
    worst_outcome,
)
from cutter.report.switch_text import kill_switch_words

FEW = 4
"""Of more targets than these, each is told of when it ends, and not each of its steps."""


def environment_body(workspace: Workspace) -> dict[str, Any]:
    """Return what names the environment in every JSON result."""
    environment = workspace.environment
    return {
        "name": environment.name,
        "sandbox": environment.sandbox,
        "production": environment.production,
        "inventory": workspace.choice.folder,
    }


def print_banner(workspace: Workspace, args: argparse.Namespace) -> None:
    """Print where all this is happening."""
    environment = workspace.environment
    told = banner(
        environment.name, sandbox=environment.sandbox, production=environment.production, colour=colour(args)
    )
    print(told)


def print_plans(
    workspace: Workspace, jobs: Sequence[Job], plans: Sequence[Plan], args: argparse.Namespace
) -> None:
    """Print what each runbook would do."""
    for index, (job, plan) in enumerate(zip(jobs, plans, strict=True)):
        later = earlier_work(jobs, plans, index)
        print(plan_text(plan, job.runbook.title, preflight_later=later, colour=colour(args)))
        if job.runbook.kill_switch is not None and plan.pending:
            roles = workspace.approving_roles()
            print(f"  kill switch: {kill_switch_words(job.runbook.kill_switch, roles)}")


def print_outcome(args: argparse.Namespace, target: str, evidence: Evidence) -> None:
    """Print the line of a step that was changed or did not succeed."""
    if evidence.outcome is not Outcome.OK and evidence.outcome is not Outcome.SKIPPED and not args.json:
        print(outcome_line(target, evidence, colour=colour(args)), flush=True)


def print_result(result: RunResult, args: argparse.Namespace) -> None:
    """Print the failures, whole, and the verdict in one line."""
    many = len(result.targets) > 1
    for line in (*_in_the_way(result), *_failures(result, args)):
        print(line)
    for line in left_lines((target.target, target.left) for target in result.targets):
        print(line)
    for target in result.targets:
        for line in compensation_lines(target.target, target.compensation, colour=colour(args)):
            print(line)
        for line in manual_lines(target.target, target.manual, halted=True, many=many):
            print(line)
    code = result.exit_code
    title = exit_title(code) + _of_whom(result, code)
    if many:
        worst = [(target.target, worst_outcome(target.evidence)) for target in result.targets]
        print(f"targets: {targets_text(outcome for _, outcome in worst)}")
        for line in names_lines(worst) if len(worst) > FEW else ():
            print(line)
    print(verdict_line(result.runbook, result.run, result.counts, code, title, colour=colour(args)))


def _of_whom(result: RunResult, code: int) -> str:
    """Return whom the exit code of a run speaks of, where that is not every target."""
    alike = [target for target in result.targets if target.exit_code == code]
    begun = [target for target in alike if not target.only_skipped]
    worst = [target.target for target in begun or alike]
    return f", on {shortened(worst, FEW)}" if 0 < len(worst) < len(result.targets) else ""


def _in_the_way(result: RunResult) -> Iterator[str]:
    for target in result.targets:
        if target.why is not None:
            yield from why_lines(target.target, target.why.cause, target.why.remedy)


def _failures(result: RunResult, args: argparse.Namespace) -> Iterator[str]:
    only = result.targets[0]
    if len(result.targets) == 1 and not all(item.refused for item in only.evidence):
        return failure_lines(only.target, only.evidence, colour=colour(args))
    told = [(target.target, target.evidence) for target in result.targets]
    return fleet_failure_lines(told, colour=colour(args))


def print_runs_json(workspace: Workspace, results: Sequence[RunResult], code: int, **more: Any) -> None:
    """Print the runs of one command for programs, and what else there is to tell."""
    from cutter.report.run_json import runs_body

    print_json({**runs_body(environment_body(workspace), map(run_body, results), code), **more})


def run_body(result: RunResult) -> dict[str, Any]:
    """Return one run for programs."""
    from cutter.report.run_json import target_body

    return {
        "run": result.run,
        "runbook": result.runbook,
        "exit_code": result.exit_code,
        "outcomes": dict(result.counts),
        "targets": [
            {
                **target_body(
                    item.target, item.identity, item.evidence, item.compensation, item.manual, left=item.left
                ),
                **({"reason": item.why.cause} if item.why is not None else {}),
            }
            for item in result.targets
        ],
    }
