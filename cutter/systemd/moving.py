"""A unit brought to a state: its file, whether it starts with the machine, whether it runs."""

from __future__ import annotations

import time
from typing import Optional

from cutter.errors import Conflict, RanInVain
from cutter.model.state import Plain
from cutter.resource import Content
from cutter.systemd import answers
from cutter.systemd.enabled import (
    DISABLED,
    ENABLED,
    MASKED,
    enabled,
    found,
    installs,
    is_linked,
    is_masked,
    vendor_link,
)
from cutter.systemd.unit_file import take_away

ACTIVE, INACTIVE = "active", "inactive"
_PAUSE_SECONDS = 0.2
_PATIENCE_SECONDS = 90


def activity(name: str) -> str:
    """Return ``active`` or ``inactive``; what is on its way, or failed, is not active."""
    return ACTIVE if answers.unit(name).up else INACTIVE


def enable(name: str, wanted: Plain) -> None:
    """Make a unit start with the machine, or not, or never. Raises Conflict for what cannot be enabled."""
    if enabled(name) == wanted:
        return
    _demand_possible(name, wanted)
    if wanted != MASKED and is_masked(name):
        answers.enablement("unmask", name)
    if enabled(name) != wanted:
        answers.enablement({ENABLED: "enable", DISABLED: "disable"}.get(str(wanted), "mask"), name)


def start(name: str, *, stays: int) -> None:
    """Start a unit and wait until it is up, and stays up for some seconds. Raises StepFailed."""
    answers.order("start", name)
    steady(name, stays=stays)


def restart(name: str, *, stays: int) -> None:
    """Do the same for one that runs, perhaps from an older file."""
    answers.order("restart", name)
    steady(name, stays=stays)


def stop(name: str) -> None:
    """Stop a unit if anything of it runs, and forget that it failed. Raises StepFailed."""
    if not answers.unit(name).down:
        answers.order("stop", name)
    if answers.unit(name).state == "failed":
        answers.order("reset-failed", name)


def remove(name: str, content: Content) -> None:
    """Stop and disable a unit of the administrator, and take its file away; the bytes are kept."""
    if answers.is_running():
        stop(name)
    if is_masked(name):
        answers.enablement("unmask", name)
    if is_linked(name):
        answers.enablement("disable", name)
    take_away(name, content)
    answers.reload_units()


def steady(name: str, *, stays: int) -> None:
    """Wait until a unit is up, and demand that it is still the same one after so many seconds."""
    began = time.monotonic()
    now = answers.unit(name)
    while not (now.up or now.down) and time.monotonic() < began + _PATIENCE_SECONDS:
        time.sleep(_PAUSE_SECONDS)
        now = answers.unit(name)
    first, until = now, time.monotonic() + (0 if now.done else stays)
    while now.up and now.invocation == first.invocation and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
        now = answers.unit(name)
    if not now.up or now.invocation != first.invocation:
        word = "was started again and again" if now.invocation != first.invocation else f"is {now.state}"
        raise RanInVain(
            f"{name} was started and {word} ({now.detail}){answers.journal(name)}", world=answers.PERHAPS
        )


def _demand_possible(name: str, wanted: Plain) -> None:
    """Raise Conflict for what cannot be had, before a mask is taken away for it."""
    link = vendor_link(name)
    if wanted == DISABLED and link:
        raise Conflict(
            f"{link} came with the system and starts {name} with the machine, whatever is disabled",
            remedy="say enabled: masked; it is not started by anything then",
        )
    if wanted == ENABLED and not (link or is_linked(name)):
        _demand_installable(name)


def _demand_installable(name: str) -> None:
    path: Optional[str] = found(name)
    if path is None:
        return  # systemctl says so better
    with open(path, encoding="utf-8", errors="replace") as file:
        if not installs(file.read()):
            raise Conflict(
                f"{path} has no [Install] section, so {name} cannot be enabled",
                remedy="leave `enabled` out: it is started by what needs it; or add WantedBy= to the unit",
            )
