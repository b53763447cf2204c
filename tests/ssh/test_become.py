"""Working as root by a password of sudo, which nobody sees but sudo."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines

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
if [ "$given" != {password} ]; then echo "sudo: 1 incorrect password attempt" >&2; exit 1; fi
exec "$@"
"""


@pytest.fixture
def sudo(sshd: Sshd) -> None:
    """Put something there that asks for a password as sudo does."""
    program = sshd.folder / "bin" / "sudo"
    program.parent.mkdir(exist_ok=True)
    program.write_text(_SUDO.format(password=CANARY))
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


def test_a_wrong_password_and_none_at_all_cost_only_that_host(fleet: Project) -> None:
    wrong = fleet.write("wrong", "no\n")
    wrong.chmod(0o600)
    given = f"ansible_become: true, ansible_become_password: {{file: {wrong}}}"
    machines(fleet, web1=given, web2="ansible_become: true", web3="")
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
