"""`python -m cutter` is the same door as the console script."""

from __future__ import annotations

from cutter.cli.main import entry

if __name__ == "__main__":
    entry()
