"""Every verb can be asked what it does, and says so on one screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import cutter

from cutter.cli._grammar import grammar, summary
from cutter.cli.main import main, verbs

SCREEN = 80


@pytest.mark.parametrize("verb", verbs())
def test_help_fits_on_a_screen(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) < SCREEN
    assert shown.startswith(f"usage: cutter {verb}")


def test_help_of_all_names_each_verb_with_its_summary() -> None:
    answer = cutter("--help")
    assert answer.code == 0
    told = " ".join(answer.out.split())
    assert [verb for verb in verbs() if summary(verb) not in told] == []


@pytest.mark.parametrize("verb", grammar(), ids=lambda verb: verb.name)
def test_every_verb_and_flag_has_a_sentence(verb: object) -> None:
    from cutter.report.completion import Verb

    assert isinstance(verb, Verb)
    assert verb.summary.endswith((".", ":")) or verb.summary[-1].isalnum()
    assert len(verb.summary) <= 110
    assert [flag.spellings for flag in verb.flags if not flag.summary] == []
    assert any("--json" in flag.spellings for flag in verb.flags)


def test_the_installed_program_answers() -> None:
    program = Path(sys.executable).with_name("cutter")
    asked = subprocess.run(
        [program, "explain", "65", "--no-color"], capture_output=True, text=True, check=True
    )
    assert asked.stdout.startswith("exit 65: ")
    wrong = subprocess.run([program, "explian"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, "did you mean `cutter explain`?" in wrong.stderr) == (64, True)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    program = Path(sys.executable).with_name("cutter")
    piped = f"{program} completion zsh | head -n 1; exit ${{PIPESTATUS[0]}}"
    asked = subprocess.run(["bash", "-c", piped], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0, "")


@pytest.mark.parametrize(("code", "told"), [("77", True), ("11", True), ("65", False), ("0", False)])
def test_a_code_that_a_host_may_have_is_said_to_speak_of_it(code: str, told: bool) -> None:
    assert ("speaks of that host" in cutter("explain", code).out) is told
