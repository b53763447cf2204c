"""Run the cutter command line with a run id that is known before: `python apply_cut.py RUN PEAK WORD...`.

So the owner of a database can hold its kill switch on for that run, which no command of cutter does. PEAK is
a file for the largest resident memory in KiB: what a parent is told of it counts its own before the exec.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cutter.app import applying
from cutter.cli.main import entry

if __name__ == "__main__":
    run, peak = sys.argv.pop(1), Path(sys.argv.pop(1))
    applying.new_run_id = lambda: run
    try:
        entry()
    finally:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        peak.write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
