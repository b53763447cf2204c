"""Hostile files are refused in bounded time and memory, measured in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import json, resource, sys
from pathlib import Path
from cutter.language.problems import InvalidDocuments
from cutter.language.strict_yaml import read_file
def most():  # of this program alone: what getrusage tells was inherited
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # ended here is what would not end
before = most()
try:
    read_file(sys.argv[1])
    said = "accepted"
except InvalidDocuments as refused:
    said = refused.problems[0].what
print(json.dumps([said, most() - before]))
"""


def bomb(levels: int) -> str:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


HOSTILE = {
    "nested sequences": ("[" * 10_000_000, "larger than"),
    "nested sequences below the limit": ("[" * 4_000_000, "nested deeper"),
    "nested mappings": ("{a: " * 1_000_000, "nested deeper"),
    "nested block sequences": ("- " * 1_000_000, "nested deeper"),
    "nested block mappings": ("".join(" " * n + "a:\n" for n in range(2_000)), "nested deeper"),
    "a bomb of aliases": (bomb(30), "aliases repeat more"),
    "many values": ("[" + "1," * 1_900_000 + "1]", "more than"),
    "one long word": ("a" * 4_000_000, "accepted"),
    "many keys": ("".join(f"k{n}: 1\n" for n in range(200_000)), "accepted"),
    "many anchors": ("".join(f"- &a{n} x\n" for n in range(200_000)), "accepted"),
}


def measured(path: Path) -> tuple[str, int]:
    """Return what is said of a file, and by how many KiB the most memory ever in use grew."""
    run = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True, check=True)
    said, kibibytes = json.loads(run.stdout)
    return said, kibibytes


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_judged_in_bounded_time_and_memory(tmp_path: Path, case: str) -> None:
    text, expected = HOSTILE[case]
    path = tmp_path / "x.yml"
    path.write_text(text)
    said, kibibytes = measured(path)
    assert expected in said
    assert kibibytes < 300 * 1024


def test_a_file_of_100_megabytes_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    said, kibibytes = measured(path)
    assert "larger than 4 MiB" in said
    assert kibibytes < 16 * 1024
