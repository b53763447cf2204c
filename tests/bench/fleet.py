"""Hundreds of hosts that are all this machine: what the controller needs for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.processes import Watched, watched
from bench.table import seconds, table
from bench.tools import CUTTER, RUNBOOK
from bench.work import Work, faults, gap5

SIZES = (10, 50, 200)
_SSH = """\
#!/bin/sh
# Stand for ssh: run what it is to run on a host here, with the machine id, state and files of that host.
while [ $# -gt 2 ]; do shift; done
cd {folder}
exec unshare -m sh -c '
    mount --bind "hosts/$0/machine-id" /etc/machine-id &&
    mount --bind "hosts/$0/state" state && mount --bind "hosts/$0/world" world && exec sh -c "$1"' "$@"
"""
_ENVIRONMENT = """\
name: bench
production: no
ledger: "{{ project_dir }}/kept/ledger"
target_state: "{{ project_dir }}/state"
"""


def simulated(folder: Path, sizes: Sequence[int] = SIZES) -> str:
    """Apply the small work to as many hosts, first and with nothing to do; return a table."""
    rows: list[list[str]] = []
    for size in sizes:
        place = folder / str(size)
        work = _hosts(place, [f"host{number:03d}" for number in range(size)])
        rows += [
            [f"{size} hosts, {name}", *_row(_applied(place, work), size)]
            for name in ("first apply", "nothing to do")
        ]
        shutil.rmtree(place)
    return table(("", "wall clock", "processor", "per host", "memory", "load"), rows)


def _hosts(place: Path, names: Sequence[str]) -> Work:
    for name in ("state", "world", "inventory/bench"):
        (place / name).mkdir(parents=True)
    for name in names:
        for part in ("state", "world"):
            (place / "hosts" / name / part).mkdir(parents=True)
        (place / "hosts" / name / "machine-id").write_text(f"{name.encode().hex():0<32}\n")
    inventory = place / "inventory" / "bench"
    inventory.joinpath("environment.yml").write_text(_ENVIRONMENT)
    inventory.joinpath("hosts.yml").write_text(
        "all:\n  hosts:\n" + "".join(f"    {name}:\n" for name in names)
    )
    (place / "ssh").write_text(_SSH.format(folder=place))
    (place / "ssh").chmod(0o755)
    work = gap5(place / "world")
    (place / "work.yml").write_text(RUNBOOK + work.cutter)
    return work


def _applied(place: Path, work: Work) -> Watched:
    told = {"CUTTER_SSH": str(place / "ssh"), "XDG_CACHE_HOME": str(place / "cache")}
    words = [str(CUTTER), "apply", "--yes", "-i", "inventory/bench", "work.yml"]
    found = watched(words, place, told, children=False)
    for host in (place / "hosts").iterdir():
        wrong = faults(work, host / "world")
        if wrong:
            raise RuntimeError(f"the work is not done on {host.name}: {wrong[0]}")
    return found


def _row(found: Watched, size: int) -> list[str]:
    per_host = f"{found.processor / size * 1000:.1f} ms"
    load = f"{os.getloadavg()[0]:.0f}"
    return [seconds(found.seconds), seconds(found.processor), per_host, f"{found.own:.0f} MiB", load]
