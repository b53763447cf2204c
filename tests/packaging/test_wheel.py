"""What an operator installs holds the whole package and nothing beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("runbooks", "inventory/sandbox")


def built(source: Path, into: Path) -> set[str]:
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)]
    subprocess.run(argv, cwd=source, check=True, capture_output=True)
    (wheel,) = into.glob("cutter-*.whl")
    with ZipFile(wheel) as content:
        return set(content.namelist())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    copy = tmp_path / "source"
    shutil.copytree(ROOT / "cutter", copy / "cutter", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "packaging", copy / "tests" / "packaging")
    for name in SHIPPED:
        shutil.copytree(ROOT / name, copy / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def test_the_wheel_ships_every_file_of_the_package_sql_included(source: Path, tmp_path: Path) -> None:
    (source / "cutter" / "probe.sql").write_text("SELECT 1;\n")
    package = {str(path.relative_to(source)) for path in (source / "cutter").rglob("*") if path.is_file()}
    assert "cutter/probe.sql" in package
    assert package - built(source, tmp_path / "dist") == set()


def test_the_wheel_ships_nothing_else(source: Path, tmp_path: Path) -> None:
    tops = {name.split("/")[0] for name in built(source, tmp_path / "dist")}
    assert tops == {"cutter", "cutter-0.1.0.dist-info"}


def test_the_wheel_ships_what_the_demonstration_copies(source: Path, tmp_path: Path) -> None:
    parts = [path for name in SHIPPED for path in (source / name).rglob("*") if path.is_file()]
    wanted = {f"cutter/shipped/{path.relative_to(source)}" for path in parts}
    assert "cutter/shipped/runbooks/first-production-run.yml" in wanted
    assert wanted - built(source, tmp_path / "dist") == set()
