"""A host without a Python gets one first, where the inventory allows it, and then all goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines
from waiting import PATIENCE, until

if TYPE_CHECKING:
    from project import Project
    from ssh.sshd import Sshd

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart", "apt")]
NAMES = ["web1", "web2", "web3"]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'
# Plays the part of Debian's: its second call makes an interpreter, unless it is told not to.
_APT_GET = """\
#!/bin/sh
cd {folder} || exit
echo "$*" >>calls
case $* in *install*) ;; *) exit 0 ;; esac
[ ! -e broken ] || {{ echo 'E: Unable to locate package python3' >&2; exit 100; }}
while [ -e wait ]; do touch waiting; sleep 0.1; done
ln -sf {real} python
"""


@pytest.fixture
def apt(sshd: Sshd, fleet: Project) -> Iterator[None]:
    """Have something there that installs the Python of the tests."""
    folder = fleet.folder / "apt"
    folder.mkdir()
    program = sshd.folder / "bin" / "apt-get"
    program.parent.mkdir(exist_ok=True)
    program.write_text(_APT_GET.format(folder=folder, real=sys.executable))
    program.chmod(0o755)
    yield
    program.unlink()


def bare(project: Project, words: str = "bootstrap_python: true") -> str:
    """Return the variables of a host whose Python is not there yet."""
    return f"ansible_python_interpreter: {project.folder}/apt/python, {words}"


def installed(project: Project) -> bool:
    return (project.folder / "apt/python").exists()


def test_without_leave_the_command_to_type_is_said(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet, "ansible_user: root"), web2="")
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS))
    assert answer.code == 69, answer
    assert (
        "ssh -l root web1 'apt-get update && apt-get install -y --no-install-recommends python3'"
        in answer.out
    )
    assert (fleet.world / "web2").is_dir()
    assert not installed(fleet)


def test_a_plan_says_it_and_installs_nothing(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet), web2="")
    steps = fleet.runbook(STEPS)
    assert fleet.cutter("plan", steps).code == 0
    answer = fleet.cutter("plan", steps, "-o", str(fleet.folder / "kept.plan"))
    assert answer.code == 69, answer  # what was asked for is not there
    assert "there is no Python on it: python3 would be installed first" in answer.out
    assert "web1 could not be looked at" in answer.err
    assert not (fleet.folder / "kept.plan").exists()
    assert fleet.cutter("plan", "--detailed-exitcode", steps).code == 2
    told = json.loads(fleet.cutter("plan", "--json", steps).out)["plans"][0]["targets"]
    assert [target.get("first", "")[:8] for target in told] == ["there is", ""]
    assert told[0]["steps"][0]["prediction"] == "unknown"
    assert fleet.cutter("verify", steps).code == 69
    assert not installed(fleet)


def test_apply_installs_it_and_goes_on(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet), web2="")
    steps = fleet.runbook(STEPS)
    answer = fleet.cutter("apply", "--yes", steps)
    assert answer.code == 0, answer
    assert "bootstrap: 1 changed" in answer.out
    assert sorted(path.name for path in fleet.world.iterdir()) == ["web1", "web2"]
    calls = (fleet.folder / "apt/calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["update", "python3"]
    told = [(kind, body.get("target"), body.get("outcome")) for kind, body in recorded(fleet)][:3]
    assert told == [("run", None, None), ("intent", "web1", None), ("evidence", "web1", "changed")]
    again = fleet.json("apply", "--yes", steps)
    assert [run["outcomes"] for run in again["runs"]] == [{"ok": 2}]
    assert len((fleet.folder / "apt/calls").read_text().splitlines()) == 2


def recorded(project: Project) -> list[tuple[str, dict[str, object]]]:
    """Return kind and body of what is recorded of the first run."""
    kinds = ("run", "intent", "evidence", "end")
    found = [(kind, dict(body)) for kind in kinds for body in project.entries(kind)]
    first = next(body["run"] for kind, body in found if kind == "run")
    return [(kind, body) for kind, body in found if body["run"] == first]


def test_the_run_is_shown_and_nothing_of_it_is_taken_back(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet))
    first = fleet.json("apply", "--yes", fleet.runbook(STEPS))["runs"][0]
    assert first["runbook"] == "bootstrap"
    assert "python3 (bootstrap)" in fleet.cutter("runs", "show", first["run"]).out
    answer = fleet.cutter("revert", "--yes", first["run"])
    assert answer.code == 10, answer
    assert "it stays" in answer.err
    assert installed(fleet)


def test_what_apt_cannot_do_costs_only_that_host(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet), web2="")
    (fleet.folder / "apt/broken").touch()
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS))
    assert answer.code == 12, answer
    assert "Unable to locate package python3" in answer.out
    assert (fleet.world / "web2").is_dir()
    outcomes = [(entry["target"], entry["outcome"]) for entry in fleet.entries("evidence")]
    assert outcomes == [("web1", "failed"), ("web1", "unobservable"), ("web2", "changed")]


def of_bootstrap(project: Project) -> list[tuple[str, str, str]]:
    """Return what came of each host that was, or was not, to be prepared."""
    found = [body for kind, body in recorded(project) if kind == "evidence"]
    return [(str(body["target"]), str(body["outcome"]), str(body.get("reason", ""))) for body in found]


def calls(project: Project) -> int:
    """Return how often a Python was asked for."""
    path = project.folder / "apt/calls"
    return path.read_text().count(" install ") if path.exists() else 0


@pytest.mark.parametrize(("limit", "asked"), [("", 1), ("max_fail: 1\n", 2), ("max_fail: 2\n", 3)])
def test_a_wave_that_fails_keeps_the_next_ones_from_being_prepared(
    limit: str, asked: int, fleet: Project
) -> None:
    machines(fleet, **dict.fromkeys(["web1", "web2", "web3"], bare(fleet)))
    (fleet.folder / "apt/broken").touch()
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS, head=f"serial: 1\n{limit}"))
    assert answer.code == 12, answer
    held_back = [(name, "skipped", f"no wave begins after the one of web{asked}") for name in NAMES[asked:]]
    assert (calls(fleet), of_bootstrap(fleet)[asked:]) == (asked, held_back)
    assert [name for name, outcome, _ in of_bootstrap(fleet)[:asked] if outcome == "failed"] == NAMES[:asked]
    assert [entry["target"] for entry in fleet.entries("intent")] == NAMES[:asked]
    assert "nothing was begun there" in answer.out or asked == len(NAMES)


def test_a_wave_of_one_that_is_gone_does_so_too(fleet: Project) -> None:
    machines(fleet, web1="ansible_python_interpreter: /nowhere/python", web2=bare(fleet), web3=bare(fleet))
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS, head="serial: 1\n"))
    assert (answer.code, calls(fleet)) == (69, 0), answer
    assert not installed(fleet)


def test_waves_that_go_well_follow_each_other(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet), web2="", web3=bare(fleet))
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS, head="serial: 1\n"))
    assert answer.code == 0, answer
    assert [found[:2] for found in of_bootstrap(fleet)] == [("web1", "changed"), ("web3", "changed")]
    assert sorted(path.name for path in fleet.world.iterdir()) == NAMES


def test_a_runbook_that_would_not_begin_has_nobody_prepared(fleet: Project) -> None:
    machines(fleet, web1="ansible_python_interpreter: /nowhere/python", web2=bare(fleet))
    first = fleet.runbook(STEPS.replace("Folder,", "Folder, hosts: web1,"), name="first")
    path = Path(first)
    path.write_text(path.read_text().replace("hosts: all", "hosts: web1"))
    answer = fleet.cutter("apply", "--yes", first, fleet.runbook(STEPS))
    assert (answer.code, calls(fleet)) == (69, 0), answer


def test_a_python_that_is_not_whole_is_completed_and_an_old_one_is_left(fleet: Project) -> None:
    python = fleet.folder / "apt/python"
    for said, code in (("ModuleNotFoundError: No module named 'json'", 0), ("python 3.7 is too old", 69)):
        python.unlink(missing_ok=True)
        python.write_text(f'#!/bin/sh\necho "{said}" >&2; exit 1\n')
        python.chmod(0o755)
        machines(fleet, web1=bare(fleet))
        answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS))
        assert answer.code == code, answer
    assert "its Python is too old: 3.9 is needed" in answer.out
    assert len((fleet.folder / "apt/calls").read_text().splitlines()) == 2


@contextmanager
def installing(project: Project, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start an apply and wait until it installs a Python, which ends once `wait` is gone."""
    (project.folder / "apt/wait").touch()
    program = "from cutter.cli.main import entry; entry()"
    given = ["apply", "--yes", "-i", str(project.folder / "inventory/here"), *words]
    argv = [sys.executable, "-I", "-c", program, *given]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until((project.folder / "apt/waiting").exists)
        yield process


def test_killed_while_it_installs_the_next_run_looks_and_goes_on(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet))
    steps = fleet.runbook(STEPS)
    with installing(fleet, steps) as process:
        process.kill()
    assert [entry["target"] for entry in fleet.entries("intent")] == ["web1"]
    (fleet.folder / "apt/wait").unlink()
    answer = fleet.cutter("apply", "--yes", steps)
    assert answer.code == 0, answer
    assert next(entry["outcome"] for entry in fleet.entries("evidence")) == "unknown"
    assert (fleet.world / "web1").is_dir()


def interrupted(project: Project, process: subprocess.Popen[str]) -> tuple[str, str]:
    """Interrupt an apply that installs a Python, let that end, and return what was said."""
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    noted = process.stderr.readline()
    assert "SIGINT: finishing the current step" in noted
    (project.folder / "apt/wait").unlink()
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 21, out + err
    return out, err


def test_interrupted_while_it_installs_it_says_what_was_done(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet), web2="", web3=bare(fleet))
    steps = fleet.runbook(STEPS, head="serial: 1\n")
    with installing(fleet, steps) as process:
        out, err = interrupted(fleet, process)
    assert "bootstrap: 1 changed, 1 skipped; exit 21: interrupted" in out
    assert "python3 was installed on web1 and stays there; not begun on web3 (run " in err
    again = f"cutter apply -i {fleet.folder}/inventory/here {steps}"
    assert f"next: {again}\n" in err
    assert not list(fleet.world.iterdir())
    assert [entry["exit_code"] for entry in fleet.entries("end")] == [21]
    assert fleet.cutter("apply", "--yes", steps).code == 0
    assert sorted(path.name for path in fleet.world.iterdir()) == NAMES


def test_interrupted_twice_it_waits_no_longer(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet), web2="")
    steps = fleet.runbook(STEPS)
    with installing(fleet, steps) as process:
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "once more aborts it" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert not installed(fleet)
    assert (process.returncode, "exit 21: interrupted" in out) == (21, True), out + err
    assert "not known on web1: the next run looks (run " in err
    (fleet.folder / "apt/wait").unlink()
    until(lambda: installed(fleet))
    assert fleet.cutter("apply", "--yes", steps).code == 0


def test_interrupted_while_it_installs_it_tells_programs_too(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet))
    steps = fleet.runbook(STEPS)
    with installing(fleet, "--json", steps) as process:
        out, _ = interrupted(fleet, process)
    told = json.loads(out)
    assert (told["exit_code"], told["error"]["code"], told["gaps"]) == (21, 21, [])
    assert [run["runbook"] for run in told["runs"]] == ["bootstrap"]
    assert told["runs"][0]["outcomes"] == {"changed": 1}
    assert [each["path"] for each in told["not_begun"]] == [steps]
    assert "web1" in told["error"]["world"]


def test_what_refuses_the_runbook_afterwards_does_not_hide_what_was_installed(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet))
    needs = 'preflight:\n  - {name: There, directory: {path: "{{ world }}/missing"}}\n'
    steps = fleet.runbook(STEPS, head=needs)
    answer = fleet.cutter("apply", "--yes", steps)
    assert (answer.code, installed(fleet)) == (10, True), answer
    assert "what was done before it stays: bootstrap (run " in answer.err
    (fleet.folder / "apt/python").unlink()
    again = fleet.cutter("apply", "--yes", "--json", steps)
    told = json.loads(again.out)
    assert (told["exit_code"], told["error"]["code"]) == (10, 10)
    assert [run["outcomes"] for run in told["runs"]] == [{"changed": 1}]


def test_the_inventory_says_it_in_words_that_are_checked(fleet: Project) -> None:
    machines(fleet, web1=bare(fleet, "bootstrap_python: maybe"))
    answer = fleet.cutter("plan", fleet.runbook(STEPS))
    assert answer.code == 65, answer
    assert "neither true nor false" in answer.err
