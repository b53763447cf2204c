"""What an objective asks of a runbook: which steps, on which targets, and whether that can hold at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cutter.model.gap_values import ObjectiveDeclaration, RunbookScope


def bound_steps(declared: ObjectiveDeclaration, scope: RunbookScope) -> Iterator[tuple[str, str, str]]:
    """Yield target, bound step and content hash of everything that an objective asks for."""
    for target, steps in sorted(_targets(scope).items()):
        for declared_id in steps if declared.steps == "all" else declared.steps:
            for bound_id, content_hash in steps.get(declared_id, {}).items():
                yield target, bound_id, content_hash


def left_out_steps(declared: ObjectiveDeclaration, scope: RunbookScope) -> Iterator[tuple[str, str]]:
    """Yield target and declared step of what an objective asks for and is for other hosts by name."""
    for target in sorted(_targets(scope)):
        for step in scope.left_out.get(target, {}):
            if declared.steps == "all" or step in declared.steps:
                yield target, step


def obstacle(declared: ObjectiveDeclaration, scope: RunbookScope, judged: Collection[str]) -> str:
    """Return what keeps an objective from ever holding, or nothing; `judged` are the steps on some target."""
    if not scope.exists:
        return "is not in the tree yet"
    if scope.problem:
        return f"cannot be loaded: {scope.problem}"
    if not scope.targets:
        return "has no target here"
    return next(_of_steps(declared, scope), next(_for_no_host(declared, scope, judged), ""))


def family(step: str) -> str:
    """Return the one name of a step and of all items of its loop, which is the id of none."""
    return declared_id(step) + "[]"


def declared_id(step: str) -> str:
    """Return the declared id of a bound step."""
    return step.partition("[")[0]


def _targets(scope: RunbookScope) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return scope.targets if scope.exists and not scope.problem else {}


def _of_steps(declared: ObjectiveDeclaration, scope: RunbookScope) -> Iterator[str]:
    if not declared.steps:
        yield "is named without a step, which nothing can prove"
    for target, steps in sorted(scope.targets.items()):
        elsewhere = scope.left_out.get(target, {})
        wanted = tuple(steps) if declared.steps == "all" else declared.steps
        if not wanted and not elsewhere:
            yield f"has no steps on {target}"
        for step in wanted:
            if step not in steps and step not in elsewhere:
                yield f"has no step {step!r}"
            elif not steps.get(step, True):
                yield f"has a step {step!r} whose loop has no items on {target}"


def _for_no_host(
    declared: ObjectiveDeclaration, scope: RunbookScope, judged: Collection[str]
) -> Iterator[str]:
    """Yield each step that is for none of the targets: what nobody looks at, nobody has closed."""
    found = {declared_id(step) for step in judged}
    for target, steps in sorted(scope.targets.items()):
        wanted = (*steps, *scope.left_out.get(target, {})) if declared.steps == "all" else declared.steps
        for step in wanted:
            if step not in found:
                yield f"has a step {step!r} that is for no host"
