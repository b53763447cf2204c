"""Describe a resource type: its parameters, outputs, undo and an example; without a type, list all.

What is shown is derived from the one file that is the type. `cutter doc runbook` describes the keys of a
runbook, and `cutter doc step` what every step may say beside its type: which hosts it is for, loops, and the
like.
"""

from __future__ import annotations

import argparse

from cutter.cli import _options as options
from cutter.errors import UsageError
from cutter.report.keys_doc import PAGES, Page, keys_body, keys_text
from cutter.report.type_doc import summary_of, type_body, type_text
from cutter.resource import Resource
from cutter.resources import resource_type, type_names


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    help_text = "a type, runbook, or step; without it, the list"
    parser.add_argument("type", nargs="?", default="", metavar="TYPE", help=help_text)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Describe one type, or list all. Raises UsageError for a type that no file has."""
    if not args.type:
        return _list(args)
    if args.type in PAGES:
        return _page(args)
    kind = _chosen(args.type)
    if args.json:
        options.print_json({"version": 1, **type_body(args.type, kind)})
    else:
        print(type_text(args.type, kind, colour=options.colour(args)))
    return 0


def _page(args: argparse.Namespace) -> int:
    from cutter.language import schema

    keys = {
        "runbook": (schema.runbook_keys(), schema.RUNBOOK_REQUIRED),
        "step": (schema.step_keys(), schema.STEP_REQUIRED),
    }
    page = Page(args.type, *keys[args.type])
    if args.json:
        options.print_json({"version": 1, **keys_body(page)})
    else:
        print(keys_text(page, colour=options.colour(args)))
    return 0


def _list(args: argparse.Namespace) -> int:
    summaries = {name: summary_of(resource_type(name)) for name in type_names()}
    if args.json:
        types = [{"name": name, "summary": summary} for name, summary in summaries.items()]
        pages = [{"name": name, "summary": summary} for name, summary in PAGES.items()]
        options.print_json({"version": 1, "types": types, "pages": pages})
        return 0
    width = max(map(len, summaries))
    print("\n".join(f"{name:<{width}}  {summary}" for name, summary in summaries.items()))
    print("\nOne of them whole: cutter doc TYPE")
    for name, introduction in PAGES.items():
        print(f"cutter doc {name}: {introduction}")
    return 0


def _chosen(name: str) -> type[Resource]:
    if name in type_names():
        return resource_type(name)
    from difflib import get_close_matches

    near = get_close_matches(name, [*type_names(), *PAGES], n=1)
    known = f"the types are: {', '.join(type_names())}; there are {' and '.join(PAGES)} beside them"
    hint = f"did you mean `cutter doc {near[0]}`?" if near else known
    raise UsageError(f"there is no type {name!r}", remedy=hint)
