"""A file that was found valid is not judged again, and nothing else is believed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutter.language import valid_cache
from cutter.language.problems import InvalidDocuments
from cutter.language.runbooks import load_runbook

if TYPE_CHECKING:
    from malformed_corpus import Write

STEPS = "steps:\n  - name: A directory\n    directory: {path: /srv/a}\n"
LOADS = """
import sys
from cutter.language.runbooks import load_runbook
load_runbook(sys.argv[1])
print("jsonschema" in sys.modules)
"""


def loads_the_validator(path: Path) -> bool:
    run = subprocess.run([sys.executable, "-c", LOADS, path], capture_output=True, text=True, check=True)
    return run.stdout.strip() == "True"


def test_the_validator_is_loaded_once_for_the_same_bytes(write: Write) -> None:
    path = write("runbooks/a.yml", STEPS)
    assert loads_the_validator(path)
    assert not loads_the_validator(path)
    write("runbooks/a.yml", STEPS + "\n")
    assert loads_the_validator(path)


def test_an_invalid_file_is_not_remembered(write: Write, cache: Path) -> None:
    path = write("runbooks/a.yml", STEPS.replace("path", "pth"))
    for _ in range(2):
        with pytest.raises(InvalidDocuments):
            load_runbook(path)
    assert not list(cache.rglob("*"))


def test_a_doubtful_file_is_not_remembered(write: Write, cache: Path) -> None:
    path = write("runbooks/a.yml", "vars: {a: yes}\n" + STEPS)
    with pytest.raises(InvalidDocuments):
        load_runbook(path)
    assert not list(cache.rglob("*"))


def test_a_cache_that_cannot_be_written_is_as_good_as_none(write: Write, cache: Path) -> None:
    cache.write_text("in the way")
    assert load_runbook(write("runbooks/a.yml", STEPS)).name == "sample"


def test_a_cache_that_lies_never_makes_a_traceback(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valid_cache, "known", lambda _: True)
    for text in (
        "steps: 5\n",
        "steps: [5, {name: 5}, {name: a, directory: 7}]\n",
        "vars: 3\n",
        "hosts: []\nsteps: []\n",
    ):
        path = write("runbooks/a.yml", text)
        with pytest.raises(InvalidDocuments):
            load_runbook(path)
    path = write("runbooks/a.yml", "apiVersion: 5\n")
    with pytest.raises(InvalidDocuments):
        load_runbook(path)


def test_the_oldest_are_forgotten(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valid_cache, "KEPT", 10)
    for number in range(11):
        valid_cache.remember(f"{number:064}")
    kept = sorted(path.name for path in (cache / "cutter" / "valid").iterdir())
    assert len(kept) == 5
    assert kept[-1] == f"{10:064}"


def test_another_schema_of_the_same_time_judges_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As packages have it whose files all carry the time of a release."""
    schema = tmp_path / "cutter/language/schema.py"
    schema.parent.mkdir(parents=True)
    monkeypatch.setattr(valid_cache, "__file__", str(schema.with_name("valid_cache.py")))
    found = []
    for text in ("A = 1\n", "A = 2\n"):
        schema.write_text(text)
        os.utime(schema, ns=(1, 1))
        found.append(sorted(valid_cache._sources()))
    assert found[0] != found[1]
