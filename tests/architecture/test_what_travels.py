"""What travels to a target runs from memory with the standard library alone, on the oldest Python too."""

from __future__ import annotations

import ast
import py_compile
import subprocess
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest
from pythons import pythons

from cutter.agent import running
from cutter.agent.carried import UNPACK
from cutter.hosts.luggage import luggage, luggage_packed
from cutter.resources import place_of, type_names

TYPES = [name for name in type_names() if place_of(name) == "target"]
HEAD = f"""
import marshal, sys, zlib
with open(sys.argv[1], "rb") as file:
    d = file.read()
{UNPACK}
"""
PROGRAM = f"""{HEAD}
from cutter.agent.requests import StepRequest
from cutter.agent.running import Agent
from cutter.filesystem.kept import KeptContent
from cutter.resources import resource_type
for name in {TYPES}:
    resource_type(name)
world = sys.argv[2]
made = world + "/c"
wiring = {{"path": world + "/.env", "set": {{"KEY": "value"}}}}
steps = [
    StepRequest("d", "directory", {{"path": world + "/d", "mode": "0750"}}, "h1"),
    StepRequest("e", "env_file", wiring, "h2"),
    StepRequest("c", "command", {{"argv": ["touch", made], "check": ["test", "-e", made]}}, "h3"),
]
agent = Agent(KeptContent(world + "/kept"), b"key")
evidence = list(agent.apply(steps, lambda: False))
print([item.outcome.value for item in evidence], *[item.reason for item in evidence if item.reason])
print([look.prediction.value for look in agent.look(steps)])
names = {{name.partition(".")[0] for name in sys.modules}}
print(sorted(names & {{"yaml", "jsonschema", "rich", "psycopg", "gnupg"}}))
"""
LATE = f"""{HEAD}
import ast, importlib
for held in list(e.values()):
    for node in ast.walk(ast.parse(held)):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module.startswith("cutter"):
            module = importlib.import_module(node.module)
            for wanted in node.names:
                if not hasattr(module, wanted.name):
                    importlib.import_module(node.module + "." + wanted.name)
"""


def magic_of(python: str) -> bytes:
    """Return how compiled code begins for a Python."""
    said = "import _frozen_importlib_external as x; print(x.MAGIC_NUMBER.hex())"
    done = subprocess.run([python, "-I", "-S", "-c", said], capture_output=True, text=True, check=True)
    return bytes.fromhex(done.stdout)


@pytest.mark.parametrize("python", pythons())
def test_steps_run_from_what_is_carried(python: str, tmp_path: Path) -> None:
    world = tmp_path / "world"
    world.mkdir()
    done = run_carried(python, PROGRAM, luggage_packed(magic_of(python)), tmp_path, str(world))
    assert done.returncode == 0, done.stderr
    applied, looked, foreign = done.stdout.splitlines()
    assert applied == "['changed', 'changed', 'changed']"
    assert looked == "['no change', 'no change', 'no change']"
    assert foreign == "[]"
    assert (world / "c").exists()


@pytest.mark.parametrize("python", pythons())
def test_whatever_a_module_imports_late_travels_with_it(python: str, tmp_path: Path) -> None:
    done = run_carried(python, LATE, luggage_packed(), tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("name", TYPES)
def test_a_type_travels_with_all_that_it_asks_for(name: str, tmp_path: Path) -> None:
    types = frozenset({name})
    done = run_carried(sys.executable, LATE, luggage_packed(types=types), tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [each for each in TYPES if f"cutter.resources.target.{each}" in luggage(types=types)] == [name]


def test_what_nobody_there_imports_stays() -> None:
    carried = luggage()
    asked = {"cutter.agent.remote"}  # asked for by what starts it
    for held in carried.values():
        for node in ast.walk(ast.parse(held)):
            if isinstance(node, ast.ImportFrom) and node.module:
                asked |= {node.module, *(f"{node.module}.{wanted.name}" for wanted in node.names)}
    by_name = ("cutter.resources.target.", "cutter.agent.carried")
    found = [name for name in carried if not name.endswith("__init__") and not name.startswith(by_name)]
    assert [name for name in found if name not in asked] == []


def test_what_no_type_asks_for_stays() -> None:
    alone = luggage(types=frozenset({"directory"}))
    rooms = {name.split(".")[1] for name in alone if name.startswith("cutter.") and name.count(".") > 1}
    assert rooms == {"agent", "filesystem", "model", "resources"}


def test_the_code_of_this_python_travels_as_it_is_kept() -> None:
    source = Path(running.__file__)
    py_compile.compile(str(source), doraise=True)
    assert luggage(MAGIC_NUMBER).keys() == luggage().keys()
    assert isinstance(luggage(MAGIC_NUMBER)["cutter.agent.running"], bytes)
    assert luggage()["cutter.agent.running"] == source.read_text()


def run_carried(
    python: str, program: str, packed: bytes, folder: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python to which this was carried, and which has nothing else of ours."""
    (folder / "carried").write_bytes(packed)
    argv = [python, "-I", "-S", "-c", program, str(folder / "carried"), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False)
