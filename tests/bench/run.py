"""Time cutter beside its peers and print Markdown: `python tests/bench/run.py [CASE...]`.

The peers are installed into the user's cache (cutter/bench) at the first call, each the newest release in an
environment of its own. Nothing here asserts a time.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.cases import CASES, TOOLS, Runs
from bench.tools import version


def main() -> None:
    """Time the cases asked for, or all."""
    words = _words()
    tools = ["cutter", *(name for name in TOOLS if name in words.peers)]
    runs = Runs(words.runs, words.peer_runs, words.slow_runs, tools)
    versions = [f"CPython {platform.python_version()}", f"{os.cpu_count()} cores", *map(version, words.peers)]
    _tell(", ".join(versions))
    for name in words.cases or CASES:
        with tempfile.TemporaryDirectory(prefix="cutter-bench-") as folder:
            _tell(f"\n### {name}: {CASES[name].__doc__}")
            found = CASES[name](Path(folder), runs)
            for part in [found] if isinstance(found, str) else found:
                _tell(f"\n{part}")


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--runs", type=int, default=9, help="runs of cutter (default 9)")
    parser.add_argument("--peer-runs", type=int, default=5, help="runs of a peer at small work (default 5)")
    parser.add_argument("--slow-runs", type=int, default=1, help="runs of a peer at 1,000 files (default 1)")
    parser.add_argument("--peers", nargs="*", choices=TOOLS[1:], default=TOOLS[1:], help="who takes part")
    words = parser.parse_args()
    unknown = [name for name in words.cases if name not in CASES]
    if unknown:
        parser.error(f"there is no case {unknown[0]}")
    return words


if __name__ == "__main__":
    main()
