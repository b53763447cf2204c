"""Print a JSON Schema of runbooks, inventories or the matrix; or keep the files of all of them fresh.

`cutter schema runbook` prints one; --write puts all into schemas/, where editors find them; --check exits 2
when those are not what the types that are here would give.
"""

from __future__ import annotations

import argparse
import sys

from cutter.app.documents import SUFFIX, stale_schemas, write_schemas
from cutter.cli import _options as options
from cutter.errors import UsageError
from cutter.language.problems import nearest
from cutter.language.schema import schema_documents, schema_texts

_PENDING = 2
_FLAGS = {
    "--write": "write all into this folder (default schemas)",
    "--check": "exit 2 when the files of this folder are stale",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "name", nargs="?", default="", metavar="SCHEMA", help="a schema; without it, their list"
    )
    chosen = parser.add_mutually_exclusive_group()
    for flag, help_text in _FLAGS.items():
        chosen.add_argument(flag, nargs="?", const="schemas", metavar="FOLDER", help=help_text)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Print, write or check. Raises UsageError for a schema that there is not."""
    if args.write is not None:
        return _tell(args, "written", write_schemas(args.write), 0)
    if args.check is not None:
        stale = stale_schemas(args.check)
        return _tell(args, "stale", stale, _PENDING if stale else 0)
    if args.name:
        sys.stdout.write(schema_texts()[_chosen(args.name)])
        return 0
    names = [name.removesuffix(SUFFIX) for name in schema_documents()]
    if args.json:
        options.print_json({"version": 1, "schemas": names})
    else:
        print("\n".join(names))
    return 0


def _tell(args: argparse.Namespace, word: str, names: list[str], code: int) -> int:
    if args.json:
        options.print_json({"version": 1, word: names})
        return code
    print("\n".join(f"{word}: {name}" for name in names) or "every schema is as the types say")
    if code:
        print("next: cutter schema --write; a file that no type gives is yours to delete")
    return code


def _chosen(name: str) -> str:
    known = {file.removesuffix(SUFFIX): file for file in schema_documents()}
    wanted = name.removesuffix(SUFFIX)
    if wanted in known:
        return known[wanted]
    near = nearest(wanted, known)
    hint = f"did you mean `cutter schema {near}`?" if near else f"the schemas are: {', '.join(known)}"
    raise UsageError(f"there is no schema {name!r}", remedy=hint)
