"""What travels to a target runs from a zip with the standard library alone, on the oldest Python too."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import dotenv
import pytest

PACKAGE = Path(__file__).parents[2] / "cutter"
TRAVELS = (
    *("__init__.py", "children.py", "errors.py", "facts.py", "resource.py"),
    *("agent/*.py", "model/*.py", "gpg/*.py", "filesystem/*.py", "env_text/*.py"),
    *("accounts/*.py", "apt/*.py", "systemd/*.py"),
    *("resources/__init__.py", "resources/target/*.py"),
)
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


@pytest.fixture(scope="module")
def luggage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack what travels, and the one foreign module that does."""
    path = tmp_path_factory.mktemp("luggage") / "agent.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for pattern in TRAVELS:
            for file in sorted(PACKAGE.glob(pattern)):
                packed.write(file, f"cutter/{file.relative_to(PACKAGE)}")
        for name in ("__init__.py", "parser.py", "main.py", "variables.py", "ipython.py"):
            packed.write(Path(dotenv.__file__).parent / name, f"dotenv/{name}")
    return path


@pytest.mark.parametrize("python", pythons())
def test_steps_run_from_a_zip(python: str, luggage: Path, tmp_path: Path) -> None:
    argv = [python, "-I", "-S", "-c", PROGRAM, str(luggage), str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    applied, looked, foreign = done.stdout.splitlines()
    assert applied == "['changed', 'changed', 'changed']"
    assert looked == "['no change', 'no change', 'no change']"
    assert foreign == "[]"
    assert (tmp_path / "c").exists()
