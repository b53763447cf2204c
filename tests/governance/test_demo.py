"""The demonstration does what it says, in a folder of its own, and leaves nothing that runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import cutter
from waiting import until

ARGV = (sys.executable, "-I", "-m", "cutter", "demo")
GAPS = ("F1", "F2", "F3", "F4", "GAP5", "GAP6", "GAP7", "GAP8")
CLOSED = re.compile(rf"^({'|'.join(GAPS)}) .* CLOSED ", re.MULTILINE)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder with a short name, for the sockets of gpg."""
    made = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


def left_running(folder: Path) -> list[str]:
    """Return the command lines of the processes that have the folder in them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if str(folder) in words and f"/{os.getpid()}/" not in str(place):
                found.append(words)
    return found


@pytest.mark.slow
def test_from_an_empty_folder_to_a_closed_matrix(folder: Path) -> None:
    done = subprocess.run((*ARGV, str(folder)), capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    said = done.stdout
    before, after = said.split("$ cutter apply --yes first.request\n")[0], said.split("== 6.")[1]
    assert set(CLOSED.findall(after.split("== 7.")[0])) == set(GAPS)
    assert set(CLOSED.findall(before.split("== 2.")[0])) == set()
    assert set(CLOSED.findall(before)) == {"GAP5", "GAP6", "GAP8"}
    unapproved = ["apply --yes first.plan", "apply --yes first.request", "apply --yes first.request"]
    refused = re.findall(r"^\$ cutter (.*)\n(?:(?!\$ ).*\n)*?\[exit (\d+)\]", said, re.MULTILINE)
    assert [words for words, code in refused if code == "15"] == unapproved
    assert [words for words, code in refused if code == "20"] == ["apply --yes first.plan"]
    assert "compensated cut:governed:" in said
    assert "first-production-run.yml: cut on governed is no longer as it was: drifted" in said
    assert "no longer as it was" not in said.split("== 7.")[0]
    assert (folder / "first.request.SG_2.sig").exists()
    until(lambda: not left_running(folder))


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    answer = cutter("demo", os.path.relpath(tmp_path))
    assert answer.code == 64
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_demonstration_that_is_stopped_leaves_no_server(folder: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        (*ARGV, str(folder)), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "cutter apply --yes" in line:
                break
        assert left_running(folder), "the server is there by then"
        process.send_signal(number)
        process.stdout.read()
        code = process.wait()
    assert code == (21 if number is not signal.SIGKILL else -9)
    until(lambda: not left_running(folder))


def test_json_names_every_command(folder: Path) -> None:
    (folder / "mine").touch()
    answer = cutter("demo", "--json", str(folder))
    assert answer.code == 64
    assert json.loads(answer.out)["error"]["code"] == 64
