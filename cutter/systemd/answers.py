"""What the running systemd says of a unit, and what it is told to do."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Optional

from cutter.children import Finished, run
from cutter.errors import RanInVain, StepFailed, Unavailable, Unobservable
from cutter.named_tuple import NamedTuple

RUNNING = "/run/systemd/system"
"""Is there where, and only where, systemd is the system's first process; see sd_booted(3)."""
_PROPERTIES = (
    *("LoadState", "ActiveState", "SubState", "Result", "NeedDaemonReload", "InvocationID"),
    *("ExecMainStartTimestampMonotonic", "InactiveExitTimestampMonotonic", "ExecReload"),
    *("ExecMainStartTimestamp", "InactiveExitTimestamp"),
)
_STARTS = ("ExecMainStartTimestamp", "InactiveExitTimestamp")
_SECONDS = 120
_LINES = 10
_WIDEST = 300
_RUNS = ("start", "restart", "reload")
_DOWN = ("inactive", "failed")
PERHAPS = "what the unit did before it failed is not known"


class Unit(NamedTuple):
    """A unit as systemd has it.

    `state` is systemd's ActiveState, `invocation` another text each time the unit is started, `reload` tells
    the last reload that went well from every other. `began` is when it was started, in seconds since the
    boot, and `began_at` the full second that the clock showed then, None where systemd does not say it.
    """

    name: str
    load: str
    state: str
    detail: str
    outdated: bool
    invocation: str
    reload: str
    began: float
    began_at: Optional[int]

    @property
    def known(self) -> bool:
        """Tell whether there is such a unit."""
        return self.load != "not-found"

    @property
    def up(self) -> bool:
        """Tell whether it is active, neither on its way there nor down."""
        return self.state in {"active", "reloading", "refreshing"}

    @property
    def done(self) -> bool:
        """Tell whether it is active though nothing of it runs: it did its work, and remains."""
        return self.up and self.detail.startswith("exited,")

    @property
    def down(self) -> bool:
        """Tell whether nothing of it runs."""
        return self.state in _DOWN


def is_running() -> bool:
    """Tell whether systemd is the first process here."""
    return os.path.isdir(RUNNING)


def demand_running(what: str) -> None:
    """Raise Unobservable where systemd is not running, naming what cannot be seen because of that."""
    if not is_running():
        raise Unobservable(
            f"systemd is not running here, so nobody can tell {what}",
            place=RUNNING,
            remedy="declare what is on disk alone (a service's content and enabled, a timer's state: any), "
            "or run this where systemd runs",
        )


def unit(name: str) -> Unit:
    """Return what systemd says of a unit. Raises Unavailable where it gives no answer."""
    words = ["show", *(f"--property={each}" for each in _PROPERTIES), "--", name]
    ended = _systemctl(words)
    if not ended.succeeded:
        raise Unavailable(f"systemctl show {name}: {ended.killed or ended.last_lines()}")
    lines = ended.stdout.decode("utf-8", "replace").splitlines()
    return _unit(name, dict(line.split("=", 1) for line in lines if "=" in line))


def order(verb: str, name: str) -> None:
    """Have systemd start, stop, restart or reload a unit. Raises StepFailed with the unit's last lines.

    It reads all unit files anew before it runs one: a drop-in that an earlier step brought counts.
    """
    if verb in _RUNS:
        reload_units()
    ended = _systemctl([verb, "--", name])
    if not ended.succeeded:
        said = ended.killed or ended.last_lines()
        failure = RanInVain if verb in _RUNS else StepFailed
        raise failure(f"systemctl {verb} {name}: {said}{journal(name)}", world=PERHAPS)


def reload_units() -> None:
    """Have systemd read the unit files anew, where it runs. Raises StepFailed."""
    if is_running():
        ended = _systemctl(["daemon-reload"])
        if not ended.succeeded:
            raise StepFailed(f"systemctl daemon-reload: {ended.killed or ended.last_lines()}")


def enablement(verb: str, name: str) -> None:
    """Enable, disable, mask or unmask a unit on disk, whether systemd runs or not. Raises StepFailed."""
    ended = _systemctl(["--root=/", verb, "--", name])
    if not ended.succeeded:
        raise StepFailed(f"systemctl {verb} {name}: {ended.killed or ended.last_lines()}")
    reload_units()


def journal(name: str) -> str:
    """Return the last lines that a unit wrote, each cut, as a part of a message; or nothing."""
    words = ["journalctl", f"--unit={name}", f"--lines={_LINES}", "--no-pager", "--output=cat", "--quiet"]
    try:
        ended = run(words, timeout=_SECONDS, cwd="/")
    except Unavailable:
        return ""
    lines = ended.stdout.decode("utf-8", "replace").strip().splitlines() if ended.succeeded else []
    shown = [line[:_WIDEST] for line in lines[-_LINES:]]
    return "\n".join(["", f"its last lines ({name}):", *shown]) if shown else ""


def _systemctl(words: Sequence[str]) -> Finished:
    return run(
        ["systemctl", "--no-pager", "--no-ask-password", *words],
        timeout=_SECONDS,
        environment={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
        cwd="/",
        package="systemd",
    )


def _unit(name: str, told: Mapping[str, str]) -> Unit:
    began, key = max((int(told.get(f"{key}Monotonic") or 0), key) for key in _STARTS)
    return Unit(
        name,
        load=told.get("LoadState", ""),
        state=told.get("ActiveState", ""),
        detail=f"{told.get('SubState', '')}, result {told.get('Result', '')}",
        outdated=told.get("NeedDaemonReload") == "yes",
        invocation=told.get("InvocationID", ""),
        reload=_reload(told.get("ExecReload", "")),
        began=began / 1_000_000,
        began_at=_seconds(told.get(key, "")),
    )


def _seconds(told: str) -> Optional[int]:
    """Return a time as systemd writes it, ``Mon 2026-01-05 12:00:00 UTC``, in seconds since 1970."""
    words = re.fullmatch(r"\w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC", told)
    if words is None:
        return None
    from datetime import datetime, timezone

    shown = datetime.fromisoformat(f"{words[1]} {words[2]}")
    return int(shown.replace(tzinfo=timezone.utc).timestamp())


def _reload(told: str) -> str:
    """Return when and as what the last reload ran, if it went well."""
    parts = dict(item.strip().split("=", 1) for item in told.strip("{} ").split(";") if "=" in item)
    if parts.get("code") != "exited" or parts.get("status") != "0":
        return ""
    return f"{parts.get('start_time', '')} {parts.get('pid', '')}"
