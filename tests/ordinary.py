"""An ordinary user for tests that may themselves be run by root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOBODY = 65534
_PRELUDE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; world = Path(sys.argv[2])\n"
)


@contextmanager
def world_of_an_ordinary_user() -> Iterator[Path]:
    """Yield a folder ``world`` that belongs to an ordinary user, in a folder that everybody may enter."""
    outer = Path(tempfile.mkdtemp(prefix="cutter-ordinary-"))
    try:
        outer.chmod(0o755)
        world = outer / "world"
        world.mkdir()
        if os.geteuid() == 0:
            os.chown(world, NOBODY, NOBODY)
        yield world
    finally:
        shutil.rmtree(outer)


def run_as_ordinary_user(program: str, world: Path) -> str:
    """Run a Python program, which finds `cutter`, `laws` and a Path `world`, and return what it prints."""
    code = world.parent / "code"
    if not code.exists():
        shutil.copytree(ROOT / "cutter", code / "cutter", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "tests" / "laws.py", code)
    argv = [*_switch(), _python(), "-I", "-B", "-c", _PRELUDE + program, str(code), str(world)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _switch() -> list[str]:
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed, so root cannot become an ordinary user here")
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _python() -> str:
    for candidate in (sys.executable, "/usr/bin/python3"):
        argv = [*_switch(), candidate, "-I", "-c", "pass"]
        if (
            Path(candidate).exists()
            and subprocess.run(argv, capture_output=True, check=False).returncode == 0
        ):
            return candidate
    pytest.skip("no Python that an ordinary user may run")
