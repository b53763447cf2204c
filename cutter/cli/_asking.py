"""Asks on the terminal: whether to go on, and for a password. Never where nobody can answer."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cutter.errors import UsageError
from cutter.model.secret import Secret

_LOOK_UP_SECONDS = 0.2


def confirmed(question: str, args: argparse.Namespace) -> bool:
    """Ask on a terminal; elsewhere only --yes is a yes. Raises UsageError where nobody can be asked."""
    if args.yes:
        return True
    if args.no_input or args.json or not _can_ask():
        raise UsageError("nobody can be asked here", remedy="read the plan (cutter plan), then add --yes")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    try:
        with _signals_heard():
            answer = sys.stdin.readline()
    except OSError:  # the terminal was closed
        answer = ""
    return answer.strip().lower() in ("y", "yes")


def become_password(args: argparse.Namespace) -> Secret | None:
    """Ask for the password of sudo where that was asked for. Raises UsageError where nobody can be asked."""
    if not getattr(args, "ask_become_pass", False):
        return None
    if getattr(args, "no_input", False) or not _can_ask():
        remedy = "name a source in the inventory: ansible_become_password: {env: NAME}"
        raise UsageError("nobody can be asked for a password here", remedy=remedy)
    from getpass import getpass

    with _signals_heard():
        return Secret(getpass("password of sudo on the hosts: ", sys.stderr))


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def _signals_heard() -> Iterator[None]:
    """Heed a signal in this block even if it comes right before a read begins to wait.

    Such a signal is noted, but the read would wait for an answer before anybody looked at the note. An alarm
    makes it look up now and then.
    """
    previous = signal.signal(signal.SIGALRM, _look_up)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_UP_SECONDS, _LOOK_UP_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _look_up(number: int, frame: FrameType | None) -> None:
    """Do nothing: what was noted before is heeded now."""
    del number, frame
