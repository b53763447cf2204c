"""What an agent is asked besides looking: to apply, to take back, and what goes with that. Travels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cutter.agent import armed, tenure
from cutter.agent.requests import Request
from cutter.agent.running import Act, Agent
from cutter.agent.tidings import told_body
from cutter.agent.wire import revert_of, step_of
from cutter.filesystem.kept import KeptContent
from cutter.filesystem.leftovers import sweep

Asked = Mapping[str, Any]
Stop = Callable[[], bool]
Kept = Callable[[], KeptContent]
DECIDING = ("confirm", "came_of", "overdue")


def replies(asked: Asked, kept: Kept, stop: Stop) -> Iterator[Mapping[str, Any]]:
    """Yield the answers to a request; `stop` is asked between steps, `kept` makes the content at hand."""
    verb = asked["verb"]
    if verb in ("apply", "revert"):
        return _moved(asked, _agent(asked, kept), stop)
    if verb == "revertible":
        armed.refuse_open(asked["state"])
        steps_back = [revert_of(body) for body in asked["steps"]]
        return ({"reason": reason} for reason in _agent(asked, kept).revertible(steps_back))
    if verb == "workplaces":
        wanted = [step_of(body) if "planned" in body else revert_of(body) for body in asked["steps"]]
        return iter([{"folders": sorted(_agent(asked, kept).workplaces(wanted))}])
    return _settled(asked, kept)


def _moved(asked: Asked, agent: Agent, stop: Stop) -> Iterator[Mapping[str, Any]]:
    state = asked["state"]
    results: Iterator[Any]
    with tenure.tenure(state, asked["run"], asked["by"]):
        armed.refuse_open(state, asked["run"])
        left = [_cleared(found, asked["kept"]) for found in tenure.begun(state)]
        if asked["verb"] == "apply":
            steps = [step_of(body) for body in asked["steps"]]
            places, results = agent.workplaces(steps), _done(agent, agent.apply, steps, asked, stop)
        else:
            back = [revert_of(body) for body in asked["steps"]]
            places, results = agent.workplaces(back), _done(agent, agent.revert, back, asked, stop)
        tenure.begin(state, asked["run"], asked["by"], [step["id"] for step in asked["steps"]], places)
        yield {"begun": left}
        yield from map(told_body, results)


def _done(agent: Agent, act: Act, steps: Sequence[Request], asked: Asked, stop: Stop) -> Iterator[Any]:
    if not any(step.confirm for step in steps):
        return act(steps, stop)
    from cutter.agent.guarded import Post, under_guard

    post = Post(asked["state"], asked["run"], asked["by"], asked["proof"], asked["kept"])
    return under_guard(agent, act, steps, stop, post)


def _settled(asked: Asked, kept: Kept) -> Iterator[Mapping[str, Any]]:
    if asked["verb"] == "answered":
        tenure.answered(asked["state"], asked["runs"])
        armed.forget(asked["state"], asked["runs"])
    elif asked["verb"] == "sweep":
        for folder in asked["folders"]:
            sweep(folder)
    elif asked["verb"] in DECIDING:
        from cutter.agent import deciding

        yield deciding.answer(_agent(asked, kept), asked)


def _agent(asked: Asked, kept: Kept) -> Agent:
    return Agent(kept(), bytes.fromhex(asked["key"]))


def _cleared(left: Mapping[str, Any], kept: str) -> Mapping[str, Any]:
    """Sweep away what a run that broke off has put aside, and return what it had begun."""
    for folder in {*left["places"], kept}:
        sweep(folder)
    return {key: left[key] for key in ("run", "by", "steps")}
