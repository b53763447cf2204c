"""Words to a verb to an exit code; the one place where complaints become text and the program ends."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from contextlib import suppress
from errno import EIO, EPIPE
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from cutter.app.afterwards import AFTERWARDS
from cutter.app.interrupts import interrupt_on_every_signal
from cutter.app.opened import OPENED
from cutter.cli._output import silence
from cutter.cli._planning import planning_shown
from cutter.errors import CutterError, Interrupted, UsageError

_DESCRIPTION = "Declarative runbooks that plan, apply, look again and record evidence."
_EPILOG = "Every verb has --help. `cutter explain CODE` tells what an exit code means."


_AT_MOST = "nothing was changed that `cutter runs` does not show"


class Help(argparse.HelpFormatter):
    """Help as wide as the terminal; asking the system itself, since argparse loads shutil to do so."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_terminal_width())


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are ours: exit 64, with a near word where there is one."""

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError instead of leaving the program with 2, which means pending changes."""
        raise UsageError(message, remedy=f"{self.prog} --help")


def entry() -> NoReturn:
    """Run the command line of this process and end it with the exit code."""
    gc.disable()  # a short life: collecting costs more than it frees
    interrupt_on_every_signal()
    code = main(sys.argv[1:])
    _flush()
    if "psycopg" in sys.modules:
        sys.exit(code)  # servers of our own are to be let go of
    os._exit(code)  # all is closed and durable by now, and taking the interpreter apart takes 8 ms


def main(words: list[str]) -> int:
    """Run one command and return its exit code. Complaints go to standard error (with --json, output).

    What went wrong beside the command is told last, on standard error, and takes nothing but a 0 away.
    """
    code = _answered(words)
    while AFTERWARDS:
        beside = _complain(AFTERWARDS.pop(0), [word for word in words if word != "--json"])
        code = code or beside
    return code


def _answered(words: list[str]) -> int:
    try:
        with OPENED:
            return _run(words)
    except CutterError as error:
        return _complain(error, words)
    except KeyboardInterrupt:
        return _complain(Interrupted("interrupted", world=_AT_MOST), words)
    except OSError as error:
        if error.errno not in (EPIPE, EIO) or error.filename is not None:
            return _bug(error, words)
        silence()
        return _complain(Interrupted("nobody reads the output any more", world=_AT_MOST), words)
    except Exception as error:  # noqa: BLE001 - a bug; the traceback only where it was asked for
        return _bug(error, words)


def _flush() -> None:
    """Write out what waits; where that fails the exit code, which answers another question, stays."""
    try:
        sys.stdout.flush()
    except OSError as error:
        silence()
        with suppress(OSError):
            print(f"cutter: the output is not complete: {error.strerror}", file=sys.stderr)


def _terminal_width() -> int:
    """Return the columns to fill, two less than there are, as argparse does; 78 without a terminal."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size().columns) - 2
    except (OSError, ValueError):
        return 78


def verbs() -> list[str]:
    """Return the names of all verbs: the files of this folder."""
    from pkgutil import iter_modules

    here = import_module("cutter.cli")
    modules = (module.name for module in iter_modules(here.__path__))
    return sorted(name for name in modules if name != "main" and not name.startswith("_"))


def parser_of_all() -> Parser:
    """Return the parser that knows every verb; for help and completion."""
    parser = _top()
    commands = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs", parser_class=Parser)
    for name in verbs():
        _add(commands, name)
    return parser


def _run(words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    verb = _verb_in(words)
    if not verb and "--version" in words:
        words, verb = ["version", *(word for word in words if word != "--version")], "version"
    if not _is_verb(verb):
        return _without_verb(words, verb)
    module = import_module(f"cutter.cli.{verb}")
    parser = Parser(
        prog=f"cutter {verb}", description=module.__doc__, allow_abbrev=False, formatter_class=Help
    )
    module.configure(parser)
    at = words.index(verb)
    rest = [*words[:at], *words[at + 1 :]]
    args = parser.parse_intermixed_args(rest)  # `apply A -i X B`: flags may stand between files
    with planning_shown(args):
        code: int = module.run(args)
    return code


def _verb_in(words: list[str]) -> str:
    """Return the first word that is no flag, or the first verb where that word may be a flag's value."""
    plain = [index for index, word in enumerate(words) if not word.startswith("-")]
    if plain and plain[0] > 0:
        return next((words[index] for index in plain if _is_verb(words[index])), words[plain[0]])
    return words[plain[0]] if plain else ""


def _is_verb(word: str) -> bool:
    """Tell whether a word is a verb, without listing them all."""
    named = word.isidentifier() and not word.startswith("_") and word != "main"
    return named and os.path.exists(os.path.join(os.path.dirname(__file__), f"{word}.py"))


def _without_verb(words: list[str], verb: str) -> int:
    if not verb and any(word in ("-h", "--help") for word in words):
        parser_of_all().print_help()
        return 0
    if not verb:
        parser_of_all().print_help(sys.stderr)
        raise UsageError("a verb is missing", remedy="cutter --help")
    raise _no_such_verb(verb)


def _no_such_verb(verb: str) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(verb, verbs(), n=1)
    if verb.endswith((".yml", ".yaml", ".plan")):
        return UsageError(f"{verb} is a file, not a verb", remedy=f"cutter apply {verb}")
    hint = f"did you mean `cutter {near[0]}`?" if near else "cutter --help"
    return UsageError(f"there is no verb {verb!r}", remedy=hint)


def _top() -> Parser:
    return Parser(
        prog="cutter", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False, formatter_class=Help
    )


def _add(commands: argparse._SubParsersAction[Parser], name: str) -> ModuleType:
    module = import_module(f"cutter.cli.{name}")
    summary = (module.__doc__ or "").strip().splitlines()[0]
    parser = commands.add_parser(
        name, help=summary, description=module.__doc__, allow_abbrev=False, formatter_class=Help
    )
    module.configure(parser)
    return module


def _complain(error: CutterError, words: list[str]) -> int:
    with suppress(OSError):  # nobody can read it; the exit code still tells
        _tell(error, words)
    return error.exit_code


def _tell(error: CutterError, words: list[str]) -> None:
    from cutter.report.error_text import error_body, error_text
    from cutter.report.style import wants_colour

    if "--debug" in words:
        _traceback(error)
    if "--json" in words:
        import json

        print(json.dumps(error_body(error), sort_keys=True))
    else:
        print(
            error_text(error, colour=wants_colour(sys.stderr, refused="--no-color" in words)), file=sys.stderr
        )


def _bug(error: Exception, words: list[str]) -> int:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    world = "see `cutter runs` for what was done before it"
    told = CutterError(
        f"internal error: {type(error).__name__}", place=where, world=world, remedy="add --debug"
    )
    told.__traceback__ = error.__traceback__
    return _complain(told, words)


def _traceback(error: BaseException) -> None:
    """Print where it happened, without the values that happened to be there."""
    import traceback

    for frame in traceback.extract_tb(error.__traceback__):
        print(f"  {frame.filename}:{frame.lineno} in {frame.name}", file=sys.stderr)
