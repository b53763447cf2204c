"""Describe a resource type: its parameters, outputs, undo and an example; without a type, list all.

What is shown is derived from the one file that is the type. `cutter doc step` describes what every step may
say beside its type: which hosts it is for, loops, and the like.
"""

from __future__ import annotations

import argparse

from cutter.cli import _options as options
from cutter.errors import UsageError
from cutter.report.type_doc import summary_of, type_body, type_text
from cutter.resource import Resource
from cutter.resources import resource_type, type_names

_STEP = "step"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "type", nargs="?", default="", metavar="TYPE", help="a type, or step; without it, the list"
    )
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Describe one type, or list all. Raises UsageError for a type that no file has."""
    if not args.type:
        return _list(args)
    if args.type == _STEP:
        return _step(args)
    kind = _chosen(args.type)
    if args.json:
        options.print_json({"version": 1, **type_body(args.type, kind)})
    else:
        print(type_text(args.type, kind, colour=options.colour(args)))
    return 0


def _step(args: argparse.Namespace) -> int:
    from cutter.language.schema import step_keys
    from cutter.report.step_doc import step_body, step_text

    if args.json:
        options.print_json({"version": 1, **step_body(step_keys())})
    else:
        print(step_text(step_keys(), colour=options.colour(args)))
    return 0


def _list(args: argparse.Namespace) -> int:
    summaries = {name: summary_of(resource_type(name)) for name in type_names()}
    if args.json:
        types = [{"name": name, "summary": summary} for name, summary in summaries.items()]
        options.print_json({"version": 1, "types": types})
        return 0
    width = max(map(len, summaries))
    print("\n".join(f"{name:<{width}}  {summary}" for name, summary in summaries.items()))
    print("\nOne of them whole: cutter doc TYPE; what every step may say: cutter doc step")
    return 0


def _chosen(name: str) -> type[Resource]:
    if name in type_names():
        return resource_type(name)
    from difflib import get_close_matches

    near = get_close_matches(name, type_names(), n=1)
    known = f"the types are: {', '.join(type_names())}; keys of every step: `cutter doc step`"
    hint = f"did you mean `cutter doc {near[0]}`?" if near else known
    raise UsageError(f"there is no type {name!r}", remedy=hint)
