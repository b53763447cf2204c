"""Drives a target through its steps, and says what nobody saw when that breaks off."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile

from cutter.agent.requests import Request, RevertRequest, StepRequest
from cutter.engine.stopping import Stop
from cutter.errors import CutterError
from cutter.model.evidence import Evidence, Outcome

Requests = Sequence[StepRequest] | Sequence[RevertRequest]
ABORTED = "the run was aborted while this step was under way"


def driven(
    requests: Requests, results: Iterator[Evidence], stop: Stop, *, alone: Requests = ()
) -> Iterator[Evidence]:
    """Yield the evidence of each request as it comes.

    Where it breaks off, by an abort or an error, the step under way is unknown, also those that would be
    confirmed together with it; those after it are skipped. But `alone` are steps that the target may still
    go on to by itself, before it learns that nobody hears it: those of them are unknown too. What the
    consumer does between two steps is never aborted.
    """
    ordered: list[Request] = list(requests)
    for index, request in enumerate(ordered):
        try:
            with stop.abortable():
                found = next(results)
        except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - the record outlives every error
            yield _without_end(request, Outcome.UNKNOWN, _reason(error))
            later = ordered[index + 1 :]
            beside = list(takewhile(_is_guarded, later if _is_guarded(request) else ()))
            for each in beside:  # they are told of together, so any of them may be under way, or done
                yield _without_end(each, Outcome.UNKNOWN, _reason(error))
            yield from _after(request, later[len(beside) :], {each.id for each in alone})
            return
        yield found
    _hear_out(results)


def _after(broken: Request, later: Sequence[Request], alone: Collection[str]) -> Iterator[Evidence]:
    why = f"the run broke off at {broken.id}"
    for each in later:
        if each.id in alone:
            yield _without_end(each, Outcome.UNKNOWN, f"{why}, and nobody saw whether this was begun")
        else:
            yield _without_end(each, Outcome.SKIPPED, why)


def _is_guarded(request: Request) -> bool:
    return request.confirm > 0


def _hear_out(results: Iterator[Evidence]) -> None:
    """Take the end of the answer too, or the target's session is broken off and has to begin anew."""
    with suppress(CutterError):  # what came of each step is known; whoever asks next is told
        next(results, None)


def _without_end(request: Request, outcome: Outcome, reason: str) -> Evidence:
    return Evidence(request.id, request.type, request.content_hash, outcome, reason=reason)


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return ABORTED
    if isinstance(error, CutterError):
        return error.cause
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"internal error: {type(error).__name__}{where}"
