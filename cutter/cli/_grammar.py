"""What the parser knows of the verbs, as values for completion."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from cutter.cli.main import Parser, verbs
from cutter.report.completion import Flag, Kind, Verb

_SOURCE_OF_METAVAR = {
    "CODE": "codes",
    "FILE": "file",
    "FOLDER": "folder",
    "GAP": "gaps",
    "HOSTS": "hosts",
    "RUN": "runs",
    "RUNBOOK": "yaml",
    "SCHEMA": "schemas",
    "STEP": "steps",
    "TYPE": "types",
    "VARIABLE": "variables",
    "WHAT": "runs",
}
"""What a metavar promises about its word; a metavar that is not here takes anything."""


def grammar() -> list[Verb]:
    """Return every verb with its flags and places, as its `--help` knows them."""
    return [_verb(name) for name in verbs()]


def summary(name: str) -> str:
    """Return what a verb does in one sentence: the first line of its docstring."""
    return (import_module(f"cutter.cli.{name}").__doc__ or "").strip().partition("\n")[0]


def _verb(name: str) -> Verb:
    parser = Parser(prog=name)
    import_module(f"cutter.cli.{name}").configure(parser)
    actions = parser._actions  # noqa: SLF001 - argparse tells nobody what it was told
    flags = [_flag(action) for action in actions if action.option_strings]
    placed = [action for action in actions if not action.option_strings]
    places = [_kind(action) for action in placed if action.nargs in (None, "?")]
    return Verb(name, summary(name), flags, places, _rest(placed))


def _flag(action: argparse.Action) -> Flag:
    takes = None if action.nargs == 0 else _kind(action)
    return Flag(tuple(action.option_strings), action.help or "", takes)


def _rest(actions: Sequence[argparse.Action]) -> Kind | None:
    return next((_kind(action) for action in actions if action.nargs in ("+", "*")), None)


def _kind(action: argparse.Action) -> Kind:
    if action.choices is not None:
        return Kind("none", tuple(str(choice) for choice in action.choices))
    return Kind(_SOURCE_OF_METAVAR.get(str(action.metavar), "none"))
