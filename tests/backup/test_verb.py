"""The verb, and the steps of f4.yml, by the commands an operator types, in the sandbox."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import Answer, cutter

TREE = Path(__file__).parents[2]
SANDBOX = ("-i", "inventory/sandbox")
FIRST = ("runbooks/provision-vps.yml", "runbooks/sandbox-elsewhere.yml")
F4 = "runbooks/f4.yml"


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provision a sandbox and apply f4.yml in it, once."""
    tree = tmp_path_factory.mktemp("f4")
    for name in ("runbooks", "inventory"):
        shutil.copytree(TREE / name, tree / name)
    before = Path.cwd()
    os.chdir(tree)
    try:
        done = cutter("apply", "--yes", *SANDBOX, *FIRST, F4)
        shown = cutter("gaps", "show", "F4", *SANDBOX)
    finally:
        os.chdir(before)
    assert done.code == 0, done
    assert "holds  f4.yml: all steps" in shown.out, shown
    return tree


@pytest.fixture
def tree(applied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in that sandbox."""
    monkeypatch.chdir(applied)
    return applied


def backup(*words: str) -> Answer:
    return cutter("backup", *SANDBOX, *words)


def listed() -> list[Any]:
    answer = backup("list", "--json")
    assert answer.code == 0, answer
    found: list[Any] = json.loads(answer.out)["backups"]
    return found


@pytest.mark.slow
def test_f4_converges_and_verifies_and_tells_of_a_backup_that_is_gone(tree: Path) -> None:
    again = cutter("apply", "--yes", "--json", *SANDBOX, F4)
    assert [run["outcomes"] for run in json.loads(again.out)["runs"]] == [{"ok": 5}]
    assert cutter("verify", *SANDBOX, F4).code == 0
    file = Path(listed()[0]["manifest"]["file"])
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    seen = cutter("verify", *SANDBOX, F4)
    file.write_bytes(content)
    assert seen.code == 2
    assert "is cut off" in seen.out
    assert cutter("verify", *SANDBOX, F4).code == 0
    (tree / "sandbox/offsite" / file.name).unlink()
    assert cutter("verify", *SANDBOX, F4).code == 2
    shutil.copy2(file, tree / "sandbox/offsite" / file.name)


@pytest.mark.slow
def test_a_run_with_anything_to_do_takes_a_backup_of_its_own(tree: Path) -> None:
    before = len(listed())
    (tree / "sandbox/offsite/backup-key.escrow.gpg").unlink()
    seen = cutter("verify", *SANDBOX, "--json", F4)
    assert json.loads(seen.out)["runs"][0]["outcomes"] == {"ok": 4, "drifted": 1}
    assert "+ backup" in cutter("plan", *SANDBOX, F4).out
    done = cutter("apply", "--yes", "--json", *SANDBOX, F4)
    assert json.loads(done.out)["runs"][0]["outcomes"] == {"ok": 3, "changed": 2}
    assert len(listed()) == before + 1
    again = cutter("apply", "--yes", "--json", *SANDBOX, F4)
    assert json.loads(again.out)["runs"][0]["outcomes"] == {"ok": 5}


@pytest.mark.slow
@pytest.mark.usefixtures("tree")
def test_create_list_verify_and_drill() -> None:
    before = len(listed())
    made = backup("create", "--json")
    assert made.code == 0, made
    file = json.loads(made.out)["backup"]["file"]
    found = listed()
    assert (len(found), found[0]["manifest"]["file"], found[0]["drilled"]) == (before + 1, file, None)
    assert found[0]["verified"]
    assert backup("verify").code == 0
    drilled = backup("drill", file)
    assert drilled.code == 0, drilled
    assert "each with the rows that were dumped" in drilled.out
    assert listed()[0]["drilled"]
    table = backup("list").out
    assert table.index("encrypted to") < table.index(file)


@pytest.mark.slow
def test_a_backup_that_is_not_what_it_was_is_refused_with_14(tree: Path) -> None:
    file = Path(listed()[0]["manifest"]["file"])
    other = Path(listed()[-1]["manifest"]["file"])
    content = file.read_bytes()
    for spoiled in (content[:-1], content[:-1] + bytes([content[-1] ^ 1]), other.read_bytes()[:-9]):
        file.write_bytes(spoiled)
        for action in ("verify", "drill"):
            assert backup(action).code == 14
    file.write_bytes(content)
    assert backup("verify").code == 0
    stranger = tree / "sandbox/stranger.dump.gpg"
    shutil.copy2(file, stranger)
    refused = backup("verify", str(stranger))
    assert (refused.code, "is not in this ledger" in refused.err) == (14, True)


@pytest.mark.usefixtures("tree")
def test_words_that_make_no_sense() -> None:
    assert backup("create", "file").code == 64
    assert backup("restore").code == 64
    without = backup("list", "--runbook", "runbooks/f2.yml")
    assert (without.code, "declares no backup" in without.err) == (64, True)


@pytest.mark.slow
def test_a_second_place_that_cannot_be_reached_fails_the_run_with_14(tree: Path) -> None:
    offsite, away = tree / "sandbox/offsite", tree / "sandbox/away"
    before = sorted(path.name for path in (tree / "sandbox/cutter/backups").iterdir())
    offsite.rename(away)
    try:
        assert backup("create").code == 14
    finally:
        away.rename(offsite)
    assert sorted(path.name for path in (tree / "sandbox/cutter/backups").iterdir()) == before
