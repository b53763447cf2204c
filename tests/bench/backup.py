"""Time the stream of a backup beside the bare shell pipeline: `python tests/bench/backup.py [MEBIBYTES]`.

Both dump the same database under the same flags to the same disk and end with the bytes on it, in turn. What
the backup does beyond that (digests of the rows before, proof of the file after) is timed by itself.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.table import seconds, table

from cutter.backup import dumping
from cutter.backup.drill import drill
from cutter.backup.policy import Policy
from cutter.backup.taking import take
from cutter.database.connections import ConnectionProvider
from cutter.database.embedded import EmbeddedServer
from cutter.database.programs import client_program
from cutter.gpg.encrypting import sealing
from cutter.gpg.making import NewKey, generate
from cutter.model.inventory import Database

_FILL = """
CREATE SCHEMA world;
CREATE TABLE world.page AS SELECT n, string_agg(md5(concat(n, '.', part)), ' ') AS text
FROM generate_series(1, {}) n CROSS JOIN generate_series(1, 31) part GROUP BY n;
CREATE ROLE cutter_backup_login LOGIN; CREATE ROLE cutter_scratch_login LOGIN CREATEDB;
GRANT USAGE ON SCHEMA world TO cutter_backup_login; GRANT SELECT ON world.page TO cutter_backup_login;
"""


def main() -> None:
    """Fill a database, time, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mebibytes", nargs="?", type=int, default=256, help="how much data (default 256)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (default 5)")
    words = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="cutter-bench-") as folder,
        EmbeddedServer(f"{folder}/pg") as server,
    ):
        server.create_database("bench")
        known = Database("bench", production=False, embedded=server.folder, dbname="bench")
        with ConnectionProvider(known) as provider, provider("OWNER") as owner:
            owner.execute(_FILL.format(words.mebibytes * 1024).encode())
            owner.commit()
            sys.stdout.write(_compared(provider, Path(folder), words.runs) + "\n")


def _compared(provider: ConnectionProvider, folder: Path, runs: int) -> str:
    home = folder / "home"
    home.mkdir(mode=0o700)
    key = generate(str(home), NewKey("bench", "bench@example.org", "ed25519", "2y"))
    policy = Policy(str(folder / "backups"), str(home), key, ("world",))
    ways: dict[str, Callable[[], object]] = {
        "shell": lambda: _shell(provider, policy, folder / "shell.gpg"),
        "cutter": lambda: _stream(provider, policy, folder / "cutter.gpg"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            times[name].append(_timed(way))
    before = _peak()
    whole, restored = _whole(provider, policy)
    grown = _peak() - before
    size = (folder / "cutter.gpg").stat().st_size / 2**20
    ratio = median(times["shell"]) / median(times["cutter"])
    rows = [(name, seconds(median(found)), seconds(min(found))) for name, found in times.items()]
    rows += [("whole backup, proven", seconds(whole), ""), ("drill", seconds(restored), "")]
    return (
        table(("", "median", "fastest"), rows)
        + f"\n\n{size:.0f} MiB; throughput {ratio:.0%} of the shell's; memory grew by {grown:.0f} MiB."
    )


def _whole(provider: ConnectionProvider, policy: Policy) -> tuple[float, float]:
    made = []
    whole = _timed(lambda: made.append(take(provider, policy, "bench")))
    return whole, _timed(lambda: drill(provider, policy, made[0]))


def _shell(provider: ConnectionProvider, policy: Policy, file: Path) -> None:
    place = provider.place.words
    words = ["--format=custom", "--compress=zstd", "--schema=world", "-h", place["host"], "-p", place["port"]]
    dump = [client_program("pg_dump"), *words, "-U", "cutter_backup_login", "bench"]
    gpg = sealing(policy.home, policy.recipient)
    text = f"set -o pipefail; {shlex.join(dump)} | {shlex.join(gpg)} >{shlex.quote(str(file))} && sync {file}"
    subprocess.run(["bash", "-c", text], check=True)


def _stream(provider: ConnectionProvider, policy: Policy, file: Path) -> None:
    """Stream as `take` does, and put it on disk."""
    with file.open("wb") as output:
        dumping.stream(
            provider, policy, ["--format=custom", "--compress=zstd", "--schema=world"], output.fileno()
        )
        os.fsync(output.fileno())


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
