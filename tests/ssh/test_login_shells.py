"""Whatever shell a user has there, and whatever it says or reads at login, the same agent begins."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from ssh.machines import machines

from cutter.hosts.remote_words import BOOT, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from project import Project
    from ssh.sshd import Sshd

SHELLS = ["sh", "bash", "dash", "tcsh", "fish", "zsh", "ksh"]
STEPS = '  - {name: Folder, directory: {path: "{{ world }}/{{ inventory_hostname }}"}}\n'
WORDS = [
    *("plain", "two words", "", "it's", "'", "a!b", "!!", "\\", "\\'", "\\\\n", "a\\", "é\tß"),
    '$HOME `id` $(id) * ? ~ {a,b} #x ; & | < > " %1 ^a',
]
_SAY = "import sys; sys.stdout.buffer.write(chr(0).join(sys.argv[1:]).encode())"
_SAMPLES = ["'", "\\", "!", " ", "$", '"', "`", "a"]


def shell_there(name: str) -> str:
    """Return the path of a shell, or skip visibly where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def read_by(shell: str, words: list[str]) -> list[str]:
    """Return the words as a program gets them that a shell starts."""
    text = " ".join(map(quoted, [sys.executable, "-I", "-c", _SAY, *words]))
    done = subprocess.run([shell, "-c", text], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().split("\0")


@pytest.mark.parametrize("name", SHELLS)
def test_every_word_arrives_as_it_is(name: str) -> None:
    words = [*WORDS, BOOT, *map("".join, itertools.product(_SAMPLES, repeat=3))]
    assert read_by(shell_there(name), words) == words


def test_what_starts_the_agent_needs_no_quoting_beyond_single_quotes() -> None:
    assert not set(BOOT) & set("'\\!\n")


@pytest.fixture
def login(sshd: Sshd, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Return what makes the key of a user whose sessions are run by a command, and is given its path."""
    known = sshd.folder / "authorized_keys"
    before = known.read_text()
    numbers = itertools.count()

    def made(command: str) -> str:
        key = tmp_path / f"key{next(numbers)}"
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(argv, check=True, capture_output=True)
        escaped = command.replace('"', '\\"')
        with known.open("a") as file:
            file.write(f'command="{escaped}" {key.with_suffix(".pub").read_text()}')
        return str(key)

    yield made
    known.write_text(before)


def as_user_of(login: Callable[[str], str], command: str) -> str:
    """Return the variables of a host where this runs each session's command."""
    return f"ansible_ssh_private_key_file: {login(command)}"


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.usefixtures("told_apart")
@pytest.mark.parametrize("name", SHELLS)
def test_a_host_whose_users_have_another_shell(
    name: str, fleet: Project, login: Callable[[str], str]
) -> None:
    shell = shell_there(name)
    machines(fleet, web1=as_user_of(login, f'exec {shell} -c "$SSH_ORIGINAL_COMMAND"'))
    fleet.apply(fleet.runbook(STEPS))
    assert (fleet.world / "web1").is_dir()


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.usefixtures("told_apart")
@pytest.mark.parametrize(
    "start_file",
    [
        "echo Welcome; echo careful >&2",
        "read answer; read again; echo you said $answer",
        "stty erase ^H; tput clear; mesg n",
        "printf '\\033[2J\\377\\0no newline'",
        "trap 'echo bye' EXIT",
    ],
)
def test_a_start_file_that_talks_or_reads(
    start_file: str, fleet: Project, login: Callable[[str], str]
) -> None:
    """Bash reads it for every command that an ssh brings."""
    home = fleet.folder / "home"
    fleet.write("home/.bashrc", f"{start_file}\n")
    bash = f"exec env -u SHLVL HOME={home} TERM=xterm-256color bash -c"
    machines(fleet, web1=as_user_of(login, f'{bash} "$SSH_ORIGINAL_COMMAND"'))
    fleet.apply(fleet.runbook(STEPS))
    assert (fleet.world / "web1").is_dir()


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.usefixtures("told_apart")
def test_an_account_that_runs_no_commands_costs_only_itself(
    fleet: Project, login: Callable[[str], str]
) -> None:
    only = as_user_of(login, "echo This account is currently not available.; exit 1")
    machines(fleet, web1=only, web2="")
    answer = fleet.cutter("apply", "--yes", fleet.runbook(STEPS))
    assert answer.code == 69, answer
    assert "This account is currently not available." in answer.out, answer.out
    assert (fleet.world / "web2").is_dir()


@pytest.mark.ssh
@pytest.mark.root
@pytest.mark.usefixtures("told_apart")
@pytest.mark.parametrize("does", ["exec sleep 600", "exec yes"])
def test_a_login_that_does_not_come_to_an_end_costs_only_itself(
    fleet: Project, login: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    monkeypatch.setattr("cutter.hosts.ssh_session.START_SECONDS", 4.0)
    machines(fleet, web1=as_user_of(login, does))
    answer = fleet.cutter("plan", fleet.runbook(STEPS))
    assert answer.code == 69, answer
    assert "no agent began there in 4 s: its login may wait for something" in answer.out
