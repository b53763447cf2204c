"""The doctor sees what is wrong, names the fix, and touches nothing."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from command_line import Project, cutter

from cutter.app import doctor, doctor_ledger

HERE = ("-i", "inventory/here")


def checks(*words: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the checks of an environment by name."""
    body = json.loads(cutter("doctor", *(words or HERE), "--json").out)
    assert body["version"] == 1
    return {check["name"]: check for check in body["checks"]}


@pytest.fixture
def applied(project: Project) -> Project:
    assert cutter("apply", "--yes", *HERE, "runbooks/site.yml").code == 0
    return project


def test_all_is_well_before_the_first_apply(project: Project) -> None:
    before = [*project.listing(), *project.kept()]
    answer = cutter("doctor", *HERE)
    assert answer.code == 0, answer
    assert answer.out.endswith("all is well\n")
    assert [*project.listing(), *project.kept()] == before


def test_all_is_well_after_it(applied: Project) -> None:
    before = [*applied.listing(), *applied.kept()]
    assert cutter("doctor", *HERE).code == 0
    assert [*applied.listing(), *applied.kept()] == before
    assert "every link holds" in checks()["ledger"]["seen"]


def test_every_check_that_is_not_ok_names_a_fix(project: Project) -> None:
    (project.folder / "kept/ledger").mkdir(parents=True, mode=0o755)
    found = checks()
    assert found["ledger folder"]["status"] == "fail"
    assert found["ledger folder"]["fix"] == f"chmod 700 {project.folder}/kept/ledger"
    assert all(bool(check["fix"]) == (check["status"] != "ok") for check in found.values())


def test_a_failed_check_exits_78_and_shows_its_fix(applied: Project) -> None:
    (applied.folder / "kept/ledger/digest.key").chmod(0o644)
    answer = cutter("doctor", *HERE)
    assert answer.code == 78
    assert f"next: chmod 600 {applied.folder}/kept/ledger/digest.key" in answer.out
    assert "1 failed" in answer.out


def test_a_file_where_the_ledger_should_be(project: Project) -> None:
    (project.folder / "kept").mkdir()
    (project.folder / "kept/ledger").write_text("")
    assert "is not a folder" in checks()["ledger folder"]["seen"]


def test_an_edited_entry(applied: Project) -> None:
    with sqlite3.connect(applied.folder / "kept/ledger/ledger.db") as connection:
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {name}")
        connection.execute("update entry set body = replace(body, 'site', 'sire') where seq = 2")
    connection.close()
    found = checks()["ledger"]
    assert found["status"] == "fail"
    assert "entry 2" in found["seen"]
    assert found["fix"] == "cutter ledger -i inventory/here verify"


def test_a_damaged_file(applied: Project) -> None:
    path = applied.folder / "kept/ledger/ledger.db"
    path.write_bytes(b"not a database, and long enough to be looked at" * 100)
    assert checks()["ledger"]["status"] == "fail"


def test_a_held_lock_is_told_and_not_disturbed(applied: Project) -> None:
    path = applied.folder / "kept/ledger/run.lock"
    with path.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = checks()["run lock"]
    assert found["status"] == "warn"
    assert f"process {os.getpid()} holds" in found["seen"]
    assert checks()["run lock"]["status"] == "ok"


@pytest.mark.usefixtures("applied")
def test_a_clock_that_went_back(monkeypatch: pytest.MonkeyPatch) -> None:

    class Early(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) - timedelta(days=1)

    monkeypatch.setattr(doctor_ledger, "datetime", Early)
    found = checks()["clock"]
    assert found["status"] == "fail"
    assert "before the newest entry" in found["seen"]


def test_an_inventory_that_does_not_load_is_one_failed_check(project: Project) -> None:
    (project.folder / "inventory/here/environment.yml").write_text("name: [\n")
    found = checks()
    assert found["inventory"]["status"] == "fail"
    assert "environment.yml" in found["inventory"]["seen"]
    assert "ledger" not in found


def test_an_old_python() -> None:
    assert doctor.python((3, 10, 9)).status == "fail"
    assert doctor.python(sys.version_info[:3]).status == "ok"


def test_no_gpg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = doctor.gpg()
    assert (found.status, "gnupg" in found.fix) == ("fail", True)


def test_an_old_gpg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "gpg"
    old.write_text("#!/bin/sh\necho 'gpg (GnuPG) 2.0.22'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "2.0.22 is too old" in doctor.gpg().seen


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        ("rich>=13.9", ""),
        ("rich>=9999", "and >=9999 is needed"),
        ("psycopg[binary]<4,>=3.2", ""),
        ("rich<2", "and <2 is needed"),
        ("no-such-package>=1", "no-such-package is not installed"),
    ],
)
def test_packages_are_compared_with_what_is_declared(requirement: str, problem: str) -> None:
    found = list(doctor._package_problems([requirement]))
    assert len(found) == bool(problem)
    assert problem in "".join(found)


def test_a_umask_that_lets_everybody_write() -> None:
    before = os.umask(0)
    try:
        found = doctor.umask()
    finally:
        os.umask(before)
    assert (found.status, found.fix) == ("warn", "umask 022")


@pytest.mark.usefixtures("project")
def test_no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_ledger, "_TOO_LITTLE", 1 << 62)
    assert checks()["space for the ledger"]["status"] == "fail"


def test_wiring_that_is_not_there_yet_names_what_writes_it(project: Project) -> None:
    wiring = project.folder / "db.env"
    (project.folder / "inventory/here/databases.yml").write_text(
        f"governed: {{production: no, env_file: {wiring}}}\n"
    )
    found = checks()["database governed"]
    assert (found["status"], found["seen"]) == ("warn", f"its wiring {wiring} is not there yet")
    assert found["fix"].startswith("let runbooks/provision-vps.yml write it, where env_path is this file")
    assert cutter("doctor", *HERE).code == 0
    wiring.write_text("")
    assert checks()["database governed"]["status"] == "fail"
