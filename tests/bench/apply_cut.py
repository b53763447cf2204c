"""Run the cutter command line with a run id that is known before: `python apply_cut.py RUN WORD...`.

So the owner of a database can hold its kill switch on for that run, which no command of cutter does.
"""

from __future__ import annotations

import sys

from cutter.app import applying
from cutter.cli.main import entry

if __name__ == "__main__":
    run = sys.argv.pop(1)
    applying.new_run_id = lambda: run
    entry()
