"""Completion, asked the way a shell asks."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Project, cutter
from waiting import PATIENCE

from cutter.cli.main import verbs

PROGRAM = str(Path(sys.executable).with_name("cutter"))


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "cutter.bash"
    path.write_text(cutter("completion", "bash").out)
    return path


def completed(script: Path, *words: str) -> list[str]:
    """Return what bash offers for the last of these words."""
    line = [PROGRAM, *words]
    program = f"""
        source {script}
        compopt() {{ :; }}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _cutter
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    asked = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", *line], capture_output=True, text=True, check=True
    )
    assert asked.stderr == ""
    return asked.stdout.split()


def test_bash_offers_every_verb(script: Path) -> None:
    assert completed(script, "") == verbs()
    assert completed(script, "ve") == [name for name in verbs() if name.startswith("ve")]


def test_bash_offers_the_flags_of_the_verb(script: Path) -> None:
    assert completed(script, "apply", "--ye") == ["--yes"]
    assert completed(script, "explain", "--ye") == []
    assert "--detailed-exitcode" in completed(script, "plan", "--")
    assert completed(script, "--he") == ["--help"]


def test_bash_offers_yaml_files_for_runbooks(script: Path, project: Project) -> None:
    (project.folder / "runbooks/notes.txt").write_text("")
    offered = completed(script, "apply", "--yes", "runbooks/")
    assert sorted(offered) == ["runbooks/gap-matrix.yml", "runbooks/site.yml"]
    assert completed(script, "apply", "run") == ["runbooks"]


@pytest.mark.usefixtures("project")
def test_bash_offers_folders_for_the_inventory(script: Path) -> None:
    assert completed(script, "plan", "-i", "inventory/") == ["inventory/here"]


def test_bash_offers_words_that_the_parser_lists(script: Path) -> None:
    assert completed(script, "gaps", "--format", "") == ["text", "md", "json"]
    assert completed(script, "ledger", "ver") == ["verify"]


@pytest.mark.usefixtures("project")
def test_bash_asks_for_what_only_this_machine_knows(script: Path) -> None:
    assert "65" in completed(script, "explain", "")
    assert "directory" in completed(script, "doc", "dir")
    assert completed(script, "gaps", "-i", "inventory/here", "show", "G") == ["GAP1"]
    assert completed(script, "plan", "-i", "inventory/here", "-l", "we") == ["web1"]
    assert completed(script, "plan", "runbooks/site.yml", "--only", "ro") == ["root", "room"]


@pytest.mark.usefixtures("project")
def test_bash_takes_words_apart_at_an_equals_sign(script: Path) -> None:
    assert completed(script, "plan", "-i", "inventory/here", "--limit", "=") == ["all", "web1"]
    assert completed(script, "gaps", "--inventory", "=", "inventory/here", "show", "G") == ["GAP1"]
    named = ("plan", "-i", "inventory/here", "-e", "colour", "=")
    assert completed(script, *named) == completed(script, *named, "r") == []
    assert completed(script, *named, "red", "runbooks/s") == ["runbooks/site.yml"]


def typed(argv: list[str], setup: str, line: str, folder: Path) -> str:
    """Return what a shell on a terminal makes of a line when Tab is pressed at its end."""
    path = f"{Path(PROGRAM).parent}:{os.environ['PATH']}"
    environment = {"HOME": str(folder), "PATH": path, "TERM": "dumb", "LANG": "C.UTF-8"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as shell:
        os.close(theirs)
        try:
            _type(ours, f"{setup}; PS1=; echo rea''dy\n", "ready\r\n")
            said = _type(ours, f"{line}\t\x01printf '<%s>' \x05; echo do''ne\n", "done\r\n")
        finally:
            shell.kill()
            os.close(ours)
    return "".join(re.findall(r"<([^<>%]*)>", said)[-1:])


def _type(terminal: int, text: str, last: str) -> str:
    """Type, and return what is on the terminal until its last word is."""
    os.write(terminal, text.encode())
    seen = b""
    while last.encode() not in seen:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        assert ready, seen
        seen += os.read(terminal, 4096)
    return seen.decode()


LISTS = [("we", "web1"), ("web1,we", "web1,web1"), (r"web1,\!we", "web1,!web1"), ("'!we", "!web1")]


JOINED = [("--limit=we", "--limit=web1"), ("--limit=web1,we", "--limit=web1,web1")]


def _before(begun: str) -> str:
    """Return the words before a flag with its value, or before a value alone."""
    return "--inventory=inventory/here " if begun.startswith("-") else "-i inventory/here -l "


@pytest.mark.parametrize(("begun", "whole"), [*LISTS, *JOINED])
@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.usefixtures("project")
def test_a_list_of_hosts_is_gone_on_with(shell: str, begun: str, whole: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(cutter("completion", shell).out)
    argv = {"bash": [found, "--norc", "--noprofile", "-i"], "zsh": [found, "-f", "-i"]}[shell]
    line = typed(argv, f"source {path}", f"cutter plan {_before(begun)}{begun}", tmp_path)
    assert line == whole


@pytest.mark.parametrize(("begun", "whole"), [*LISTS, *JOINED])
@pytest.mark.usefixtures("project")
def test_fish_goes_on_with_a_list_of_hosts(begun: str, whole: str, tmp_path: Path) -> None:
    found = shutil.which("fish")
    if found is None:
        pytest.skip("fish is not installed")
    path = tmp_path / "script"
    path.write_text(cutter("completion", "fish").out)
    line = f"cutter plan {_before(begun)}{begun}"
    words = [found, "--no-config", "-c", f"source {path}; complete -C $argv[1]", "--", line]
    environment = {"HOME": str(tmp_path), "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}"}
    asked = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    assert [said.split("\t")[0] for said in asked.stdout.splitlines()] == [whole], asked


@pytest.mark.usefixtures("project")
def test_bash_offers_runs_of_the_chosen_inventory(script: Path) -> None:
    assert cutter("apply", "--yes", "-i", "inventory/here", "runbooks/site.yml").code == 0
    runs = json.loads(cutter("runs", "-i", "inventory/here", "--json").out)["runs"]
    assert completed(script, "runs", "-i", "inventory/here", "show", "") == [run["run"] for run in runs]


def test_bash_stays_quiet_where_cutter_cannot_answer(script: Path, tmp_path: Path) -> None:
    assert completed(script, "runs", "-i", str(tmp_path / "none"), "show", "") == []
    assert completed(script, "nonsense", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_knows_every_verb_and_flag(shell: str) -> None:
    script = cutter("completion", shell).out
    assert [verb for verb in verbs() if verb not in script] == []
    assert "detailed-exitcode" in script
    assert json.loads(cutter("completion", shell, "--json").out)["script"] == script


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_is_understood_by_its_shell(shell: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(cutter("completion", shell).out)
    subprocess.run([found, "-n", path], check=True, env={**os.environ, "HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("kind", "words", "expected"),
    [
        ("codes", [], "65"),
        ("gaps", ["-i", "inventory/here"], "GAP1"),
        ("hosts", ["-i", "inventory/here"], "web1"),
        ("schemas", [], "runbook"),
        ("steps", ["runbooks/site.yml"], "room"),
        ("types", [], "directory"),
        ("variables", ["-i", "inventory/here", "runbooks/site.yml"], "colour"),
    ],
)
@pytest.mark.usefixtures("project")
def test_words_of_each_kind(kind: str, words: list[str], expected: str) -> None:
    assert expected in cutter("completion", "words", kind, *words).out.splitlines()
