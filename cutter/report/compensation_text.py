"""A cut that would be taken back: what goes, what comes back, what stands in the way; and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cutter.cut.compensation import CommittedCut, CompensationPlan
from cutter.cut.reading import counted
from cutter.report.style import paint, printable


def compensation_lines(name: str, plan: CompensationPlan, *, colour: bool = False) -> Iterator[str]:
    """Yield what taking back a cut would do; `name` says which it is."""
    cut = plan.cut
    yield paint(f"{name}: {printable(cut.document_ref)} version {cut.version}", "strong", colour=colour)
    yield f"  state     {cut.state}"
    yield f"  cut by    run {printable(cut.run)}"
    yield f"  pin       {cut.pin}"
    yield f"  removes   {counted(plan.section_types)}"
    yield from (f"    {printable(ref)}  {_one_line(title)}" for ref, title in plan.units)
    rest = cut.unit_count - len(plan.units)
    if rest > 0:
        yield f"    and {rest} more"
    yield f"  restores  {_restored(plan)}"
    if not plan.dependants:
        yield "  depends   nothing depends on it"
    for dependant in plan.dependants:
        yield paint(f"  depends   {dependant.kind}: {printable(dependant.what)}", "bad", colour=colour)


def compensated_lines(name: str, plan: CompensationPlan, run: str, *, colour: bool = False) -> Iterator[str]:
    """Yield what came of it, as a fresh look found it."""
    cut = plan.cut
    yield paint(f"  compensated {name}", "good", colour=colour) + f"  {counted(plan.section_types)} removed"
    yield f"  a fresh look finds no unit, the record of run {run}, and version {cut.version} a draft"
    if plan.restores is not None:
        yield f"  version {plan.restores} of {printable(cut.document_ref)} is in force again"


def compensation_body(name: str, plan: CompensationPlan) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        **cut_body(name, plan.cut),
        "section_types": dict(plan.section_types),
        "units": [{"ref": ref, "title": title} for ref, title in plan.units],
        "restores": plan.restores,
        "dependants": [dependant._asdict() for dependant in plan.dependants],
    }


def cut_line(name: str, cut: CommittedCut) -> str:
    """Return one committed cut in one line."""
    where = f"{printable(cut.document_ref)} version {cut.version}, {cut.state}"
    return f"  {name}  {where}, {cut.unit_count} units, by run {printable(cut.run)}"


def cut_body(name: str, cut: CommittedCut) -> dict[str, Any]:
    """Return one committed cut for programs."""
    return {"cut": name, **cut._asdict()}


def already_line(name: str, what: Iterable[object], run: str) -> str:
    """Return that a cut was taken back before."""
    return f"{name} ({' version '.join(map(str, what))}) was taken back by run {run}; nothing is left of it"


def _restored(plan: CompensationPlan) -> str:
    if plan.restores is not None:
        return f"version {plan.restores} of {printable(plan.cut.document_ref)}, in force again"
    if plan.cut.state == "enacted":
        return "nothing: no version is in force then"
    return "nothing: it was never in force"


def _one_line(title: str) -> str:
    return printable(title).replace("\n", "\\n")
