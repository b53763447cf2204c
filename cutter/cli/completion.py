"""Print a completion script for bash, zsh or fish.

Load it with `source <(cutter completion bash)` (zsh alike) or `cutter completion fish | source`. The
script knows verbs and flags; what only this machine knows (runs, gaps, hosts, steps) it asks cutter for.
"""

from __future__ import annotations

import argparse
import sys

from cutter.cli import _options as options

_SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument(
        "shell", choices=[*_SHELLS, "words"], help="a shell; or words, which the scripts call"
    )
    parser.add_argument(
        "kind", nargs="?", default="", metavar="KIND", help="words of this kind, such as runs"
    )
    parser.add_argument("runbooks", nargs="*", metavar="RUNBOOK", help="runbooks whose words are wanted")
    options.add_environment(parser, limit=False, extra=False)
    options.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Print the script, or the words. Raises UsageError for a kind of words that there is not."""
    if args.shell == "words":
        return _words(args)
    script = _script(args.shell)
    if args.json:
        options.print_json({"version": 1, "shell": args.shell, "script": script})
    else:
        sys.stdout.write(script)
    return 0


def _script(shell: str) -> str:
    from cutter.cli._grammar import grammar
    from cutter.report.completion.bash import bash_script
    from cutter.report.completion.fish import fish_script
    from cutter.report.completion.zsh import zsh_script

    return {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}[shell](grammar())


def _words(args: argparse.Namespace) -> int:
    from cutter.app.known_words import known_words

    words = known_words(args.kind, options.choice(args), args.runbooks)
    if args.json:
        options.print_json({"version": 1, "words": words})
    else:
        print("\n".join(words))
    return 0
