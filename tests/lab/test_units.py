"""Services and timers on a machine with a real systemd: the laws, and second observers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lab.fixtures import hosts_of
from waiting import until

from cutter.hosts.luggage import luggage

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from lab.machine import Machine
    from project import Project

    from cutter.agent.carried import Entries

pytestmark = [pytest.mark.lab, pytest.mark.root]
_LAWS = Path(__file__).parents[1] / "laws.py"
_ON_IT = """\
import json, sys
sys.path[:0] = ["/opt/carried", "/opt"]
from pathlib import Path
from cutter.errors import CutterError
from cutter.filesystem.kept import KeptContent
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change
from cutter.resources import resource_type
from laws import build, change_of, obeys_the_laws

class Desk:
    def send(self, content, digest): kept.offer(digest, content)
    def read(self, path): return Path(path).read_bytes()

asked = json.loads(sys.stdin.read())
kept = KeptContent("/var/lib/cutter-test/kept")
kind = resource_type(asked["type"])

def made(params):
    return build(kind, kind.prepare(dict(params), Desk()))

def reach(params):
    resource = made(params)
    change = change_of(resource)
    resource.apply(change, kept)
    rest = change_of(resource)
    assert rest.empty, rest
    return sorted(change.keys)

def verb(name, params):
    if name == "laws":
        folder = Path("/etc/systemd/system")
        obeys_the_laws(made(params), kept, folder)
        return None
    if name == "reach":
        return reach(params)
    if name == "look":
        return list(change_of(made(params)))
    resource = made(params)
    return {"mark": resource.mark, "perform": resource.perform}[name](asked["act"])

try:
    print(json.dumps({"found": verb(asked["verb"], asked["params"])}))
except CutterError as error:
    print(json.dumps({"error": type(error).__name__, "cause": error.cause, "code": error.exit_code}))
"""
FLAPPING = """\
[Service]
Restart=always
RestartSec=100ms
StartLimitBurst=1000
ExecStart=/bin/sh -c 'echo again; sleep 0.3; exit 3'
"""
UNIT = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def machine(lab: Lab) -> Machine:
    """Return a machine with systemd, and with what travels to one; units of earlier tests are gone."""
    found = lab.machine("s1", init="systemd")
    laid_out(luggage(), found.root / "opt/carried")
    (found.root / "opt/laws.py").write_bytes(_LAWS.read_bytes())
    (found.root / "opt/on_it.py").write_text(_ON_IT)
    for unit in (found.root / "etc/systemd/system").glob("probe*"):
        found.run("systemctl", "stop", unit.name, check=False)
        found.run("systemctl", "disable", unit.name, check=False)
        unit.unlink(missing_ok=True)
    found.run("systemctl", "daemon-reload")
    found.run("systemctl", "reset-failed")
    return found


def laid_out(entries: Entries, folder: Path) -> None:
    """Write down what would be carried to a machine as files to import."""
    for name, source in entries.items():
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(source))


def ask(
    machine: Machine, verb: str, kind: str = "service", *, act: str = "", ahead: int = 0, **params: Any
) -> Any:
    """Ask something of a type on the machine; return what is found, or its complaint.

    For who asks, the clock was put forward by so many seconds since the machine began.
    """
    asked = {"verb": verb, "type": kind, "params": params, "act": act}
    within = ["unshare", "--time", "--fork", f"--monotonic=-{ahead}"] if ahead else []
    done = machine.run(*within, "python3", "-I", "/opt/on_it.py", stdin=json.dumps(asked), check=False)
    assert done.returncode == 0, done.stderr
    told: Mapping[str, Any] = json.loads(done.stdout)
    return told if "error" in told else told["found"]


def service(machine: Machine, verb: str, **params: Any) -> Any:
    return ask(machine, verb, "service", **{"name": "probe", **params})


def shown(machine: Machine, unit: str, name: str) -> str:
    """Return a property of a unit, as systemctl says it."""
    return machine.run("systemctl", "show", "-P", name, unit).stdout.strip()


ALL = {"content": UNIT, "enabled": True, "state": "started"}


@pytest.mark.parametrize(
    ("params", "before"),
    [
        (ALL, {}),
        ({"content": UNIT}, {}),
        ({"content": UNIT.replace("1000", "2000"), "state": "started"}, ALL),
        ({"enabled": False, "state": "stopped"}, ALL),
        ({"enabled": "masked"}, {}),
        ({"enabled": True}, {"content": UNIT}),
        ({"ensure": "absent"}, ALL),
    ],
)
def test_services_obey_the_laws(machine: Machine, params: dict[str, Any], before: dict[str, Any]) -> None:
    if before:
        service(machine, "reach", **before)
    assert service(machine, "laws", **params) is None


def test_a_second_observer_agrees(lab: Lab, machine: Machine) -> None:
    assert service(machine, "reach", **ALL) == ["active", "enabled", "unit", "unit_used"]
    seen = lab.seen("s1").service("probe")
    assert (seen.is_running, seen.is_enabled) == (True, True)
    service(machine, "reach", state="stopped", enabled=False)
    assert (seen.is_running, seen.is_enabled) == (False, False)
    service(machine, "reach", ensure="absent")
    service(machine, "reach", name="ssh", enabled=True, state="started")
    service(machine, "reach", name="probe2", enabled="masked")
    assert lab.seen("s1").service("probe2").is_masked
    assert shown(machine, "probe2.service", "LoadState") == "masked"


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        ("[Service]\nExecStart=/bin/nowhere\n", "Command /bin/nowhere is not executable"),
        ("[Service]\nExecStart=/bin/true\nWhatever=1\n", "Unknown key 'Whatever'"),
    ],
)
def test_a_unit_file_that_systemd_refuses_never_goes_live(machine: Machine, unit: str, why: str) -> None:
    service(machine, "reach", **ALL)
    told = service(machine, "reach", content=unit, state="started")
    assert (told["error"], why in told["cause"]) == ("StepFailed", True), told
    assert (machine.root / "etc/systemd/system/probe.service").read_text() == UNIT
    assert shown(machine, "probe", "ActiveState") == "active"


def test_a_plan_says_that_a_unit_file_could_not_start(machine: Machine, on_machines: Project) -> None:
    hosts_of(on_machines, s1="")
    (machine.root / "srv/program").unlink(missing_ok=True)
    unit = "[Service]\\nExecStartPre=-/bin/nowhere\\nExecStart=/srv/program\\n"
    step = f'  - {{name: Site, service: {{name: probe-site, content: "{unit}"}}}}\n'
    path = on_machines.runbook(step)
    answer = on_machines.cutter("plan", path)
    assert answer.code == 10, answer
    assert "probe-site.service could not start: /srv/program is not executable" in answer.out
    assert on_machines.cutter("verify", path).code == 2
    path = on_machines.runbook(_PROGRAM + step)
    assert "+ site" in on_machines.cutter("plan", path).out
    on_machines.apply(path)
    assert on_machines.cutter("plan", "--detailed-exitcode", path).code == 0


def test_what_runs_from_an_older_file_is_drift_and_is_restarted(machine: Machine) -> None:
    service(machine, "reach", **ALL)
    first = shown(machine, "probe", "InvocationID")
    newer = UNIT.replace("1000", "3000")
    (machine.root / "etc/systemd/system/probe.service").write_text(newer)
    before, after = service(machine, "look", content=newer, state="started")
    assert (before["unit"], before["unit_used"]) == (after["unit"], False)
    machine.run("systemctl", "daemon-reload")
    assert service(machine, "look", content=newer, state="started")[0]["unit_used"] is False
    assert service(machine, "reach", content=newer, state="started") == ["unit_used"]
    assert shown(machine, "probe", "InvocationID") != first
    assert "3000" in shown(machine, "probe", "ExecStart")


def test_a_clock_that_was_put_forward_since_hides_no_older_file(machine: Machine) -> None:
    service(machine, "reach", **ALL)
    newer = UNIT.replace("1000", "3000")
    path = machine.root / "etc/systemd/system/probe.service"
    until(lambda: _written_after_the_second_of(machine, path, newer))
    machine.run("systemctl", "daemon-reload")
    wanted = {"content": newer, "state": "started"}
    assert service(machine, "look", ahead=600, **wanted)[0]["unit_used"] is False
    assert service(machine, "reach", ahead=600, **wanted) == ["unit_used"]
    assert service(machine, "look", **wanted)[0]["unit_used"] is True


def _written_after_the_second_of(machine: Machine, path: Path, text: str) -> bool:
    """Write a unit file; tell whether that was in a later second than the start of the unit."""
    path.write_text(text)
    return path.stat().st_ctime >= int(machine.run("date", "+%s", "-d", started(machine)).stdout) + 1


def started(machine: Machine) -> str:
    return shown(machine, "probe", "ExecMainStartTimestamp")


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        ("[Service]\nExecStart=/bin/sh -c 'echo cannot work; exit 3'\n", "cannot work"),
        (FLAPPING, "again"),
    ],
)
def test_one_that_does_not_stay_up_fails_with_its_last_lines(machine: Machine, unit: str, why: str) -> None:
    told = service(machine, "reach", content=unit, state="started", stays=3)
    assert (told["error"], why in told["cause"]) == ("RanInVain", True), told
    machine.run("systemctl", "stop", "probe")


@pytest.mark.parametrize(
    ("probe", "good"),
    [
        ({"argv": ["test", "-e", "/run/answers"]}, True),
        ({"argv": ["test", "-e", "/run/nothing"]}, False),
        ({"tcp": "127.0.0.1:22"}, True),
        ({"tcp": "127.0.0.1:1"}, False),
        ({"http": "http://127.0.0.1:1/"}, False),
    ],
)
def test_a_probe_is_asked_where_the_service_is(machine: Machine, probe: dict[str, Any], good: bool) -> None:
    unit = "[Service]\nExecStart=/bin/sh -c 'sleep 1; touch /run/answers; exec sleep 1000'\n"
    wanted = {
        "content": unit,
        "state": "started",
        "probe": {**probe, "retries": 20 if good else 1, "every": 1},
    }
    told = service(machine, "reach", **wanted)
    assert (not isinstance(told, dict)) == good, told
    if not good:
        assert "gives no good answer" in told["cause"]
        assert service(machine, "look", **wanted)[0]["probe"] == "does not answer"


def test_what_cannot_be_enabled_is_said(machine: Machine) -> None:
    told = service(machine, "reach", content="[Service]\nExecStart=/bin/true\n", enabled=True)
    assert "has no [Install] section" in told["cause"]


def test_what_the_system_itself_starts_is_not_disabled(machine: Machine) -> None:
    """Its link is none of the administrator, and disabling it changes nothing."""
    vendor = machine.root / "usr/lib/systemd/system"
    link = vendor / "multi-user.target.wants/probe-vendor.service"
    link.parent.mkdir(exist_ok=True)
    (vendor / link.name).write_text("[Service]\nExecStart=/bin/sleep 1000\n")
    link.symlink_to(f"../{link.name}")
    assert service(machine, "look", name="probe-vendor", enabled=True)[0]["enabled"] == "enabled"
    told = service(machine, "reach", name="probe-vendor", enabled=False)
    assert "/multi-user.target.wants/probe-vendor.service came with the system" in told["cause"]
    service(machine, "reach", name="probe-vendor", enabled="masked")
    service(machine, "reach", name="probe-vendor", enabled=True)
    link.unlink()
    assert service(machine, "look", name="probe-vendor", enabled=False)[0]["enabled"] == "disabled"


def test_restart_and_reload_are_told_by_looking(machine: Machine) -> None:
    unit = "[Service]\nExecStart=/bin/sleep 1000\nExecReload=/bin/sh -c 'test -e /run/reloads'\n"
    (machine.root / "run/reloads").unlink(missing_ok=True)
    service(machine, "reach", content=unit, state="started")
    declared = {"content": unit, "state": "started", "reload_on": ["x"]}
    was = service(machine, "mark", act="reload", **declared)
    assert (
        was == shown(machine, "probe", "InvocationID") == service(machine, "mark", act="restart", **declared)
    )
    failed = service(machine, "perform", act="reload", **declared)
    assert failed["error"] == "RanInVain"
    assert service(machine, "mark", act="reload", **declared) == was
    (machine.root / "run/reloads").touch()
    service(machine, "perform", act="reload", **declared)
    assert service(machine, "mark", act="reload", **declared).startswith(f"{was} ")
    service(machine, "perform", act="restart", **declared)
    assert service(machine, "mark", act="restart", **declared) != was
    service(machine, "reach", state="stopped")
    assert service(machine, "mark", act="restart", **declared) == ""


@pytest.mark.parametrize("how", ["start", "restart", "reload"])
def test_a_drop_in_that_is_new_or_altered_counts_for_what_is_run(machine: Machine, how: str) -> None:
    """Nobody told systemd of it, as when an earlier step has brought it as a plain file."""
    said = "/bin/sh -c 'echo {} >/run/said'"
    unit = f"[Service]\nExecStart=/bin/sleep 1000\nExecStartPre={said}\nExecReload={said}\n".format(1, 1)
    service(machine, "reach", content=unit, state="started")
    folder = machine.root / "etc/systemd/system/probe.service.d"
    folder.mkdir(exist_ok=True)
    lines = "[Service]\nExecStartPre=\nExecStartPre={0}\nExecReload=\nExecReload={0}\n"
    try:
        for number in (2, 3):
            if how == "start":
                machine.run("systemctl", "stop", "probe")
            (folder / "site.conf").write_text(lines.format(said.format(number)))
            if how == "start":
                service(machine, "reach", state="started")
            else:
                service(machine, "perform", act=how, state="started")
            assert (machine.root / "run/said").read_text() == f"{number}\n"
    finally:
        shutil.rmtree(folder)


TIMER: dict[str, Any] = {
    "name": "probe",
    "calendar": "*-*-* 02:30:00",
    "command": ["/bin/echo", "50%", "a b", "$HOME", 'q"\\'],
}


@pytest.mark.parametrize("before", [{}, {**TIMER, "calendar": "hourly"}])
@pytest.mark.parametrize(
    "changes", [{}, {"state": "any"}, {"user": "ops", "randomized_delay": 60, "persistent": False}]
)
def test_timers_obey_the_laws(machine: Machine, changes: dict[str, Any], before: dict[str, Any]) -> None:
    if before:
        ask(machine, "reach", "timer", **before)
    assert ask(machine, "laws", "timer", **{**TIMER, **changes}) is None


def test_the_timer_waits_and_its_command_gets_its_words_as_they_are(lab: Lab, machine: Machine) -> None:
    ask(machine, "reach", "timer", **TIMER)
    assert lab.seen("s1").service("probe.timer").is_enabled
    assert "02:30:00" in shown(machine, "probe.timer", "TimersCalendar")
    machine.run("systemctl", "start", "probe.service")
    told = machine.run("journalctl", "-u", "probe.service", "-o", "cat", "--no-pager").stdout
    assert '50% a b $HOME q"\\\n' in told
    assert ask(machine, "reach", "timer", name="probe", ensure="absent")
    assert not list((machine.root / "etc/systemd/system").rglob("probe.*"))


def test_a_calendar_that_systemd_cannot_read_is_refused(machine: Machine) -> None:
    wrong: dict[str, Any] = {**TIMER, "calendar": "every full moon"}
    told = ask(machine, "reach", "timer", **wrong)
    assert "systemd cannot read the calendar 'every full moon'" in told["cause"]
    assert not (machine.root / "etc/systemd/system/probe.timer").exists()


@pytest.mark.parametrize("never", ["2020-01-01", "*-02-30"])
def test_a_calendar_whose_time_never_comes_is_refused(machine: Machine, never: str) -> None:
    told = ask(machine, "reach", "timer", **{**TIMER, "calendar": never})
    assert f"the calendar '{never}' names no time that is still to come" in told["cause"]
    assert not (machine.root / "etc/systemd/system/probe.timer").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"user": "nobody-of-that-name"}, "there is no user nobody-of-that-name"),
        ({"folder": "/srv/not-there"}, "/srv/not-there is no folder"),
        ({"command": ["/srv/not-there/program"]}, "/srv/not-there/program is not executable"),
    ],
)
def test_a_timer_whose_command_cannot_start_is_not_as_declared(
    machine: Machine, wrong: dict[str, Any], told: str
) -> None:
    refused = ask(machine, "reach", "timer", **{**TIMER, **wrong})
    assert refused["cause"] == f"the command of probe.timer cannot start: {told}"
    assert not (machine.root / "etc/systemd/system/probe.timer").exists()


_STEP = """\
  - name: Nightly
    timer: {name: probe-night, calendar: "CALENDAR", command: [/srv/program]}
"""
_PROGRAM = """\
  - {name: Folder, directory: {path: /srv}}
  - {name: Program, file: {path: /srv/program, content: "#!/bin/sh\\n", mode: "0755"}}
"""


def test_a_plan_says_what_would_fail(machine: Machine, on_machines: Project) -> None:
    """Nothing is begun then; what an earlier step may bring stands in nobody's way."""
    hosts_of(on_machines, s1="")
    (machine.root / "srv/program").unlink(missing_ok=True)
    missing, wrong = (_STEP.replace("CALENDAR", when) for when in ("hourly", "every full moon"))
    path = on_machines.runbook(missing)
    answer = on_machines.cutter("plan", path)
    assert answer.code == 10, answer
    assert "the command of probe-night.timer cannot start: /srv/program is not executable" in answer.out
    assert "next: put it there, by an earlier step or by hand" in answer.out + answer.err
    assert on_machines.cutter("verify", path).code == 2
    answer = on_machines.cutter("apply", "--yes", on_machines.runbook(_PROGRAM + wrong))
    told = answer.out + answer.err
    assert (answer.code, "cannot read the calendar 'every full moon'" in told) == (10, True), answer
    assert not (machine.root / "srv/program").exists()
    path = on_machines.runbook(_PROGRAM + missing)
    assert "+ nightly" in on_machines.cutter("plan", path).out
    on_machines.apply(path)
    (machine.root / "srv/program").unlink()
    assert on_machines.cutter("verify", on_machines.runbook(missing)).code == 2
    assert "cannot start" in on_machines.entries("evidence")[-1]["reason"]


def test_a_timer_whose_user_has_gone_since_is_drifted(machine: Machine) -> None:
    machine.run("useradd", "nightly")
    ask(machine, "reach", "timer", **TIMER, user="nightly")
    machine.run("userdel", "nightly")
    before, after = ask(machine, "look", "timer", **TIMER, user="nightly")
    assert (before["startable"], after["startable"]) == (False, True)
