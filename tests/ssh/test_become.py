"""Working as root by a password of sudo, which nobody sees but sudo."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines
from waiting import until

from cutter.app.workspace import Choice, Workspace
from cutter.hosts.ssh_session import Session
from cutter.ledger import locks
from cutter.ledger.locks import RunLock

if TYPE_CHECKING:
    from project import Project
    from ssh.sshd import Sshd

pytestmark = [pytest.mark.ssh, pytest.mark.root, pytest.mark.usefixtures("told_apart", "sudo")]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/d"}}\n'
CANARY = "canary-7d1f-password"
_SUDO = """\
#!/bin/sh
while [ "$1" != -- ]; do
    case $1 in
        -n) echo "sudo: a password is required" >&2; exit 1 ;;
        -p) prompt=$2; shift ;;
    esac
    shift
done
shift
printf %s "$prompt" >&2
read -r given
{judge}
if [ "$given" != {password} ]; then echo "sudo: 1 incorrect password attempt" >&2; exit 1; fi
exec "$@"
"""


@pytest.fixture
def sudo(sshd: Sshd) -> None:
    """Put something there that asks for a password as sudo does."""
    program = sshd.folder / "bin" / "sudo"
    program.parent.mkdir(exist_ok=True)
    program.write_text(_SUDO.format(password=CANARY, judge=""))
    program.chmod(0o755)


class Sampled(threading.Thread):
    """Reads the command line and the environment of every other process, over and over."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()
        self.seen: set[str] = set()
        self.found: list[str] = []

    def run(self) -> None:
        """Look until it is over."""
        while not self.over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        content = (process / name).read_bytes()
                    except OSError:
                        continue
                    if b"cutter.agent.remote" in content:
                        self.seen.add("agent")
                    if CANARY.encode() in content:
                        self.found.append(f"{process}/{name}")


def everything_written(project: Project) -> bytes:
    """Return all bytes of ledger and state."""
    return b"".join(path.read_bytes() for path in (project.folder / "here").rglob("*") if path.is_file())


def test_the_password_is_in_no_argv_environment_log_or_ledger(
    fleet: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_SUDO", CANARY)
    machines(fleet, web1="ansible_become: true, ansible_become_password: {env: LAB_SUDO}")
    sampled = Sampled()
    sampled.start()
    try:
        answer = fleet.cutter("apply", "--yes", "--debug", fleet.runbook(STEPS))
    finally:
        sampled.over.set()
        sampled.join()
    assert answer.code == 0, answer
    assert (fleet.world / "d").is_dir()
    assert sampled.seen == {"agent"}
    assert [found for found in sampled.found if f"/proc/{os.getpid()}/" not in found] == []
    assert CANARY not in answer.out + answer.err
    assert CANARY.encode() not in everything_written(fleet)


def _by_file(project: Project, password: str, **others: str) -> None:
    """Let web1 be reached with a password that stands in a file."""
    file = project.write("password", f"{password}\n")
    file.chmod(0o600)
    machines(project, web1=f"ansible_become: true, ansible_become_password: {{file: {file}}}", **others)


def test_a_wrong_password_and_none_at_all_cost_only_that_host(fleet: Project) -> None:
    _by_file(fleet, "no", web2="ansible_become: true", web3="")
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS))
    assert answer.code == 77, answer
    assert "the password of sudo is wrong" in answer.out
    assert "sudo asks for a password there" in answer.out
    assert "targets: 1 changed, 2 unobservable" in answer.out


def test_a_password_that_others_can_read_is_refused(fleet: Project) -> None:
    open_to_all = fleet.write("open", f"{CANARY}\n")
    open_to_all.chmod(0o644)
    machines(fleet, web1=f"ansible_become: true, ansible_become_password: {{file: {open_to_all}}}")
    answer = fleet.cutter("plan", fleet.runbook(STEPS))
    assert answer.code == 78, answer


@pytest.mark.parametrize("key", ["ansible_become_password", "ansible_become_pass"])
def test_a_password_in_the_inventory_is_refused_and_not_shown(fleet: Project, key: str) -> None:
    machines(fleet, web1=f"ansible_become: true, {key}: {CANARY}")
    answer = fleet.cutter("plan", fleet.runbook(STEPS))
    assert answer.code == 65, answer
    assert key in answer.err
    assert CANARY not in answer.out + answer.err


def test_nobody_is_asked_without_a_terminal(fleet: Project) -> None:
    machines(fleet, web1="ansible_become: true")
    assert fleet.cutter("plan", "--ask-become-pass", fleet.runbook(STEPS)).code == 64


@pytest.fixture
def given(sshd: Sshd, sudo: None, tmp_path: Path) -> Path:
    """Let sudo write down that a password was given, and judge none before it may; return where."""
    del sudo
    log = tmp_path / "given"
    judge = f"echo password >>{log}; until [ -e {tmp_path}/judge ]; do sleep 0.05; done"
    (sshd.folder / "bin" / "sudo").write_text(_SUDO.format(password=CANARY, judge=judge))
    return log


@pytest.fixture(params=["judged before", "judged meanwhile"])
def held(
    request: pytest.FixtureRequest, fleet: Project, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let another run hold the ledger until agents have begun and this one waits."""
    really, judge = Session.begin, given.with_name("judge")
    judged = request.param == "judged before"

    def begin(session: Session) -> None:
        if judged:
            judge.touch()
        really(session)
        until(given.exists)
        until(lambda: not judged or session.broken or session.identity)

    def pause(seconds: float) -> None:
        del seconds
        judge.touch()
        holder.__exit__()

    with closing(Workspace(Choice(str(fleet.folder / "inventory/here")))) as found:
        holder = RunLock(f"{found.environment.ledger}/run.lock")
    holder.__enter__()
    monkeypatch.setattr(Session, "begin", begin)
    monkeypatch.setattr(locks, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("password", "times", "code"),
    [("no", 1, 77), (CANARY, 2, 0)],
    ids=["wrong", "right"],  # which pytest puts into the environment of all children
)
def test_a_password_that_was_wrong_is_not_given_again_after_a_wait(
    fleet: Project, given: Path, password: str, times: int, code: int
) -> None:
    """Its agent began before the run that is waited for had ended, so it begins anew where it was right."""
    _by_file(fleet, password)
    answer = fleet.cutter("apply", "--yes", "--lock-timeout", "60", fleet.runbook(STEPS))
    assert answer.code == code, answer
    assert ("the password of sudo is wrong" in answer.out) is (code != 0)
    assert given.read_text() == "password\n" * times
