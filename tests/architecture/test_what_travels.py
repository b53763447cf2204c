"""What travels to a target runs from a zip with the standard library alone, on the oldest Python too."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from cutter.hosts.luggage import luggage
from cutter.resources import place_of, type_names

TYPES = [name for name in type_names() if place_of(name) == "target"]
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from cutter.agent import Agent, StepRequest
from cutter.filesystem.kept import KeptContent
from cutter.resources import resource_type, type_names
for name in type_names():
    resource_type(name)
world = sys.argv[2]
made = world + "/c"
wiring = {"path": world + "/.env", "set": {"KEY": "value"}}
steps = [
    StepRequest("d", "directory", {"path": world + "/d", "mode": "0750"}, "h1"),
    StepRequest("e", "env_file", wiring, "h2"),
    StepRequest("c", "command", {"argv": ["touch", made], "check": ["test", "-e", made]}, "h3"),
]
agent = Agent(KeptContent(world + "/kept"), b"key")
evidence = list(agent.apply(steps, lambda: False))
print([item.outcome.value for item in evidence], *[item.reason for item in evidence if item.reason])
print([look.prediction.value for look in agent.look(steps)])
names = {name.partition(".")[0] for name in sys.modules}
print(sorted(names & {"yaml", "jsonschema", "rich", "psycopg", "gnupg"}))
"""
LATE = """
import ast, importlib, sys, zipfile
sys.path.insert(0, sys.argv[1])
packed = zipfile.ZipFile(sys.argv[1])
for name in packed.namelist():
    for node in ast.walk(ast.parse(packed.read(name))):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module.startswith("cutter"):
            module = importlib.import_module(node.module)
            for wanted in node.names:
                if not hasattr(module, wanted.name):
                    importlib.import_module(node.module + "." + wanted.name)
"""


def pythons() -> list[str]:
    """Return this Python, the system's, and the oldest others that are installed here."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [
        Path(sys.executable),
        Path("/usr/bin/python3"),
        *sorted(root.glob("versions/3.9*/bin/python3.9")),
    ]
    candidates += [Path(f"/usr/bin/python3.{minor}") for minor in (9, 10)]
    return [str(path) for path in dict.fromkeys(candidates) if path.exists()]


def magic_of(python: str) -> bytes:
    """Return how compiled code begins for a Python."""
    said = "import _frozen_importlib_external as x; print(x.MAGIC_NUMBER.hex())"
    done = subprocess.run([python, "-I", "-S", "-c", said], capture_output=True, text=True, check=True)
    return bytes.fromhex(done.stdout)


@pytest.mark.parametrize("python", pythons())
def test_steps_run_from_a_zip(python: str, tmp_path: Path) -> None:
    packed = tmp_path / "agent.zip"
    packed.write_bytes(luggage(magic_of(python)))
    world = tmp_path / "world"
    world.mkdir()
    argv = [python, "-I", "-S", "-c", PROGRAM, str(packed), str(world)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    applied, looked, foreign = done.stdout.splitlines()
    assert applied == "['changed', 'changed', 'changed']"
    assert looked == "['no change', 'no change', 'no change']"
    assert foreign == "[]"
    assert (world / "c").exists()


@pytest.mark.parametrize("python", pythons())
def test_whatever_a_module_imports_late_travels_with_it(python: str, tmp_path: Path) -> None:
    packed = tmp_path / "agent.zip"
    packed.write_bytes(luggage())
    argv = [python, "-I", "-S", "-c", LATE, str(packed)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("name", TYPES)
def test_a_type_travels_with_all_that_it_asks_for(name: str, tmp_path: Path) -> None:
    packed = tmp_path / "agent.zip"
    packed.write_bytes(luggage(types=frozenset({name})))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LATE, str(packed)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    entries = zipfile.ZipFile(packed).namelist()
    assert [each for each in TYPES if f"cutter/resources/target/{each}.py" in entries] == [name]


def test_what_no_type_asks_for_stays() -> None:
    alone = zipfile.ZipFile(io.BytesIO(luggage(types=frozenset({"directory"})))).namelist()
    rooms = {name.split("/")[1] for name in alone if name.count("/") > 1}
    assert rooms == {"agent", "filesystem", "model", "resources"}


def test_the_code_of_this_python_travels_as_it_is_kept() -> None:
    entries = zipfile.ZipFile(io.BytesIO(luggage(MAGIC_NUMBER))).namelist()
    modules = [name.removesuffix("c") for name in entries]
    assert sorted(modules) == sorted(zipfile.ZipFile(io.BytesIO(luggage())).namelist())
    assert "cutter/agent/running.pyc" in entries
