"""Every block of the README runs, and what it shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import readme

from cutter.cli.main import main

TEXT = readme.README.read_text()
BLOCKS = readme.blocks(TEXT)


def texts(language: str) -> list[str]:
    return [block.text for block in BLOCKS if block.language == language]


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {block.language for block in BLOCKS} == {"sh", "console", "yaml"}


@pytest.mark.slow
@pytest.mark.parametrize("script", texts("sh"))
def test_commands_run(script: str, tmp_path: Path) -> None:
    done = readme.shell(readme.make_tree(tmp_path), f"set -e\n{script}")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("capture", texts("console"))
def test_a_capture_shows_what_happens(capture: str, tmp_path: Path) -> None:
    now = readme.captured(readme.make_tree(tmp_path), capture)
    assert readme.normalised(now) == readme.normalised(capture), "python tests/readme.py writes it anew"


def test_what_is_shown_of_a_runbook_is_in_it() -> None:
    text = (readme.ROOT / "runbooks/gap5.yml").read_text()
    assert [part for part in texts("yaml") if part not in text] == []


def test_what_is_shown_of_a_runbook_is_a_runbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shown.yml"
    path.write_text("\n".join(texts("yaml")))
    assert main(["validate", str(path)]) == 0, capsys.readouterr().err


def test_the_tables_are_those_of_the_code() -> None:
    assert readme.generated(TEXT) == TEXT, "python tests/readme.py writes them anew"


def test_every_link_leads_somewhere() -> None:
    for name in ("README.md", "cutter/README.md"):
        path = readme.ROOT / name
        links = re.findall(r"\]\(([^)#]+)\)", path.read_text())
        assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_command_in_the_text_is_one() -> None:
    from cutter.cli.main import verbs

    for name in ("README.md", "cutter/README.md"):
        named = re.findall(r"`cutter ([a-z]+)[ `]", (readme.ROOT / name).read_text())
        assert sorted(set(named) - set(verbs())) == []
