"""What the parser knows of the verbs, as values for completion."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from cutter.cli.main import parser_of_all
from cutter.report.completion import Flag, Kind, Verb

_SOURCE_OF_METAVAR = {
    "CODE": "codes",
    "FILE": "file",
    "FOLDER": "folder",
    "GAP": "gaps",
    "HOSTS": "hosts",
    "PLAN": "file",
    "RUN": "runs",
    "RUNBOOK": "yaml",
    "SCHEMA": "schemas",
    "STEP": "steps",
    "TYPE": "types",
    "VARIABLE": "variables",
}
"""What a metavar promises about its word; a metavar that is not here takes anything."""


def grammar() -> list[Verb]:
    """Return every verb with its flags and places, as `--help` knows them."""
    commands = next(action for action in parser_of_all()._actions if action.dest == "verb")
    summaries = {action.dest: action.help or "" for action in commands._get_subactions()}
    choices = commands.choices
    assert isinstance(choices, dict)  # argparse keeps the parsers of the verbs here
    return [_verb(name, summaries[name], parser) for name, parser in choices.items()]


def _verb(name: str, summary: str, parser: argparse.ArgumentParser) -> Verb:
    actions = parser._actions
    flags = [_flag(action) for action in actions if action.option_strings]
    placed = [action for action in actions if not action.option_strings]
    return Verb(name, summary, flags, list(_places(placed)), _rest(placed))


def _flag(action: argparse.Action) -> Flag:
    takes = None if action.nargs == 0 else _kind(action)
    return Flag(tuple(action.option_strings), action.help or "", takes)


def _places(actions: Sequence[argparse.Action]) -> Iterator[Kind]:
    yield from (_kind(action) for action in actions if action.nargs in (None, "?"))


def _rest(actions: Sequence[argparse.Action]) -> Kind | None:
    return next((_kind(action) for action in actions if action.nargs in ("+", "*")), None)


def _kind(action: argparse.Action) -> Kind:
    if action.choices is not None:
        return Kind("none", tuple(str(choice) for choice in action.choices))
    return Kind(_SOURCE_OF_METAVAR.get(str(action.metavar), "none"))
