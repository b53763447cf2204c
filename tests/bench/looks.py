"""The looks of a piece of work as a shell script, which is what no tool over ssh can be much faster than."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.work import Work

ROOT = "0:0"


def looks(work: Work, world: str, *, together: bool, owner: str = ROOT) -> str:
    """Return a script that ends with 1 unless directories and files are `owner`'s and as they should be.

    Each is looked at by programs of its own, as such scripts do; `together` one program sees all of them.
    """
    return _together(work, world, owner) if together else _each(work, world, owner)


def _each(work: Work, world: str, owner: str) -> str:
    lines = ["set -e\n"]
    for name, content in work.expected.items():
        path = f"{world}/{name}"
        kind = "-d" if content is None else "-f"
        lines.append(f'[ {kind} {path} ]\n[ "$(stat -c %u:%g {path})" = {owner} ]\n')
        if content is not None:
            found = sha256(content).hexdigest() if name not in work.loose else ""
            lines.append(f'set -- $(sha256sum {path})\n[ "${{1#{found}}}" = "" ]\n' if found else _read(path))
    return "".join(lines)


def _read(path: str) -> str:
    return f'[ "$(sha256sum <{path})" != "" ]\n'


def _together(work: Work, world: str, owner: str) -> str:
    paths = [f"{world}/{name}" for name in work.expected]
    digests = "".join(
        f"{sha256(content).hexdigest()}  {world}/{name}\n"
        for name, content in work.expected.items()
        if content is not None and name not in work.loose
    )
    read = " ".join(f"{world}/{name}" for name in work.loose)
    sums = f"sha256sum --quiet -c - <<END\n{digests}END\n" if digests else ""
    rest = f"sha256sum {read} >/dev/null\n" if read else ""
    owners = f'[ "$(stat -c %u:%g {" ".join(paths)} | sort -u)" = {owner} ]\n'
    return f"set -e\n{owners}{sums}{rest}"
