"""Values of the agent as JSON values, and back. Travels.

Secrets cross in the clear inside the encrypted channel, and are secrets again on the other side. Text that is
no Unicode crosses as the surrogates that Python holds it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from cutter import errors
from cutter.agent.requests import RevertRequest, StepRequest
from cutter.errors import CutterError, StepFailed
from cutter.model.look import Look, Prediction
from cutter.model.secret import Secret
from cutter.model.state import Change

_SECRET = "$secret"  # noqa: S105 - the mark of one


def plain(value: Any) -> Any:
    """Return a nested value with its secrets marked, fit for JSON."""
    if isinstance(value, Secret):
        return {_SECRET: value.reveal()}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def rich(value: Any) -> Any:
    """Return what `plain` was given; sequences come back as lists."""
    if isinstance(value, dict):
        return Secret(value[_SECRET]) if value.keys() == {_SECRET} else {k: rich(v) for k, v in value.items()}
    return [rich(item) for item in value] if isinstance(value, list) else value


def step_body(step: StepRequest) -> Mapping[str, Any]:
    """Return a step to look at or to apply."""
    planned = None if step.planned is None else list(step.planned)
    return {**step._asdict(), "params": plain(step.params), "planned": planned}


def step_of(body: Mapping[str, Any]) -> StepRequest:
    """Return the step in a body."""
    planned = None if body["planned"] is None else Change(*body["planned"])
    return StepRequest(**{**body, "params": rich(body["params"]), "planned": planned})


def revert_body(step: RevertRequest) -> Mapping[str, Any]:
    """Return a step to take back."""
    return {**step._asdict(), "params": plain(step.params)}


def revert_of(body: Mapping[str, Any]) -> RevertRequest:
    """Return the step to take back in a body."""
    return RevertRequest(**{**body, "params": rich(body["params"])})


def look_body(look: Look) -> Mapping[str, Any]:
    """Return a look, without what says nothing."""
    found = {**look._asdict(), "prediction": look.prediction.value}
    told = {key: value for key, value in found.items() if value not in ("", None, {})}
    states = {key: found[key] for key in ("before", "after") if found[key] is not None}  # one may be empty
    return {**told, **states}


def look_of(body: Mapping[str, Any]) -> Look:
    """Return the look in a body."""
    return Look(**{**body, "prediction": Prediction(body["prediction"])})


def error_body(error: CutterError) -> Mapping[str, Any]:
    """Return a complaint."""
    told = {"cause": error.cause, "place": error.place, "world": error.world, "remedy": error.remedy}
    return {"kind": type(error).__name__, **told}


def error_of(body: Mapping[str, Any]) -> CutterError:
    """Return the complaint in a body, of its own kind where this side knows it."""
    kind: Optional[type[CutterError]] = getattr(errors, str(body["kind"]), None)
    known = isinstance(kind, type) and issubclass(kind, CutterError)
    raised = kind if known and kind is not None else StepFailed
    return raised(body["cause"], place=body["place"], world=body["world"], remedy=body["remedy"])
