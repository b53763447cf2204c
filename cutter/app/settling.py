"""What an interrupted run left open is said to be unknown before anything else happens there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from cutter.engine.recording import LEFT_OUT
from cutter.errors import Interrupted
from cutter.ledger.sqlite import SqliteLedger
from cutter.model.evidence import Outcome
from cutter.model.runs import RunRecord, fold_runs

Sweep = Callable[[str, str, Collection[str]], None]
"""Removes from folders of a target, given by name and identity, what a dead run has put aside there."""


def settle(ledger: SqliteLedger, environment: str, sweep: Sweep) -> list[str]:
    """Close every run that has no end and return their ids.

    Only the holder of the run lock may call this: a run without an end is then certainly dead. What it had
    put aside is swept. Each of its intents without an outcome becomes evidence of outcome `unknown`, which
    the next look at that step supersedes.
    """
    settled = []
    for name in ledger.unfinished_runs():
        run = history(ledger, name)[name]
        for target, folders in run.folders.items():
            sweep(target, run.identities[target], folders)
        over = [*_unknowns(run, environment), *_switched_off(ledger, run, environment)]
        ledger.append([*over, ("end", _end(run, environment))])
        settled.append(name)
    return settled


def history(ledger: SqliteLedger, run: str | None = None) -> dict[str, RunRecord]:
    """Return all runs, or one, as the ledger tells them."""
    entries = ledger.entries(kinds={"run", "intent", "evidence", LEFT_OUT, "end"}, run=run)
    return fold_runs((entry.kind, entry.at, entry.actor, entry.content()) for entry in entries)


def _unknowns(run: RunRecord, environment: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for target, step in run.unknown():
        yield (
            "evidence",
            {
                "run": run.run,
                "environment": environment,
                "runbook": run.runbook,
                "target": target,
                "identity": run.identities[target],
                "step": step["step"],
                "content_hash": step["content_hash"],
                "outcome": Outcome.UNKNOWN.value,
                "reason": "the run ended before it could say what came of this step",
            },
        )


def _switched_off(
    ledger: SqliteLedger, run: RunRecord, environment: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield that the switch is off that a dead run had on: its session ended with it."""
    turns = [entry.content() for entry in ledger.entries(kinds={"switch"}, run=run.run)]
    if turns and turns[-1]["turn"] == "on":
        how = f"with the run that held it; at the latest its lease ends it, {turns[-1]['until']}"
        about = {key: turns[-1][key] for key in ("database", "identity")}
        yield "switch", {"run": run.run, "environment": environment, **about, "turn": "off", "how": how}


def _end(run: RunRecord, environment: str) -> Mapping[str, Any]:
    outcomes: dict[str, int] = {Outcome.UNKNOWN.value: len(run.unknown())} if run.unknown() else {}
    for item in run.evidence:
        outcomes[item["outcome"]] = outcomes.get(item["outcome"], 0) + 1
    return {
        "run": run.run,
        "environment": environment,
        "runbook": run.runbook,
        "exit_code": Interrupted.exit_code,
        "outcomes": outcomes,
        "settled_by": "a later run",
    }
