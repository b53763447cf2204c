"""The README is run, not believed: its blocks, their output, and the parts that are made from the code.

`python tests/readme.py` writes the captures and the generated parts anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
HOME = "/home/you/cutter"
STORY = """\
$ cutter apply --yes -i inventory/sandbox runbooks/provision-vps.yml runbooks/gap5.yml | tail -n 8
$ cutter gaps -i inventory/sandbox
$ chmod 0777 sandbox/cutter/runs
$ cutter verify -i inventory/sandbox runbooks/gap5.yml; echo "exit code $?"
$ cutter apply --yes -i inventory/sandbox runbooks/gap5.yml
"""
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PASSING = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}"), "RUN"),
    (re.compile(r"machine:[0-9a-f]{16}"), "MACHINE"),
    (re.compile(r"\b(owner|group) [\w.-]+"), r"\1 SOMEBODY"),
    (re.compile(r"sha256:[0-9a-f]{8}"), "DIGEST"),
)


class Block(NamedTuple):
    """A fenced block and its language."""

    language: str
    text: str


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text."""
    return [Block(*found.groups()) for found in _FENCE.finditer(text)]


def normalised(text: str) -> str:
    """Return a capture without what differs from run to run and from machine to machine."""
    for pattern, name in _PASSING:
        text = pattern.sub(name, text)
    return text


def make_tree(folder: Path) -> Path:
    """Copy what an operator needs into a folder, with a door to the cutter that is under test."""
    for name in ("runbooks", "inventory", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "bootstrap.sh").write_text('[ "$1" = test ] || exec cutter "$@"\n')
    return folder


def shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder, with `cutter` on the PATH and no terminal."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CUTTER_")}
    environment = {**kept, "PATH": path, "COLUMNS": "120", "NO_COLOR": "1"}
    words = ["bash", "--norc", "-o", "pipefail", "-c", script]
    return subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def captured(folder: Path, story: str) -> str:
    """Return the commands of a console block, each followed by what it says now."""
    told = []
    for line in story.splitlines():
        if line.startswith("$ "):
            said = shell(folder, line[2:]).stdout.replace(str(folder), HOME)
            told.append(f"{line}\n{said}")
    return "".join(told)


def generated(text: str) -> str:
    """Return the text with the tables that are made from the code as they are now."""
    from cutter.cli._grammar import summary
    from cutter.cli.explain import markdown_table
    from cutter.cli.main import verbs

    rows = [f"| `{name}` | {summary(name)} |" for name in verbs()]
    parts = {
        "verbs": "\n".join(["| Verb | What it does |", "|---|---|", *rows, ""]),
        "exit codes": markdown_table(),
    }
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        head, _, rest = text.partition(begin)
        assert end in rest, f"the README has no place for {name}"
        text = f"{head}{begin}{part}{end}{rest.partition(end)[2]}"
    return text


def excerpts() -> Iterator[str]:
    """Yield the parts of gap5.yml that the README shows."""
    text = (ROOT / "runbooks/gap5.yml").read_text()
    yield text[: text.index("\n  - name: Database wiring")]
    yield text[text.index("steps:") : text.index("\n  # The shape")]


def rewritten(text: str) -> str:
    """Return the README with every capture, excerpt and table as they are now."""
    with tempfile.TemporaryDirectory() as folder:
        parts = {"console": [captured(make_tree(Path(folder)), STORY)], "yaml": list(excerpts())}

    def fresh(found: re.Match[str]) -> str:
        language = found[1]
        return f"```{language}\n{parts[language].pop(0)}```" if parts.get(language) else found[0]

    return generated(_FENCE.sub(fresh, text))


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
