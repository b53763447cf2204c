"""The sessions of a command, and how they end."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from cutter.hosts.ssh_session import Session


def let_go_all(sessions: Mapping[str, Session]) -> None:
    """Let the agents of these sessions end while something else is done."""
    for session in sessions.values():
        session.let_go()


def close_all(sessions: Mapping[str, Session]) -> None:
    """End the agents of these sessions, all at once: one after the other it would take as many turns."""
    for session in sessions.values():
        session.part()
    for session in sessions.values():
        session.close()


def end_all(sessions: MutableMapping[str, Session]) -> None:
    """End the agents of these sessions and forget those that others may take the place of."""
    ended = {name: held for name, held in sessions.items() if held.give_way()}
    close_all(ended)
    for name in ended:
        del sessions[name]
