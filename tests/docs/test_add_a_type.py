"""Adding a type is one file: the one in cutter/README.md, put into the house and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import readme
from command_line import make_project

HERE = ("-i", "inventory/here")
RUNBOOK = """\
apiVersion: cutter/v1
runbook: marked
title: A marker
steps:
  - name: Maintenance
    marker: {path: "{{ root }}"}
"""


class House:
    """A copy of the package with one file more, and a project to use it in."""

    def __init__(self, folder: Path) -> None:
        self.package, self.project = folder / "house", folder / "project"
        shutil.copytree(
            readme.ROOT / "cutter", self.package / "cutter", ignore=shutil.ignore_patterns("__pycache__")
        )
        [block] = [text for kind, text in readme.blocks(self._page()) if kind == "python"]
        (self.package / "cutter/resources/target/marker.py").write_text(block)
        make_project(self.project)
        (self.project / "runbooks/marked.yml").write_text(RUNBOOK)

    def cutter(self, *words: str, code: int = 0) -> str:
        """Run the copy of cutter in the project; return what it said, both ways."""
        environment = {**os.environ, "PYTHONPATH": str(self.package)}
        program = "from cutter.cli.main import entry; entry()"
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    @staticmethod
    def _page() -> str:
        return (readme.ROOT / "cutter/README.md").read_text()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("added"))


@pytest.mark.slow
def test_the_type_documents_itself(house: House) -> None:
    assert re.search(r"^marker +An empty file that is there, or is not\.$", house.cutter("doc"), re.MULTILINE)
    told = house.cutter("doc", "marker")
    assert "path: text matching ^/, required" in told
    assert "marker: {path: /run/maintenance}" in told
    assert json.loads(house.cutter("doc", "marker", "--json"))["reversible"] is True


@pytest.mark.slow
def test_the_schema_knows_the_type_and_its_mistakes(house: House) -> None:
    schema = json.loads(house.cutter("schema", "runbook"))
    assert schema["$defs"]["marker"]["required"] == ["path"]
    assert "1 file valid" in house.cutter("validate", "runbooks/marked.yml")
    wrong = house.project / "runbooks/wrong.yml"
    wrong.write_text(RUNBOOK.replace("path:", "paht:"))
    assert 'did you mean "path"?' in house.cutter("validate", "runbooks/wrong.yml", code=65)
    wrong.unlink()


@pytest.mark.slow
def test_plan_apply_verify_and_revert_work_with_it(house: House) -> None:
    marked = (*HERE, "runbooks/marked.yml")
    path = house.project / "world"
    assert "would 1 create" in house.cutter("plan", *marked)
    assert not path.exists()
    house.cutter("plan", "--detailed-exitcode", *marked, code=2)
    assert "1 changed; as declared" in house.cutter("apply", "--yes", *marked)
    assert path.read_bytes() == b""
    assert "1 ok; as declared" in house.cutter("apply", "--yes", *marked)
    house.cutter("verify", *marked)
    path.unlink()
    assert "drifted: maintenance" in house.cutter("verify", *marked, code=2)
    house.cutter("apply", "--yes", *marked)
    run = json.loads(house.cutter("runs", *HERE, "--json"))["runs"][0]["run"]
    house.cutter("revert", "--yes", *HERE, run)
    assert not path.exists()
    path.write_text("something else")
    assert "is not an empty file" in house.cutter("apply", "--yes", *marked, code=10)
    assert path.read_text() == "something else"
