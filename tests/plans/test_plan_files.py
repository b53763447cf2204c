"""A plan in a file: the same bytes for the same inputs, and an apply of it does exactly it or refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from laws import snapshot
from project import Project

from cutter import facts

ROOT = Path(__file__).parents[2]
SMALL = '  - {name: Room, directory: {path: "{{ world }}/room", mode: "0750"}}\n'
WIDE = """\
  - {name: Room, directory: {path: "{{ world }}/room", mode: "{{ room_mode }}"}}
  - name: Each
    for_each: {b: "0640", a: "0600", c: "0644"}
    file: {path: "{{ world }}/{{ item.key }}", content: "of {{ item.key }}", mode: "{{ item.value }}"}
  - {name: Source, file: {path: "{{ world }}/source", source: from.txt, mode: "0640"}}
  - {name: Template, file: {path: "{{ world }}/template", template: from.j2, mode: "0640"}}
  - name: Wiring
    env_file:
      path: "{{ world }}/.env"
      set: {PORT: 5432, HOST: "{{ host }}", WORD: {value: sesame}}
      default: {MADE: {generate: {}}}
  - {name: Link, link: {path: "{{ world }}/link", target: source}}
  - {name: Old, file: {path: "{{ world }}/old", ensure: absent}}
"""
VARIABLES = 'room_mode: "0750"\nhost: db1\n'


@pytest.fixture
def wide(project: Project) -> str:
    project.variables(VARIABLES)
    project.write("runbooks/from.txt", "from a file\n")
    project.write("runbooks/from.j2", "from {{ host }}\n")
    (project.world / "old").write_text("old")
    return project.runbook(WIDE)


def planned(project: Project, runbook: str, *words: str, out: str = "a.plan") -> str:
    answer = project.cutter("plan", runbook, "-o", out, *words)
    assert answer.code == 0, answer
    return out


def refused(project: Project, plan: str, code: int, told: str, **where: str) -> None:
    """Check that the plan is refused with this code and reason, and that nothing in the world is touched."""
    before = snapshot(project.world)
    answer = project.cutter("apply", "--yes", plan, **where)
    assert answer.code == code, answer
    assert told in answer.err
    assert "Traceback" not in answer.err
    assert snapshot(project.world) == before


def test_the_same_inputs_give_the_same_bytes(project: Project, wide: str) -> None:
    planned(project, wide)
    for seed in ("0", "1", "4242"):
        words = ["plan", "-i", str(project.folder / "inventory/here"), wide, "-o", f"{seed}.plan"]
        program = f"from cutter.cli.main import main; raise SystemExit(main({words!r}))"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", program], check=True, env=environment, cwd=project.folder)
        assert Path(f"{seed}.plan").read_bytes() == Path("a.plan").read_bytes()
    assert planned(project, wide, out="b.plan")
    assert Path("b.plan").read_bytes() == Path("a.plan").read_bytes()


def test_a_kept_plan_is_applied_exactly_and_once(project: Project, wide: str) -> None:
    plan = planned(project, wide)
    run = project.apply(plan)
    assert project.cutter("verify", wide).code == 0
    assert (project.world / "a").read_text() == "of a"
    assert project.entries("run")[0]["plan_file"] == json.loads(Path(plan).read_text())["seal"]
    refused(project, plan, 20, f"the plan was used by run {run}")


def test_a_plan_that_failed_half_way_may_be_finished(project: Project) -> None:
    runbook = project.runbook(
        '  - {name: Room, directory: {path: "{{ world }}/room"}}\n'
        '  - {name: File, file: {path: "{{ world }}/room/file", content: x, validate: [test, -e, '
        f'"{project.folder}/allowed", -a, -f, "{{candidate}}"]}}}}\n'
    )
    plan = planned(project, runbook)
    project.apply(plan, expect=12)
    project.write("allowed", "")
    project.apply(plan)
    assert (project.world / "room/file").read_text() == "x"
    refused(project, plan, 20, "the plan was used")


Alteration = Callable[[Project], object]


def _more_vars(text: str) -> Alteration:
    return lambda project: project.variables(text)


def _write(name: str, text: str) -> Alteration:
    return lambda project: project.write(name, text)


CHANGES: dict[str, tuple[Alteration, str]] = {
    "runbook": (lambda project: project.runbook(WIDE + SMALL.replace("Room", "More")), "changed since"),
    "removed step": (lambda project: project.runbook(WIDE.partition("  - {name: Old")[0]), "changed since"),
    "group variable": (_more_vars('room_mode: "0700"\nhost: db1\n'), "room is declared otherwise"),
    "source": (_write("runbooks/from.txt", "other\n"), "source is declared otherwise"),
    "template": (_write("runbooks/from.j2", "other {{ host }}\n"), "template is declared otherwise"),
    "template variable": (_more_vars('room_mode: "0750"\nhost: db2\n'), "declared otherwise"),
    "drifted file": (_write("world/old", "another"), "old drifted"),
    "appeared file": (_write("world/a", "somebody's"), "each[a] drifted"),
    "appeared folder": (lambda project: (project.world / "room").mkdir(0o777), "room drifted"),
    "appeared link": (lambda project: (project.world / "link").symlink_to("elsewhere"), "link drifted"),
    "in the way": (lambda project: os.mkfifo(project.world / "b"), "each[b] drifted"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_the_plan_refuses_it(change: str, project: Project, wide: str) -> None:
    plan = planned(project, wide)
    alter, told = CHANGES[change]
    alter(project)
    refused(project, plan, 20, told)
    assert project.entries("refusal")[-1]["exit_code"] == 20


def test_a_variable_of_the_preflight_alone_refuses_it(project: Project) -> None:
    project.variables("needed: world\n")
    preflight = 'preflight:\n  - {name: Needed, directory: {path: "{{ world }}/../{{ needed }}"}}\n'
    preflight = preflight.replace("{{ world }}/../", f"{project.folder}/")
    runbook = project.runbook(SMALL, head=preflight)
    project.world.chmod(0o755)
    plan = planned(project, runbook)
    project.variables("needed: inventory\n")
    refused(project, plan, 20, "needed is declared otherwise")


def test_a_loop_with_another_item_refuses_it(project: Project) -> None:
    project.variables("rooms: [a, b]\n")
    steps = '  - {name: R, for_each: "{{ rooms }}", directory: {path: "{{ world }}/{{ item.key }}"}}\n'
    plan = planned(project, project.runbook(steps))
    project.variables("rooms: [a, b, c]\n")
    refused(project, plan, 20, "has other steps now")


def test_drift_within_the_plan_is_applied(project: Project, wide: str) -> None:
    project.apply(wide)
    (project.world / "a").chmod(0o777)
    (project.world / "b").chmod(0o777)
    plan = planned(project, wide)
    (project.world / "a").chmod(0o711)
    (project.world / "b").chmod(0o640)
    project.apply(plan)
    assert project.cutter("verify", wide).code == 0


def test_drift_in_an_attribute_that_was_not_planned_refuses_it(project: Project, wide: str) -> None:
    project.apply(wide)
    (project.world / "a").chmod(0o777)
    plan = planned(project, wide)
    (project.world / "a").write_text("other")
    refused(project, plan, 20, "each[a] drifted since the plan was made: content")


@pytest.mark.slow
def test_every_single_altered_byte_is_noticed(project: Project) -> None:
    plan = Path(planned(project, project.runbook(SMALL)))
    content = plan.read_bytes()
    before = snapshot(project.world)
    for position in range(len(content)):
        for flip in (0x01, 0x20, 0x80):
            altered = bytearray(content)
            altered[position] ^= flip
            plan.write_bytes(altered)
            answer = project.cutter("apply", "--yes", str(plan))
            assert answer.code == 20, (position, flip, answer)
    for other in (content + b"\n", content[:-1], b" " + content, content[:-2], b"\xef\xbb\xbf" + content):
        plan.write_bytes(other)
        assert project.cutter("apply", "--yes", str(plan)).code == 20, other[:20]
    assert snapshot(project.world) == before
    plan.write_bytes(content)
    project.apply(str(plan))


def test_a_plan_of_another_environment_is_refused(project: Project) -> None:
    project.inventory("there", "only_here: 1\n")
    plan = planned(project, project.runbook(SMALL))
    refused(project, plan, 22, "the plan is for the environment here, not there", environment="there")
    assert not (project.folder / "there").exists()


def test_a_plan_for_another_host_is_refused(project: Project) -> None:
    plan = planned(project, project.runbook(SMALL))
    project.write("inventory/here/hosts.yml", "all:\n  hosts:\n    web2:\n      ansible_connection: local\n")
    refused(project, plan, 22, "the plan is for web1; the runbook now names web2")


def test_a_plan_for_another_machine_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(project, project.runbook(SMALL))
    monkeypatch.setattr(facts, "_machine_id", lambda: "another machine")
    refused(project, plan, 22, "the plan was made for machine:")


def test_a_plan_takes_no_other_choices(project: Project) -> None:
    plan = planned(project, project.runbook(SMALL))
    for words in (["--only", "room"], ["-e", "world=/x"], ["--limit", "web1"], [plan]):
        assert project.cutter("apply", "--yes", plan, *words).code == 64
    assert not (project.world / "room").exists()


def test_a_plan_that_is_not_there_is_to_be_made(project: Project) -> None:
    refused(project, "gone.plan", 20, "cutter plan -o FILE")
    refused(project, "gone", 65, "cutter validate")


def test_a_kept_plan_says_what_a_fresh_one_says(project: Project, wide: str) -> None:
    said = [line for line in project.cutter("plan", wide).out.splitlines() if "would be" in line]
    again = project.cutter("apply", "--yes", planned(project, wide)).out.splitlines()
    assert len(said) == 9
    assert [line for line in again if "would be" in line] == said


def test_limit_only_and_variables_are_kept_with_the_plan(project: Project) -> None:
    steps = SMALL + SMALL.replace("Room", "Other").replace("/room", "/{{ other }}")
    project.variables("other: x\n")
    words = ("--only", "other", "-e", "other=chosen", "--limit", "web1")
    project.apply(planned(project, project.runbook(steps), *words))
    assert [path.name for path in project.world.iterdir()] == ["chosen"]


@pytest.mark.parametrize("name", ["taken.txt", "folder", "fifo", "link", "site.yml"])
def test_a_plan_is_not_written_over_something_else(name: str, project: Project) -> None:
    runbook = project.runbook(SMALL)
    project.write("taken.txt", "mine")
    (project.folder / "folder").mkdir()
    os.mkfifo("fifo")
    (project.folder / "link").symlink_to("taken.txt")
    before = snapshot(project.folder)
    assert project.cutter("plan", runbook, "-o", name).code == 64
    assert snapshot(project.folder) == before
