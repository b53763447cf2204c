"""What to say of a change that should not be there, and of a failure that has no better name."""

from __future__ import annotations

from cutter.errors import CutterError, PermissionRefused, StepFailed
from cutter.model.state import Change


def named(change: Change) -> str:
    """Return what differs, each attribute with what was found and what was wanted."""
    if change.creates:
        return "existence: it is missing"
    if change.removes:
        return "existence: it is there"
    before, after = change.before or {}, change.after or {}
    return ", ".join(
        f"{key} ({_shown(before.get(key))} instead of {_shown(after[key])})" for key in sorted(change.keys)
    )


def _shown(value: object) -> str:
    """Return a value short enough to read: digests are cut, and those of secrets are not shown at all."""
    text = str(value)
    if text.startswith("hmac-sha256:"):
        return "***"
    return text[:15] + "..." if text.startswith("sha256:") else text


def beyond(change: Change, planned: Change) -> str:
    """Return what a change does that was not planned."""
    if change.after != planned.after:
        return "another state is wanted now"
    return ", ".join(sorted(change.keys - planned.keys)) or "it is there now, or gone"


def from_os(error: OSError) -> CutterError:
    """Return the complaint about a refusal of the operating system."""
    text = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    if isinstance(error, PermissionError):
        return PermissionRefused(text, remedy="run as a user who may do this, or choose another place")
    return StepFailed(text)


def bug_in(kind: str, bug: Exception) -> CutterError:
    """Return the complaint about a bug: its kind and place, and no value that happened to be there."""
    return StepFailed(f"internal error in {kind}: {type(bug).__name__}{_where(bug)}")


def _where(bug: BaseException) -> str:
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
