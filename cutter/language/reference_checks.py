"""Whether a reference can be resolved at all, judged before any target is contacted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutter.language.problems import nearest
from cutter.model.references import BadReference, parts, references
from cutter.model.runbook import Step, ValuePath
from cutter.named_tuple import NamedTuple
from cutter.resources import resource_type

ITEM = ("key", "value")


class Fault(NamedTuple):
    """What is wrong with a reference, and what was probably meant."""

    what: str
    offending: str = ""
    suggestion: str = ""
    advice: str = ""


def reference_texts(value: Any, path: ValuePath = ()) -> Iterator[tuple[ValuePath, str]]:
    """Yield every text inside a nested value that holds braces, with its path."""
    if isinstance(value, str):
        if "{{" in value or "}}" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from reference_texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from reference_texts(item, (*path, index))


def faults(
    text: str, earlier: Mapping[str, Step], later: Mapping[str, Step], *, in_loop: bool
) -> Iterator[Fault]:
    """Yield what is wrong with the references of a text; variables are judged when bound."""
    try:
        names = list(references(text))
    except BadReference as bad:
        yield Fault(str(bad), offending=text, advice=_advice(text))
        return
    for name in names:
        scope, *rest = parts(name)
        if scope == "facts":
            yield from _fact_faults(name)
        elif scope == "steps":
            yield from _step_faults(name, rest, earlier, later)
        elif scope == "item":
            yield from _item_faults(name, rest, in_loop=in_loop)


def _advice(text: str) -> str:
    if "|" in text or "(" in text or "%}" in text:
        return "filters and expressions belong into a template"
    return ""


def _fact_faults(name: str) -> Iterator[Fault]:
    from cutter.facts import names

    wanted = name.partition(".")[2]
    if wanted not in names():
        meant = nearest(wanted, names())
        yield Fault(
            f"there is no fact {wanted!r}" if wanted else "facts needs a name, such as facts.user",
            offending=name,
            suggestion=f"facts.{meant}" if meant else "",
            advice="" if meant else f"facts are {', '.join(names())}",
        )


def _item_faults(name: str, rest: list[str], *, in_loop: bool) -> Iterator[Fault]:
    if not in_loop:
        yield Fault("item exists only in a step with for_each", offending=name)
    elif not rest or rest[0] not in ITEM:
        meant = nearest(rest[0], ITEM) if rest else ""
        suggestion = f"item.{meant}" if meant else ""
        yield Fault(
            f"an item has a key and a value, no {rest[0]!r}" if rest else "an item is not one value",
            offending=name,
            suggestion=suggestion,
            advice="" if meant else "write item.key or item.value",
        )


def _step_faults(
    name: str, rest: list[str], earlier: Mapping[str, Step], later: Mapping[str, Step]
) -> Iterator[Fault]:
    if len(rest) != 2:  # noqa: PLR2004 - a step and its output
        yield Fault("a step's output is written steps.ID.OUTPUT", offending=name)
        return
    wanted, _, item = rest[0].rstrip("]").partition("[")
    if wanted in earlier:
        yield from _output_faults(name, rest, earlier[wanted], item)
    elif wanted in later:
        yield Fault(
            f"the step {wanted!r} is not earlier than this one",
            offending=name,
            advice="order is the order of the file",
        )
    else:
        meant = nearest(wanted, earlier)
        suggestion = f"steps.{meant}.{rest[1]}" if meant else ""
        yield Fault(f"there is no earlier step {wanted!r}", offending=name, suggestion=suggestion)


def listened_fault(
    wanted: str, step: Step, earlier: Mapping[str, Step], later: Mapping[str, Step]
) -> Fault | None:
    """Return what is wrong with the id of a step that another listens to: a step, or one item of a loop."""
    name, _, item = wanted.rstrip("]").partition("[")
    if name == step.id:
        return Fault("a step cannot listen to itself", wanted, advice="name earlier steps")
    if name in earlier:
        return next(_item_name_faults(wanted, earlier[name], item), None)
    if name in later:
        advice = "order is the order of the file"
        return Fault(f"the step {name!r} is not earlier than this one", wanted, advice=advice)
    return Fault(f"there is no earlier step {name!r}", wanted, nearest(name, earlier))


def _item_name_faults(text: str, step: Step, item: str) -> Iterator[Fault]:
    if item and step.for_each is None:
        yield Fault(f"the step {step.id!r} has no items", text, suggestion=step.id)
    elif item and isinstance(step.for_each, (dict, list)) and item not in step.for_each:
        meant = nearest(item, map(str, step.for_each))
        suggestion = f"{step.id}[{meant}]" if meant else ""
        yield Fault(f"the step {step.id!r} has no item {item!r}", text, suggestion)


def _output_faults(name: str, rest: list[str], step: Step, item: str) -> Iterator[Fault]:
    looped = step.for_each is not None
    if looped and not item:
        yield Fault(
            f"the step {step.id!r} has one output per item",
            offending=name,
            advice=f"write steps.{step.id}[ITEM].{rest[1]}",
        )
    elif item and not looped:
        yield Fault(
            f"the step {step.id!r} has no items", offending=name, suggestion=f"steps.{step.id}.{rest[1]}"
        )
    elif item and isinstance(step.for_each, (dict, list)) and item not in step.for_each:
        meant = nearest(item, map(str, step.for_each))
        suggestion = f"steps.{step.id}[{meant}].{rest[1]}" if meant else ""
        yield Fault(f"the step {step.id!r} has no item {item!r}", offending=name, suggestion=suggestion)
    try:
        outputs = resource_type(step.type).outputs
    except LookupError:
        return
    if rest[1] not in outputs:
        meant = nearest(rest[1], outputs)
        there = f"its outputs are {', '.join(outputs)}" if outputs else "this type has none"
        yield Fault(
            f"the step {step.id!r} has no output {rest[1]!r}",
            offending=name,
            suggestion=f"steps.{rest[0]}.{meant}" if meant else "",
            advice="" if meant else there,
        )
