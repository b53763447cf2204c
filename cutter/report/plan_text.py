"""A plan as text: the blast radius, then what would change, what is unknown, what stands in the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from cutter.model.look import Prediction
from cutter.model.plan import Plan, PlannedStep, TargetPlan
from cutter.model.state import Change, State
from cutter.report.host_names import compact
from cutter.report.kept_out import KeptOut, kept_out_lines
from cutter.report.left_out import left_out_words, nobodys_lines
from cutter.report.style import paint, printable

_DIGEST = re.compile(r"((?:sha256|v[0-9]+):[0-9a-f]{8})[0-9a-f]{56}")
_SIGNS = {
    Prediction.NO_CHANGE: "=",
    Prediction.UNKNOWN: "?",
    Prediction.BLOCKED: "x",
    Prediction.UNOBSERVABLE: "x",
}
_ROLES = {"+": "good", "~": "change", "-": "bad", "?": "change", "x": "bad", "=": "faint"}


def plan_text(plan: Plan, title: str, *, preflight_later: str = "", colour: bool = False) -> str:
    """Return the plan of one runbook. `preflight_later`: an earlier runbook that may make it runnable."""
    lines = [paint(f"{plan.runbook}: {title}", "strong", colour=colour)]
    for names, body in _alike(plan.targets, preflight_later, colour=colour):
        lines += [f"  {names}: {body[0]}", *body[1:]]
    lines += kept_out_lines(unseen_in(plan), colour=colour)
    return "\n".join([*lines, *nobodys_lines(plan, colour=colour)])


def unseen_in(plan: Plan) -> list[KeptOut]:
    """Return the targets that could not be looked at, and why."""
    return [
        KeptOut(target.target, target.unseen.cause, target.unseen.remedy)
        for target in plan.targets
        if target.unseen is not None
    ]


def _alike(
    targets: Iterable[TargetPlan], preflight_later: str, *, colour: bool
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is to be said of a target, of all those together of which the same is to be said."""
    found: dict[tuple[str, ...], list[TargetPlan]] = {}
    for target in targets:
        if target.unseen is None:
            found.setdefault(tuple(_target_lines(target, preflight_later, colour=colour)), []).append(target)
    for body, alike in found.items():
        if len(alike) == 1:
            identity = alike[0].identity or "not looked at"
            yield f"{alike[0].target} ({identity})", body
        else:
            names = compact(target.target for target in alike)
            yield f"{names} ({len(alike)} targets, the same on each)", body


def sign_of(step: PlannedStep) -> str:
    """Return the sign of a step: + create, ~ change, - remove, = no change, ? unknown, x blocked."""
    if step.look.prediction is Prediction.CHANGE:
        change = step.look.change
        return "+" if change.creates else "-" if change.removes else "~"
    return _SIGNS[step.look.prediction]


def change_words(change: Change) -> str:
    """Return what differs, attribute by attribute; secrets and digests are not spelled out.

    In the order of the attributes' names, as a kept plan has them.
    """
    after, before = change.after or {}, change.before or {}
    if change.removes:
        return "removed"
    if change.creates:
        told = [f"{key} {shown(value)}" for key, value in sorted(after.items()) if _is_said(key, value)]
        told += [*_memberships(after, after), *_counted_parts(after)]
        return "created" + (": " if told else "") + ", ".join(told)
    single = (key for key in sorted(change.keys) if not (_is_part(key) or _is_membership(key, after[key])))
    told = [f"{key} {shown(before.get(key))} -> {shown(after[key])}" for key in single]
    return ", ".join([*told, *_memberships(after, change.keys), *_differing_parts(change.keys)])


def _is_membership(key: str, value: object) -> bool:
    """Tell whether an attribute says no more than that something belongs, as ``has:NAME`` does."""
    return ":" in key and isinstance(value, bool)


def _is_part(key: str) -> bool:
    """Tell whether an attribute is one of many alike, as ``login/NAME`` is: all values would be too much."""
    kind, slash, _ = key.partition("/")
    return bool(slash) and kind.isalpha()


def _is_said(key: str, value: object) -> bool:
    return value not in (None, False) and not _is_part(key) and not _is_membership(key, value)


def _memberships(after: State, keys: Collection[str]) -> Iterator[str]:
    """Yield one phrase for all attributes that say what belongs, and one for all that say what does not."""
    members = sorted(key for key in keys if _is_membership(key, after[key]))
    for value, word in ((True, ""), (False, "no ")):
        names = [key.partition(":") for key in members if after[key] is value]
        if names:
            yield f"{word}{names[0][0]} " + ", ".join(printable(name) for _, _, name in names)


def _counted_parts(after: State) -> Iterator[str]:
    """Yield how many parts of each kind there are: ``7 logins``."""
    kinds = Counter(key.partition("/")[0] for key in sorted(after) if _is_part(key))
    yield from (f"{count} {printable(kind)}{'s' if count > 1 else ''}" for kind, count in kinds.items())


def _differing_parts(keys: Collection[str]) -> Iterator[str]:
    """Yield each part that differs, its kind and name."""
    for key in sorted(key for key in keys if _is_part(key)):
        kind, _, name = key.partition("/")
        yield f"{kind} {printable(name)} differs"


def shown(value: object) -> str:
    """Return a value of a state as a person should see it."""
    text = printable(str(value)).replace("\n", "\\n")
    if text.startswith("hmac-sha256:"):
        return "***"
    digest = _DIGEST.fullmatch(text)
    if digest:
        return digest[1] + "..."
    return {"True": "yes", "False": "no", "None": "nothing"}.get(text, text)


def _target_lines(target: TargetPlan, preflight_later: str, *, colour: bool) -> Iterator[str]:
    yield _radius(target)
    if target.first:
        yield paint("    !", "change", colour=colour) + f" {target.first}"
        return
    later = bool(preflight_later)
    for step in target.preflight:
        if step.look.prediction is not Prediction.NO_CHANGE:
            yield from _preflight_lines(step, preflight_later if later else "", colour=colour)
    for step in target.steps:
        if step.look.prediction is not Prediction.NO_CHANGE:
            yield from _step_lines(step, colour=colour)


def _radius(target: TargetPlan) -> str:
    signs = [sign_of(step) for step in target.steps]
    words = {"+": "create", "~": "change", "-": "remove", "?": "unknown until apply", "x": "blocked"}
    told = [f"{signs.count(sign)} {word}" for sign, word in words.items() if sign in signs]
    told += (
        [f"{sum(bool(step.irreversible) for step in target.pending)} irreversible"] if target.pending else []
    )
    return (
        f"{len(target.steps)} step{'' if len(target.steps) == 1 else 's'}, "
        + (", ".join(["would " + told[0], *told[1:]]) if told else "no change")
        + left_out_words(target)
    )


def _preflight_lines(step: PlannedStep, later: str, *, colour: bool) -> Iterator[str]:
    sign, role = ("?", "change") if later else ("x", "bad")
    yield paint(f"    {sign} preflight {step.id}", role, colour=colour) + f"  {unmet(step)}"
    if later:
        yield f"      may hold once {later} is applied"
    elif step.provided_by:
        yield f"      {step.provided_by} provides it"


def unmet(step: PlannedStep) -> str:
    """Say in words why a preflight step does not hold."""
    look = step.look
    if look.reason:
        return look.reason
    if look.change.creates:
        return f"{step.name}: not there"
    return f"{step.name}: " + change_words(look.change)


def _step_lines(step: PlannedStep, *, colour: bool) -> Iterator[str]:
    sign = sign_of(step)
    mark = paint(f"    {sign} {step.id}", _ROLES[sign], colour=colour)
    yield f"{mark}  {step.type}  {answer(step)}"
    if step.irreversible and step.pending:
        yield paint(f"      ! irreversible: {printable(step.irreversible)}", "bad", colour=colour)
    if step.confirm and step.pending:
        yield f"      guarded: confirmed within {step.confirm} s, or taken back"
    if step.look.remedy:
        yield f"      next: {printable(step.look.remedy)}"
    yield from (f"      {printable(line)}" for line in step.look.preview.splitlines())


def answer(step: PlannedStep) -> str:
    """Return in words what a plan answers for a step that is pending or blocked."""
    if step.look.prediction is Prediction.UNKNOWN:
        return f"unknown until apply: {printable(step.look.reason)}"
    if step.look.prediction is Prediction.BLOCKED:
        return printable(step.look.reason)
    words = change_words(step.look.change)
    return f"would be {words}" if words.startswith(("created", "removed")) else f"would change: {words}"
