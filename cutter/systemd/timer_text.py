"""The two unit files of a timer, and what cannot be written in them."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import Any

from cutter.children import run
from cutter.errors import StepFailed, Unavailable

_SECONDS = 30


def service_text(declared: Mapping[str, Any]) -> bytes:
    """Return the service that runs the command once."""
    folder = declared.get("folder")
    lines = [
        "[Unit]",
        f"Description={_escaped(declared['description'] or declared['name'])}",
        "",
        "[Service]",
        "Type=oneshot",
        f"User={declared['user']}",
        *([f"WorkingDirectory={_escaped(folder)}"] if folder else []),
        f"TimeoutStartSec={declared['timeout']}",
        f"ExecStart={' '.join(map(quoted, declared['command']))}",
    ]
    return "\n".join([*lines, ""]).encode()


def timer_text(declared: Mapping[str, Any]) -> bytes:
    """Return the timer that starts it."""
    lines = [
        "[Unit]",
        f"Description={_escaped(declared['description'] or declared['name'])}",
        "",
        "[Timer]",
        f"OnCalendar={declared['calendar']}",
        f"Persistent={'true' if declared['persistent'] else 'false'}",
        f"RandomizedDelaySec={declared['randomized_delay']}",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join([*lines, ""]).encode()


def quoted(word: str) -> str:
    """Return a word of a command so that systemd takes it as it is: no variable, no specifier, no escape."""
    doubled = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{doubled}"' if not doubled or any(c in doubled for c in " \t;'\"\\") else doubled


def word_problem(word: str, *, first: bool) -> str:
    """Return what is wrong with a word of a command, or nothing."""
    if "\0" in word or "\n" in word or "\r" in word:
        return "has a character that no line of a unit file can hold"
    if first and not word.startswith(("/", "{{")):
        return "is not an absolute path of a program"
    return ""


def demand_calendar(calendar: str) -> None:
    """Raise StepFailed for a time that is none or never comes; where systemd has no tool, it is not asked."""
    try:
        ended = run(["systemd-analyze", "calendar", "--", calendar], timeout=_SECONDS, cwd="/")
    except Unavailable:
        return
    if not ended.succeeded:
        what = f"systemd cannot read the calendar {calendar!r}: {ended.last_lines(2)}"
        raise StepFailed(what, remedy="try it: systemd-analyze calendar '*-*-* 02:30:00'; man systemd.time")
    if b"Next elapse: never" in ended.stdout:
        what = f"the calendar {calendar!r} names no time that is still to come, by the clock there"
        raise StepFailed(
            what, remedy=f"correct it until this names one: systemd-analyze calendar {quote(calendar)}"
        )


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
