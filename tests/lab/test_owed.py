"""A restart that a changed step asks for: owed until a look finds it done, whatever dies in between."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from lab.fixtures import hosts_of
from lab.owed_steps import SERVICE, all_is_well, begun, conf, invocation, owed, read_by, site
from project import Project, in_child
from waiting import until

from cutter.ledger.sqlite import SqliteLedger

if TYPE_CHECKING:
    from lab.laboratory import Lab
    from lab.machine import Machine

pytestmark = [pytest.mark.lab, pytest.mark.root]
FAILS = """\
  - name: Conf
    confirm: {within: 60s}
    command:
      argv: [sh, -c, "printf two > /etc/owed.conf; exit 1"]
      check: [grep, -qx, two, /etc/owed.conf]
      undo: [sh, -c, "systemctl restart owed; printf one > /etc/owed.conf"]
"""
BAD = '  - {name: Bad, command: {argv: ["false"], check: ["false"]}, irreversible: it is a test}\n'


@pytest.fixture
def machine(lab: Lab, on_machines: Project) -> Machine:
    """Return a machine with systemd where the service runs with its first configuration."""
    return begun(lab, on_machines)


def guarded(steps: str) -> str:
    """Return steps under one guard."""
    inline = steps.replace("- {name: ", "- {confirm: {within: 60s}, name: ")
    return inline.replace("    service:", "    confirm: {within: 60s}\n    service:")


def restart(machine: Machine) -> None:
    """Restart the service by hand."""
    (machine.root / "run/seen").unlink(missing_ok=True)
    machine.run("systemctl", "restart", "owed")
    until((machine.root / "run/seen").exists)


def test_a_changed_step_restarts_who_listens_and_one_that_is_ok_does_not(
    machine: Machine, on_machines: Project
) -> None:
    was = invocation(machine)
    on_machines.apply(site(on_machines, "one"))
    assert invocation(machine) == was
    path = site(on_machines, "two")
    answer = on_machines.cutter("plan", "--detailed-exitcode", path)
    assert (answer.code, "restart owed -> none owed" in answer.out) == (2, True), answer
    on_machines.apply(path)
    assert (read_by(machine), invocation(machine) != was) == ("two", True)
    obligation = on_machines.entries("obligation")[-1]["owed"]
    assert obligation == {"restart of owed.service": ["conf"]}
    assert owed(on_machines) == []


def test_what_a_failed_run_left_owed_is_drift_and_the_next_one_does_it(
    machine: Machine, on_machines: Project
) -> None:
    on_machines.apply(site(on_machines, "two", BAD), expect=12)
    assert read_by(machine) == "one"
    path = site(on_machines, "two")
    assert [each["owed"] for each in owed(on_machines)] == ["restart of owed.service"]
    assert "owed     restart of owed.service  [s1] conf changed in run" in on_machines.cutter("runs").out
    assert on_machines.cutter("verify", path).code == 2
    assert owed(on_machines)
    all_is_well(on_machines, machine, path)


def test_a_machine_that_is_renamed_still_owes_it_and_another_of_its_name_does_not(
    lab: Lab, machine: Machine, on_machines: Project
) -> None:
    on_machines.apply(site(on_machines, "two", BAD), expect=12)
    path = site(on_machines, "two")
    other = lab.machine("s2", init="systemd")
    for name, text in (("etc/owed.conf", "two"), ("run/seen", "two")):
        (other.root / name).write_text(text)
    hosts_of(on_machines, s1="ansible_host: s2", new="ansible_host: s1")
    assert on_machines.cutter("verify", path, "--limit", "new").code == 2
    on_machines.apply(path, "--limit", "s1")
    told = on_machines.cutter("runs").out
    assert "(called new now), not on machine:" in told, told
    assert read_by(machine) == "one"
    all_is_well(on_machines, machine, path)
    assert read_by(other) == "two"


def test_under_two_names_at_once_a_machine_restarts_once(machine: Machine, on_machines: Project) -> None:
    hosts_of(on_machines, s1="", new="ansible_host: s1")
    on_machines.apply(site(on_machines, "two", BAD), "--limit", "s1", expect=12)
    path = site(on_machines, "two")
    on_machines.apply(path, "--limit", "new")
    was = invocation(machine)
    assert read_by(machine) == "two"
    assert [(each["target"], each["names_now"]) for each in owed(on_machines)] == [("s1", ["new"])]
    on_machines.apply(path, "--limit", "s1")
    assert (invocation(machine), owed(on_machines)) == (was, [])


def test_what_a_guard_has_put_back_and_restarted_is_not_restarted_again(
    machine: Machine, on_machines: Project
) -> None:
    bad = BAD.replace("}, irreversible: it is a test", ', undo: ["true"]}')
    on_machines.apply(on_machines.runbook(guarded(conf("two") + SERVICE + bad)), expect=12)
    assert read_by(machine) == "one"
    (conf_put_back,) = [each for each in on_machines.entries("evidence")[-3:] if each["step"] == "conf"]
    assert conf_put_back["guard"] == "taken back"
    was = invocation(machine)
    assert conf_put_back["marks"]["restart of owed.service"] not in ("", was)
    all_is_well(on_machines, machine, site(on_machines, "one"))
    assert invocation(machine) == was


def test_a_restart_before_all_was_put_back_counts_not(machine: Machine, on_machines: Project) -> None:
    (machine.root / "run/seen").unlink()
    answer = on_machines.cutter("apply", "--yes", on_machines.runbook(FAILS + guarded(SERVICE)))
    assert answer.code == 12, answer
    assert (read_by(machine), (machine.root / "etc/owed.conf").read_text()) == ("two", "one")
    all_is_well(on_machines, machine, site(on_machines, "one"))


def test_what_somebody_else_has_restarted_is_found_done(machine: Machine, on_machines: Project) -> None:
    on_machines.apply(site(on_machines, "two", BAD), expect=12)
    restart(machine)
    was = invocation(machine)
    path = site(on_machines, "two")
    assert on_machines.cutter("verify", path).code == 0
    assert owed(on_machines) == []
    all_is_well(on_machines, machine, path)
    assert invocation(machine) == was


def test_a_step_left_out_of_the_run_still_comes_to_owe(machine: Machine, on_machines: Project) -> None:
    path = site(on_machines, "two")
    on_machines.apply(path, "--only", "conf")
    assert read_by(machine) == "one"
    assert len(owed(on_machines)) == 1
    last = [each for each in on_machines.entries("evidence") if each["step"] == "owing"][-1]
    assert last["outcome"] == "drifted"
    all_is_well(on_machines, machine, path)


def test_nothing_is_owed_by_what_does_not_run(machine: Machine, on_machines: Project) -> None:
    on_machines.apply(site(on_machines, "two", BAD), expect=12)
    machine.run("systemctl", "stop", "owed")
    path = on_machines.runbook(conf("two") + SERVICE.replace("state: started", "enabled: false"))
    assert on_machines.cutter("plan", "--detailed-exitcode", path).code == 0
    assert machine.run("systemctl", "is-active", "owed", check=False).stdout == "inactive\n"


def killed_at(project: Project, path: str, number: int, *, after: bool) -> int:
    """Apply in a child that is killed before, or after, its ledger takes the entries of this number."""

    def work() -> int:
        append: Callable[..., Any] = SqliteLedger.append
        count = 0

        def counted(self: SqliteLedger, notes: Any) -> Any:
            nonlocal count
            count += 1
            if count == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            done = append(self, notes)
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        SqliteLedger.append = counted  # type: ignore[method-assign,assignment]
        return project.cutter("apply", "--yes", path).code

    return in_child(work)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_killed_at_each_record_nothing_is_forgotten(
    machine: Machine, on_machines: Project, *, after: bool
) -> None:
    """Until an apply comes through without being killed."""
    for number in range(1, 20):
        text = f"text {number}"
        path = site(on_machines, text)
        code = killed_at(on_machines, path, number, after=after)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        until(lambda: not machine.run("pgrep", "-f", "python3 -I", check=False).stdout)
        conf = (machine.root / "etc/owed.conf").read_text()
        assert read_by(machine) == conf or owed(on_machines) or conf != text
        all_is_well(on_machines, machine, path)
    assert 3 < number < 19


def test_killed_while_the_service_restarts_the_next_run_looks_and_goes_on(
    machine: Machine, on_machines: Project
) -> None:
    path = site(on_machines, "two")
    (machine.root / "run/wait").touch()
    controller = os.fork()
    if controller == 0:
        os._exit(on_machines.cutter("apply", "--yes", path).code)
    until((machine.root / "run/begun").exists)
    os.kill(controller, signal.SIGKILL)
    os.waitpid(controller, 0)
    until(lambda: not machine.run("pgrep", "-f", "python3 -I", check=False).stdout)
    assert [each["changed"] for each in owed(on_machines)] == [["conf"]]
    (machine.root / "run/go").touch()
    until(lambda: machine.run("systemctl", "is-active", "owed", check=False).stdout == "active\n")
    all_is_well(on_machines, machine, path)


def test_a_revert_restarts_with_what_it_has_put_back(machine: Machine, on_machines: Project) -> None:
    run = on_machines.apply(site(on_machines, "two"))
    was = invocation(machine)
    answer = on_machines.cutter("revert", "--yes", run)
    assert answer.code == 0, answer
    assert (machine.root / "etc/owed.conf").read_text() == read_by(machine) == "one"
    assert (invocation(machine) != was, owed(on_machines)) == (True, [])


def test_a_restart_that_fails_is_taken_back_with_what_called_for_it(
    machine: Machine, on_machines: Project
) -> None:
    """The service refuses its new configuration; afterwards it runs with the one it had."""
    picky = SERVICE.replace("ExecStart=", "ExecStart=/bin/grep -v two /etc/owed.conf\n        ExecStart=")
    on_machines.apply(on_machines.runbook(conf("one") + picky))
    path = on_machines.runbook(conf("two") + picky, head="on_failure: revert\n")
    answer = on_machines.cutter("apply", "--yes", path)
    assert answer.code == 11, answer
    assert (machine.root / "etc/owed.conf").read_text() == read_by(machine) == "one"
    assert machine.run("systemctl", "is-active", "owed").stdout == "active\n"
    assert owed(on_machines) == []


def test_a_reload_is_owed_and_done_too(machine: Machine, on_machines: Project) -> None:
    reloads = SERVICE.replace("restart_on", "reload_on").replace(
        "ExecStart=", "ExecReload=/bin/cp /etc/owed.conf /run/seen\n        ExecStart="
    )
    on_machines.apply(on_machines.runbook(conf("one") + reloads))
    was = invocation(machine)
    path = on_machines.runbook(conf("two") + BAD + reloads)
    on_machines.apply(path, expect=12)
    assert [each["owed"] for each in owed(on_machines)] == ["reload of owed.service"]
    all_is_well(on_machines, machine, on_machines.runbook(conf("two") + reloads))
    assert (read_by(machine), invocation(machine)) == ("two", was)


def test_without_a_running_systemd_it_stays_owed_and_says_so(lab: Lab, on_machines: Project) -> None:
    machine = lab.new("h1")
    hosts_of(on_machines, h1="")
    enabled = "  - {name: Enabled, service: {name: ssh, enabled: false}}\n"
    on_machines.apply(on_machines.runbook(enabled))
    assert machine.run("systemctl", "--root=/", "is-enabled", "ssh", check=False).stdout == "disabled\n"
    on_machines.apply(on_machines.runbook(enabled.replace("false", "true")))
    assert lab.seen("h1").service("ssh").is_enabled
    path = site(on_machines, "two")
    answer = on_machines.cutter("apply", "--yes", path)
    assert (answer.code, (machine.root / "etc/owed.conf").exists()) == (69, False), answer
    on_machines.apply(path, "--only", "conf")
    answer = on_machines.cutter("plan", path)
    assert (answer.code, "systemd is not running here" in answer.out + answer.err) == (69, True), answer
    assert on_machines.cutter("verify", path).code == 69
    assert len(owed(on_machines)) == 1


def test_a_kept_plan_says_that_it_restarts_and_is_stale_where_that_came_later(
    machine: Machine, on_machines: Project
) -> None:
    path = site(on_machines, "two")
    kept = str(on_machines.folder / "kept.plan")
    on_machines.cutter("plan", "-o", kept, path)
    assert on_machines.cutter("apply", "--yes", kept).code == 0
    assert read_by(machine) == "two"
    on_machines.cutter("plan", "-o", f"{kept}.other", path)
    on_machines.apply(site(on_machines, "three"), "--only", "conf")
    (machine.root / "etc/owed.conf").write_text("two")
    site(on_machines, "two")
    answer = on_machines.cutter("apply", "--yes", f"{kept}.other")
    assert (answer.code, "owing drifted since the plan was made: restart" in answer.err) == (20, True), answer


def test_a_unit_that_is_yet_to_come_is_unknown(machine: Machine, on_machines: Project) -> None:
    nowhere = "  - {name: Nowhere, service: {name: nowhere, state: started}}\n"
    answer = on_machines.cutter("plan", on_machines.runbook(conf("new") + nowhere))
    assert "there is no unit nowhere.service; an earlier step may change that" in answer.out
    assert machine.run("systemctl", "is-active", "owed").stdout == "active\n"
    answer = on_machines.cutter("plan", on_machines.runbook(nowhere))
    assert (answer.code, "next: install the package" in answer.out) == (69, True), answer
