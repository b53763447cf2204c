"""Nothing but evidence closes a gap: end to end, through `cutter gaps`."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from project import Project, gap_matrix

ROOM = '  - {name: Room, directory: {path: "{{ world }}/room", mode: "{{ mode }}"}}\n'
LOOP = """\
  - name: Rooms
    for_each: "{{ rooms }}"
    directory: {path: "{{ world }}/{{ item.key }}"}
"""
VARIABLES = 'mode: "0750"\nrooms: [a, b]\n'
ALL = "{runbook: site.yml, steps: all}"


@pytest.fixture
def closed(project: Project) -> Project:
    """Give a project whose one gap is closed, by evidence."""
    project.variables(VARIABLES)
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))
    project.runbook(ROOM + LOOP)
    assert status(project) == "OPEN"
    project.apply("runbooks/site.yml")
    assert status(project) == "CLOSED"
    return project


def status(project: Project, *, environment: str = "here") -> Any:
    import json

    answer = project.cutter("gaps", "--json", environment=environment)
    assert answer.code == 0, answer
    (gap,) = json.loads(answer.out)["gaps"]
    return gap["status"]


def says(project: Project, told: str, code: int) -> None:
    """Check that no status is given at all, but this refusal."""
    answer = project.cutter("gaps", "--json")
    assert answer.code == code, answer
    assert told in answer.out
    assert "CLOSED" not in answer.out


Reopening = Callable[[Project], object]


def _matrix(*objectives: str) -> Reopening:
    return lambda project: project.write("runbooks/gap-matrix.yml", gap_matrix(*objectives))


def _variables(text: str) -> Reopening:
    return lambda project: project.variables(text)


def _runbook(steps: str, head: str = "") -> Reopening:
    return lambda project: project.runbook(steps, head=head)


def _no_host(project: Project) -> None:
    project.write("inventory/here/hosts.yml", "all:\n  hosts: {}\n")


def _another_host(project: Project) -> None:
    hosts = "all:\n  hosts:\n    web1: {ansible_connection: local}\n    web2: {ansible_connection: local}\n"
    project.write("inventory/here/hosts.yml", hosts)


def _no_runbook(project: Project) -> None:
    (project.folder / "runbooks/site.yml").unlink()


def _drift(project: Project) -> None:
    (project.world / "room").chmod(0o777)
    assert project.cutter("verify", "runbooks/site.yml").code == 2


REOPENS: dict[str, tuple[Reopening, str]] = {
    "a step more": (
        _runbook(ROOM + LOOP + ROOM.replace("Room", "More").replace("/room", "/more")),
        "PARTIAL",
    ),
    "another mode in the runbook": (_runbook(ROOM.replace("{{ mode }}", "0700") + LOOP), "PARTIAL"),
    "another variable": (_variables('mode: "0700"\nrooms: [a, b]\n'), "PARTIAL"),
    "an item more": (_variables('mode: "0750"\nrooms: [a, b, c]\n'), "PARTIAL"),
    "an empty for_each": (_variables('mode: "0750"\nrooms: []\n'), "PARTIAL"),
    "a host more": (_another_host, "PARTIAL"),
    "drift": (_drift, "PARTIAL"),
    "no host": (_no_host, "OPEN"),
    "no runbook": (_no_runbook, "OPEN"),
    "an unknown step": (_matrix("{runbook: site.yml, steps: [nothing]}"), "OPEN"),
    "an unknown runbook": (_matrix("{runbook: other.yml, steps: all}"), "OPEN"),
    "a second objective": (_matrix(ALL, "{runbook: other.yml, steps: all}"), "PARTIAL"),
    "a preflight alone": (
        lambda project: (project.folder / "runbooks/site.yml").write_text(
            (project.folder / "runbooks/site.yml").read_text().replace("steps:", "preflight:")
        ),
        "OPEN",
    ),
    "an emptied runbook": (_runbook("  []\n"), "OPEN"),
    "steps taken out": (
        lambda project: project.write("runbooks/site.yml", "apiVersion: cutter/v1\n"),
        "OPEN",
    ),
    "a runbook that is no YAML": (lambda project: project.write("runbooks/site.yml", "closed: {"), "OPEN"),
}


@pytest.mark.parametrize("change", REOPENS)
def test_a_closed_gap_is_closed_no_longer(change: str, closed: Project) -> None:
    alter, expected = REOPENS[change]
    alter(closed)
    found = status(closed)
    assert found != "CLOSED"
    assert found in (expected, "OPEN", "PARTIAL")


def test_no_objective_at_all_is_no_closed_gap(closed: Project) -> None:
    closed.write("runbooks/gap-matrix.yml", gap_matrix())
    answer = closed.cutter("gaps", "--json")
    assert answer.code == 65 or status(closed) == "OPEN"


def test_objectives_without_steps_are_no_closed_gap(closed: Project) -> None:
    closed.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: []}"))
    answer = closed.cutter("gaps", "--json")
    assert answer.code == 65 or status(closed) == "OPEN"


def test_a_changed_flag_proves_nothing_about_the_real_place(project: Project) -> None:
    project.variables(VARIABLES)
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))
    project.runbook(ROOM)
    (project.folder / "elsewhere").mkdir()
    project.apply("runbooks/site.yml", "-e", f"world={project.folder}/elsewhere")
    assert status(project) == "OPEN"
    project.apply("runbooks/site.yml", "-e", "mode=0700")
    assert status(project) == "OPEN"


def test_some_of_the_steps_or_hosts_are_not_all(project: Project) -> None:
    project.variables(VARIABLES)
    _another_host(project)
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))
    project.runbook(ROOM + LOOP)
    project.apply("runbooks/site.yml", "--limit", "web1")
    assert status(project) != "CLOSED"
    assert project.cutter("apply", "--yes", "runbooks/site.yml", "--limit", "nobody").code == 64
    assert project.cutter("apply", "--yes", "runbooks/site.yml", "--limit", "web1,!web1").code == 64
    assert status(project) != "CLOSED"
    project.apply("runbooks/site.yml", "--limit", "web2", "--only", "room")
    assert status(project) != "CLOSED"
    project.apply("runbooks/site.yml", "--limit", "web2")
    assert status(project) == "CLOSED"


def test_planning_and_checking_close_nothing(project: Project) -> None:
    project.variables(VARIABLES)
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))
    runbook = project.runbook(ROOM)
    (project.world / "room").mkdir()
    (project.world / "room").chmod(0o750)
    for words in (["plan"], ["plan", "-o", "a.plan"], ["apply", "--check"], ["preflight"], ["validate"]):
        assert project.cutter(words[0], runbook, *words[1:]).code == 0
        assert status(project) == "OPEN"
    assert project.cutter("verify", runbook).code == 0
    assert status(project) == "CLOSED", "a look that was recorded is evidence"


def test_a_ledger_of_another_environment_counts_for_nothing(closed: Project) -> None:
    closed.inventory("there", VARIABLES)
    assert status(closed, environment="there") == "OPEN"
    shutil.copytree(closed.ledger_folder, closed.folder / "there/ledger")
    answer = closed.cutter("gaps", "--json", environment="there")
    assert answer.code == 18, answer
    assert "CLOSED" not in answer.out


def test_an_environment_renamed_into_another_counts_for_nothing(closed: Project) -> None:
    path = closed.folder / "inventory/here/environment.yml"
    path.write_text(path.read_text().replace("name: here", "name: production"))
    says(closed, "belongs to the environment 'here'", 18)


def test_evidence_of_another_machine_counts_for_nothing(
    closed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cutter import facts

    monkeypatch.setattr(facts, "_machine_id", lambda: "another machine")
    assert status(closed) == "OPEN"


CLAIMS: dict[str, tuple[str, str, str]] = {
    "status in the matrix": (
        "runbooks/gap-matrix.yml",
        "    title: One\n",
        "    title: One\n    status: CLOSED\n",
    ),
    "closed in the matrix": (
        "runbooks/gap-matrix.yml",
        "    title: One\n",
        "    title: One\n    closed: true\n",
    ),
    "closed objective": ("runbooks/gap-matrix.yml", "steps: all}", "steps: all, closed: true}"),
    "closed runbook": ("runbooks/site.yml", "title: A test\n", "title: A test\nstatus: CLOSED\n"),
    "closed step": ("runbooks/site.yml", "name: Room,", "name: Room, closed: true,"),
    "closed environment": (
        "inventory/here/environment.yml",
        "production: no\n",
        "production: no\nclosed: [G1]\n",
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_in_a_file_closes_nothing(claim: str, project: Project) -> None:
    project.variables(VARIABLES)
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))
    project.runbook(ROOM)
    name, old, new = CLAIMS[claim]
    path = project.folder / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    answer = project.cutter("gaps", "--json")
    assert answer.code in (0, 65), answer
    assert '"status": "CLOSED"' not in answer.out


@pytest.mark.parametrize("name", ["gap_status", "closed", "status", "G1"])
def test_a_variable_closes_nothing(name: str, project: Project) -> None:
    project.variables(f"{VARIABLES}{name}: CLOSED\n")
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))
    project.runbook(ROOM)
    assert status(project) == "OPEN"


def test_a_baseline_is_shown_and_closes_nothing(project: Project) -> None:
    project.variables(VARIABLES)
    matrix = gap_matrix(ALL).replace("status: OPEN", "status: CLOSED")
    project.write("runbooks/gap-matrix.yml", matrix)
    project.runbook(ROOM)
    assert status(project) == "OPEN"


def _open_for_forging(ledger: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(ledger, isolation_level=None)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    return connection


@pytest.mark.parametrize("forgery", ["outcome", "appended", "cut"])
def test_an_edited_ledger_closes_nothing(forgery: str, project: Project) -> None:
    project.variables(VARIABLES)
    project.write("runbooks/gap-matrix.yml", gap_matrix(ALL))
    runbook = project.runbook(ROOM)
    assert project.cutter("verify", runbook).code == 2
    connection = _open_for_forging(project.ledger_folder / "ledger.db")
    (table,) = (
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_")
    )
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    assert {"kind", "body", "seq", "hash"} <= set(columns)
    if forgery == "outcome":
        change = f"UPDATE {table} SET body = replace(body, 'drifted', 'ok') WHERE kind = 'evidence'"
    elif forgery == "cut":
        change = f"DELETE FROM {table} WHERE kind = 'run'"
    else:
        others = [name for name in columns if name not in {"seq", "hash", "prev", "body"}]
        named = ", ".join(others)
        change = (
            f"INSERT INTO {table} (seq, hash, prev, body, {named}) SELECT seq + 9, hash || '0', hash || 'f', "
            f"replace(body, 'drifted', 'ok'), {named} FROM {table} WHERE kind = 'evidence'"
        )
    assert connection.execute(change).rowcount == 1
    connection.close()
    says(project, "", 18)


def test_a_reverted_failed_or_unknown_step_is_not_done(closed: Project) -> None:
    closed.variables(VARIABLES.replace("0750", "0700"))
    (closed.world / "a").rmdir()
    (closed.world / "a").write_text("in the way")
    closed.apply("runbooks/site.yml", expect=10)
    assert status(closed) != "CLOSED"
    (closed.world / "a").unlink()
    run = closed.apply("runbooks/site.yml")
    assert status(closed) == "CLOSED"
    assert closed.cutter("revert", "--yes", run).code == 0
    assert status(closed) != "CLOSED"
