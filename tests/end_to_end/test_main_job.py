"""The main job, as an operator does it: provision a machine, apply GAP5, read the matrix, drift, repair."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sqlite3
import stat
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import testinfra
from command_line import Answer, cutter
from laws import snapshot
from ordinary import NOBODY, world_of_an_ordinary_user

TREE = Path(__file__).parents[2]
PR_SET_DUMPABLE = 4
SANDBOX = ("-i", "inventory/sandbox")
BOTH = ("runbooks/provision-vps.yml", "runbooks/gap5.yml")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy what a clone has of runbooks and inventories, and work there."""
    for name in ("runbooks", "inventory"):
        shutil.copytree(TREE / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CUTTER_INVENTORY", raising=False)
    return tmp_path


@pytest.fixture
def applied(tree: Path) -> Path:
    """Do the main job in the tree."""
    done = cutter("apply", "--yes", *SANDBOX, *BOTH)
    assert done.code == 0, done.err
    return tree


def gaps(*words: str) -> dict[str, str]:
    answer = cutter("gaps", "--format", "json", *(words or SANDBOX))
    assert answer.code == 0, answer.err
    return {gap["id"]: gap["status"] for gap in json.loads(answer.out)["gaps"]}


def counts(answer: Answer) -> list[dict[str, int]]:
    return [run["outcomes"] for run in json.loads(answer.out)["runs"]]


def test_the_main_job_closes_gap5_and_begins_f4(tree: Path) -> None:
    answer = cutter("apply", "--yes", *SANDBOX, *BOTH)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("SANDBOX")
    assert "gap GAP5: OPEN -> CLOSED" in answer.out
    assert "gap F4: OPEN -> PARTIAL" in answer.out
    status = gaps()
    assert status["GAP5"] == "CLOSED"
    assert status["F4"] == "PARTIAL"
    assert {status[name] for name in ("F1", "F2", "F3", "GAP6", "GAP7", "GAP8")} == {"OPEN"}
    assert {path.name for path in tree.iterdir()} == {"runbooks", "inventory", "cache", "sandbox"}


def test_another_observer_sees_what_the_evidence_says(applied: Path) -> None:
    host = testinfra.get_host("local://")
    for name in ("runs", "state", "backups"):
        seen = host.file(str(applied / "sandbox/cutter" / name))
        assert (seen.is_directory, seen.mode, seen.user) == (True, 0o750, host.user().name)
    wiring = host.file(str(applied / "sandbox/incomex/docker/.env"))
    assert wiring.mode == 0o600
    lines = dict(line.split("=", 1) for line in wiring.content_string.splitlines())
    listed = host.run("gpg --homedir %s --list-keys --with-colons", str(applied / "sandbox/cutter/gnupg"))
    assert f"fpr:::::::::{lines['BACKUP_GPG_FPR']}:" in listed.stdout
    configuration = json.loads(host.file(str(applied / "sandbox/cutter/orchestrator.json")).content_string)
    assert configuration["database"]["logins"]["writer"]["password"] == {"env": "DOT_CUTTER_WRITER_PASSWORD"}


def test_the_run_configuration_has_the_shape_of_the_example(applied: Path) -> None:
    example = json.loads((applied / "runbooks/documents/credentials.example.json").read_text())
    written = json.loads((applied / "sandbox/cutter/orchestrator.json").read_text())

    def shape(value: Any) -> Any:
        return {key: shape(item) for key, item in value.items()} if isinstance(value, dict) else type(value)

    assert shape(written) == shape(example)


def test_a_second_apply_changes_and_writes_nothing_outside_the_ledger(applied: Path) -> None:
    before = {path: fact for path, fact in snapshot(applied).items() if "/sandbox/ledger" not in path}
    answer = cutter("apply", "--yes", "--json", *SANDBOX, *BOTH)
    assert counts(answer) == [{"ok": 6}, {"ok": 4}]
    after = {path: fact for path, fact in snapshot(applied).items() if "/sandbox/ledger" not in path}
    assert after == before


def test_live_wiring_is_never_overwritten(applied: Path) -> None:
    wiring = applied / "sandbox/incomex/docker/.env"
    text = wiring.read_text().replace("DOT_CUTTER_HOST=127.0.0.1", "DOT_CUTTER_HOST='db.internal'  # moved")
    wiring.write_text(text)
    answer = cutter("apply", "--yes", "--json", *SANDBOX, *BOTH)
    assert counts(answer) == [{"ok": 6}, {"ok": 4}]
    assert wiring.read_text() == text


def test_drift_is_named_and_reopens_the_gap_and_apply_closes_it_again(applied: Path) -> None:
    (applied / "sandbox/cutter/runs").chmod(0o777)
    answer = cutter("verify", *SANDBOX, "runbooks/gap5.yml")
    assert answer.code == 2
    assert "mode (0777 instead of 0750)" in answer.out
    assert gaps()["GAP5"] == "PARTIAL"
    assert "reopened" in cutter("gaps", "show", "GAP5", *SANDBOX).out
    assert cutter("apply", "--yes", *SANDBOX, "runbooks/gap5.yml").code == 0
    assert gaps()["GAP5"] == "CLOSED"
    assert stat.S_IMODE((applied / "sandbox/cutter/runs").stat().st_mode) == 0o750


def test_an_apply_that_nobody_confirmed_changes_nothing(tree: Path) -> None:
    answer = cutter("apply", *SANDBOX, *BOTH)
    assert answer.code == 64
    assert not (tree / "sandbox/cutter").exists()


def test_gap5_alone_is_refused_and_names_what_provides_it(tree: Path) -> None:
    answer = cutter("apply", "--yes", *SANDBOX, "runbooks/gap5.yml")
    assert answer.code == 10
    assert "runbooks/provision-vps.yml" in answer.err
    assert not (tree / "sandbox/cutter").exists()
    assert gaps()["GAP5"] == "OPEN"
    with sqlite3.connect(tree / "sandbox/ledger/ledger.db") as ledger:
        assert ledger.execute("SELECT count(*) FROM entry WHERE kind = 'refusal'").fetchone() == (1,)


def test_a_plan_has_three_answers_and_says_what_an_earlier_runbook_makes(tree: Path) -> None:
    answer = cutter("plan", "--detailed-exitcode", *SANDBOX, *BOTH)
    assert answer.code == 2
    assert "? backup-key-published" in answer.out
    assert "steps.backup-key.fingerprint" in answer.out
    assert "may hold once runbooks/provision-vps.yml is applied" in answer.out
    assert not (tree / "sandbox").exists()


@pytest.mark.usefixtures("applied")
def test_a_converged_plan_has_nothing_pending() -> None:
    assert cutter("plan", "--detailed-exitcode", *SANDBOX, *BOTH).code == 0
    assert cutter("apply", "--check", *SANDBOX, *BOTH).code == 0
    assert cutter("preflight", *SANDBOX, *BOTH).code == 0


@pytest.mark.usefixtures("applied")
def test_only_one_step_and_what_it_depends_on() -> None:
    answer = cutter("apply", "--yes", "--json", "--only", "backup-key-published", *SANDBOX, BOTH[0])
    assert counts(answer) == [{"ok": 2}]
    unknown = cutter("apply", "--yes", "--only", "backup-kye", *SANDBOX, BOTH[0])
    assert unknown.code == 64
    assert "backup-key" in unknown.err


@pytest.mark.usefixtures("applied")
def test_runs_are_listed_and_shown() -> None:
    listed = json.loads(cutter("runs", "--json", *SANDBOX).out)["runs"]
    assert [(run["runbook"], run["exit_code"], run["state"]) for run in listed] == [
        ("gap5", 0, "finished"),
        ("provision-vps", 0, "finished"),
    ]
    shown = cutter("runs", "show", listed[0]["run"], *SANDBOX)
    assert "changed  runs-directory" in shown.out


def test_sandbox_evidence_closes_nothing_elsewhere(applied: Path) -> None:
    other = applied / "inventory/other"
    shutil.copytree(applied / "inventory/sandbox", other)
    settings = (other / "environment.yml").read_text()
    (other / "environment.yml").write_text(settings.replace("name: sandbox", "name: other"))
    refused = cutter("gaps", "-i", "inventory/other")
    assert refused.code == 18
    assert "sandbox" in refused.err
    (other / "environment.yml").write_text(
        settings.replace("name: sandbox", "name: other").replace("sandbox/ledger", "sandbox/other-ledger")
    )
    assert set(gaps("-i", "inventory/other").values()) == {"OPEN"}


def test_the_markdown_report_has_the_form_of_the_seed(applied: Path) -> None:
    report = cutter("gaps", "--format", "md", *SANDBOX).out
    assert "SANDBOX" in report
    assert "date_utc: 2026-05-21" in report
    assert "install -d -o root -g root -m 0750 /var/lib/cutter/backups" in report
    assert "| GAP6 | OPEN | OPEN | OPEN | recommended" in report
    assert "| GAP5 | OPEN | OPEN | CLOSED | yes" in report
    cutter("gaps", "--write", "matrix.md", *SANDBOX)
    assert (applied / "matrix.md").read_text() == report


def test_the_ledger_verifies_and_a_cut_tail_is_seen_with_a_checkpoint(applied: Path) -> None:
    assert cutter("ledger", "verify", *SANDBOX).code == 0
    (applied / "head").write_text(cutter("ledger", "checkpoint", *SANDBOX).out)
    assert cutter("ledger", "verify", "--checkpoint", "head", *SANDBOX).code == 0
    with sqlite3.connect(applied / "sandbox/ledger/ledger.db") as ledger:
        ledger.execute("DROP TRIGGER entry_no_delete")
        ledger.execute("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)")
    ledger.close()
    assert cutter("ledger", "verify", *SANDBOX).code == 0
    answer = cutter("ledger", "verify", "--checkpoint", "head", *SANDBOX)
    assert answer.code == 18
    assert "cut" in answer.out


def test_evidence_that_was_edited_closes_nothing(applied: Path) -> None:
    (applied / "sandbox/cutter/runs").chmod(0o777)
    cutter("verify", *SANDBOX, "runbooks/gap5.yml")
    with sqlite3.connect(applied / "sandbox/ledger/ledger.db") as ledger:
        ledger.execute("DROP TRIGGER entry_no_update")
        ledger.execute("UPDATE entry SET body = replace(body, 'drifted', 'ok')")
    ledger.close()
    answer = cutter("gaps", *SANDBOX)
    assert answer.code == 18
    assert "edited" in answer.err


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.usefixtures("applied")  # all of the code is loaded before the user changes
def test_the_main_job_runs_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    with world_of_an_ordinary_user() as world:
        for name in ("runbooks", "inventory"):
            shutil.copytree(TREE / name, world / name)
        monkeypatch.chdir(world)
        child = os.fork()
        if child == 0:
            os._exit(apply_as_nobody(world))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        made = (world / "sandbox/cutter/runs").stat()
        assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (NOBODY, 0o750)


def apply_as_nobody(world: Path) -> int:
    """Become nobody for good and do the main job; the exit code, or 99 for a surprise."""
    try:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1)  # as after an exec: gpg finds its home under /proc
        os.environ.update(HOME=str(world), XDG_CACHE_HOME=str(world / "cache"))
        return cutter("apply", "--yes", *SANDBOX, *BOTH).code
    except BaseException:  # noqa: BLE001 - nothing of the test runner may run twice
        return 99


def test_a_matrix_that_now_asks_for_less_closes_nothing_by_old_evidence(applied: Path) -> None:
    path = applied / "runbooks/gap-matrix.yml"
    text = path.read_text()
    path.write_text(
        text.replace("{runbook: f4.yml, steps: all}", "{runbook: gap5.yml, steps: [runs-directory]}")
    )
    assert path.read_text() != text
    assert gaps()["F4"] == "OPEN"
    assert "declared otherwise" in cutter("gaps", "show", "F4", *SANDBOX).out
    path.write_text(text + "\n# a comment changes nothing\n")
    assert (gaps()["F4"], gaps()["GAP5"]) == ("PARTIAL", "CLOSED")


def test_renaming_a_step_reopens_nothing(applied: Path) -> None:
    path = applied / "runbooks/gap5.yml"
    path.write_text(path.read_text().replace("name: Runs directory", "name: Folder of the runs"))
    assert gaps()["GAP5"] == "CLOSED"


def test_a_command_that_says_yes_and_does_nothing_is_a_failure(tree: Path) -> None:
    lying = """\
        apiVersion: cutter/v1
        runbook: gap5
        title: A command that lies
        steps:
          - name: Lie
            irreversible: it does nothing
            command: {argv: ["true"], check: [test, -e, /nonexistent/thing]}
        """
    (tree / "runbooks/gap5.yml").write_text(dedent(lying))
    answer = cutter("apply", "--yes", *SANDBOX, "runbooks/gap5.yml")
    assert answer.code == 12
    assert "1 failed" in answer.out
    assert "a fresh look still differs" in answer.out
    assert "nothing was changed" not in answer.out
    assert gaps()["GAP5"] == "OPEN"
