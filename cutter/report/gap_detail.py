"""One gap with all that stands behind its status: the objectives, and the evidence of each of their steps."""

from __future__ import annotations

from collections.abc import Iterator

from cutter.model.gaps import GapStatus, ObjectiveStatus, StepStatus
from cutter.report import gap_words as words
from cutter.report.style import paint, printable


def gap_text(gap: GapStatus, *, colour: bool) -> str:
    """Return the gap as a person reads it; every word of evidence names entry, run and time."""
    declared = gap.declaration
    state = paint(gap.status.value, words.ROLE_OF_STATE[gap.status], colour=colour)
    said = words.now(gap).replace(gap.status.value, state, 1)
    lines = [f"{declared.id} — {declared.title}", f"  now: {said}"]
    lines += [f"  pre-O8D: {words.attested(declared.pre)}", f"  post-O8D: {words.attested(declared.post)}"]
    lines.append(f"  blocks first production run: {words.blocks(declared)}")
    lines += [f"  requires: {', '.join(declared.requires)}"] if declared.requires else []
    for objective in gap.objectives:
        lines += _objective(objective, colour=colour)
    lines += [f"  next: {printable(gap.next_action)}"] if gap.next_action else []
    lines += [f"    {gap.command}"] if gap.command else []
    texts = (("finding", declared.finding), ("done", declared.done), ("residue", declared.residue))
    for name, text in (*texts, ("next_package", declared.next_package)):
        lines += _block(name, text)
    return "\n".join(lines)


def _objective(objective: ObjectiveStatus, *, colour: bool) -> Iterator[str]:
    mark = "holds" if objective.holds else "missing"
    role = "good" if objective.holds else "bad"
    yield f"  {paint(mark, role, colour=colour)}  {words.steps(objective)}"
    if objective.obstacle:
        yield f"      {printable(objective.declaration.runbook)} {printable(objective.obstacle)}"
    for step in objective.steps:
        yield from _step(step, colour=colour)
    for left_out in objective.left_out:
        named = f"{printable(left_out.step)}  [{printable(left_out.target)}]"
        yield f"      not here  {named} {printable(left_out.reason)}"


def _step(step: StepStatus, *, colour: bool) -> Iterator[str]:
    record = step.record
    outcome = f"{record.outcome.value if record else 'none':<9}"
    yield (
        f"      {paint(outcome, 'good' if step.holds else 'bad', colour=colour)} "
        f"{printable(step.step)}  [{printable(step.target)}]"
    )
    if record:
        at = record.at.isoformat(timespec="seconds")
        yield f"                entry {record.seq}, run {printable(record.run)}, {at}"
    proof = words.proof_of(step)
    yield from (f"                {printable(line)}" for line in _reasons(step.reason, proof))


def _reasons(reason: str, proof: str) -> Iterator[str]:
    """Yield why a step does not hold, and its proof where that is not the reason itself."""
    if reason:
        yield reason
    if proof and not proof.startswith(reason):
        yield proof


def _block(name: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f"  {name}:"
        yield from (f"    {line}" for line in printable(text.rstrip()).split("\n"))
