"""What happens between plan and apply, and to the server in the middle of a cut: nothing half done."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from governed_project import RUN, SCHEMA, STEPS, GovernedProject
from project import steps_of
from waiting import until

from cutter.cut.adapter import ProductionLiveExecutionAdapter
from cutter.database.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

LATER = "20260101T000009Z-abcdef"


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Start a server that a test may bring down."""
    with EmbeddedServer(str(tmp_path_factory.mktemp("own") / "server"), {"fsync": "off"}) as server:
        yield server


def restart(server: EmbeddedServer) -> None:
    """Bring the server down at once, as a crash would, and start it again."""
    number = int((Path(server.folder) / "data/postmaster.pid").read_text().split()[0])
    os.kill(number, signal.SIGQUIT)
    until(lambda: not server.running())
    server.start()


@pytest.mark.parametrize("leg", ["leg_b_record", "write_verify", "commit", "lifecycle_enact"])
def test_a_restart_in_the_middle_leaves_nothing_half_done(
    tmp_path: Path, own_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, leg: str
) -> None:
    project = GovernedProject(tmp_path, own_server)
    path = project.installed()
    true_leg = getattr(ProductionLiveExecutionAdapter, leg)

    def after_a_restart(*args: Any) -> Any:
        monkeypatch.setattr(ProductionLiveExecutionAdapter, leg, true_leg)
        restart(own_server)
        return true_leg(*args)

    with monkeypatch.context() as patched, project.switched_on(patched):
        patched.setattr(ProductionLiveExecutionAdapter, leg, after_a_restart)
        answer = project.cutter("apply", "--yes", path)
    assert answer.code in (11, 12, 16), answer
    assert "Traceback" not in answer.err + answer.out
    assert "next:" in answer.out
    cut = project.sql("SELECT recorded IS NOT NULL AND verified IS NOT NULL FROM cutter.cut")
    units = project.sql("SELECT count(*) FROM cutter.information_unit")[0][0]
    assert (cut, units > 0) in (([], False), ([(True,)], True))
    with project.switched_on(monkeypatch, LATER):
        assert project.cutter("apply", "--yes", path).code == 0
    kinds = [row[0] for row in project.sql("SELECT kind FROM cutter.governance_record ORDER BY seq")]
    assert kinds == ["document", "cut", "verify", "enact"]
    assert project.json("verify", path)["exit_code"] == 0


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("reading-room.md", "turns off the lamps", "turns the lamps off"),
        ("reading-room.grammar.yml", "Purpose", "Aim"),
    ],
)
def test_a_file_that_is_swapped_between_plan_and_apply_makes_the_plan_stale(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str
) -> None:
    path = project.installed()
    kept = str(project.folder / "kept.plan")
    assert project.cutter("plan", path, "--out", kept).code == 0
    swapped = project.folder / "runbooks/documents" / name
    swapped.write_text(swapped.read_text().replace(old, new))
    with project.switched_on(monkeypatch, RUN):
        answer = project.cutter("apply", "--yes", kept)
    assert answer.code == 20, answer
    assert project.sql("SELECT count(*) FROM cutter.document") == [(0,)]


def test_what_is_written_to_deceive_the_reader_is_shown_for_what_it_is(
    project: GovernedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = project.folder / "runbooks/documents/reading-room.md"
    text.write_text(text.read_text().replace("## 2. Quiet", "## 2. \u202eteiuQ \x1b[31m\u2066'); DROP--"))
    path = project.installed()
    with project.switched_on(monkeypatch):
        said = [project.cutter("plan", path), project.cutter("apply", "--yes", path)]
    assert [answer.code for answer in said] == [0, 0], said
    project.sql("UPDATE cutter.information_unit SET title = title || '\u202e' WHERE title LIKE %s", "%DROP%")
    said += [project.cutter("verify", path), project.cutter("plan", path, "--diff"), project.cutter("gaps")]
    said.append(project.cutter("cutplan", str(text), str(text.with_suffix(".grammar.yml"))))
    told = "".join(answer.out + answer.err for answer in said)
    assert not {char for char in told if char in "\u202e\u2066\x1b"}
    assert project.sql("SELECT count(*) FROM cutter.information_unit WHERE title LIKE %s", "%DROP%") == [(1,)]


def test_a_proof_says_where_the_schema_is_missing(project: GovernedProject) -> None:
    answer = project.json("prove", project.governed(STEPS.replace(SCHEMA, "")))
    assert answer["exit_code"] in (10, 13, 78)
    assert any("cut_schema" in step.get("remedy", "") + step.get("reason", "") for step in steps_of(answer))
