"""The door installs once, hands its words over untouched, and destroys nothing that it did not make."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from waiting import PATIENCE

ROOT = Path(__file__).parents[2]
BUILD = ("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")
MAIN = """
import os, sys

def entry():
    print(os.getcwd(), sys.argv[1:], sys.stdin.read())
    sys.exit(17)
"""


def small_lock() -> str:
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text())
    return "\n".join(block for block in blocks if block.startswith(tuple(f"{name}==" for name in BUILD)))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout whose lock holds only what builds the package, and whose cutter echoes."""
    folder = tmp_path / "a checkout"
    (folder / "cutter" / "cli").mkdir(parents=True)
    (folder / "cutter" / "__init__.py").touch()
    (folder / "cutter" / "cli" / "main.py").write_text(MAIN)
    (folder / "requirements.lock").write_text(small_lock())
    for name in ("bootstrap.sh", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def start(checkout: Path, *words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    argv = ["sh", str(checkout / "bootstrap.sh"), *words]
    return subprocess.Popen(
        argv, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def bootstrap(checkout: Path, *words: str, cwd: Path | None = None) -> tuple[int, str, str]:
    process = start(checkout, *words, cwd=cwd)
    out, err = process.communicate("typed")
    return process.returncode, out, err


@contextmanager
def silent_index() -> Iterator[tuple[str, Callable[[], object]]]:
    """Give the address of a package index that never answers, and what waits until it is asked."""
    with ExitStack() as held:
        server = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        server.settimeout(PATIENCE)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        yield address, lambda: held.enter_context(server.accept()[0])


def stamps(checkout: Path) -> dict[str, int]:
    return {name: (checkout / ".venv" / name).stat().st_mtime_ns for name in (".packages", ".project")}


def test_the_script_is_plain_posix_sh() -> None:
    shell = shutil.which("dash") or "sh"
    subprocess.run([shell, "-n", ROOT / "bootstrap.sh"], check=True)


@pytest.mark.slow
def test_two_at_once_install_once_and_later_runs_install_nothing(checkout: Path, tmp_path: Path) -> None:
    both = [start(checkout), start(checkout)]
    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert sum(err.count("preparing") for _, err in ends) == 1
    assert all("bootstrap.sh apply --yes -i inventory/sandbox" in out for out, _ in ends)

    before = stamps(checkout)
    code, out, err = bootstrap(checkout, "plan", "two words", "", cwd=tmp_path)
    assert (code, err) == (17, "")
    assert out == f"{tmp_path} ['plan', 'two words', ''] typed\n"
    assert stamps(checkout) == before

    with (checkout / "pyproject.toml").open("a") as project:
        project.write("\n# changed\n")
    assert bootstrap(checkout)[0] == 0
    assert stamps(checkout)[".packages"] == before[".packages"]
    assert stamps(checkout)[".project"] > before[".project"]


@pytest.mark.slow
def test_a_half_made_environment_is_made_anew(checkout: Path) -> None:
    with silent_index() as (index, asked), pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("PIP_INDEX_URL", index)
        surroundings.setenv("PIP_NO_CACHE_DIR", "1")
        surroundings.setenv("NO_PROXY", "127.0.0.1")
        surroundings.setenv("no_proxy", "127.0.0.1")
        process = start(checkout)
        asked()  # now it installs, and does not get on
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    (checkout / ".venv" / "left over").touch()

    code, _, err = bootstrap(checkout)
    assert (code, err.count("preparing")) == (0, 1), err
    assert not (checkout / ".venv" / "left over").exists()
    assert stamps(checkout)


def test_an_environment_made_by_another_hand_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "precious").touch()
    code, _, err = bootstrap(checkout)
    assert code == 78
    assert "next: mv " in err
    assert [path.name for path in (checkout / ".venv").iterdir()] == ["precious"]


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder of PATH: neither gpg, nor Python, nor apt-get."""
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("sh", "cksum", "flock", "id"):
        (bare / tool).symlink_to(shutil.which(tool) or tool)
    monkeypatch.setenv("PATH", str(bare))
    return bare


@pytest.mark.usefixtures("bare_path")
def test_what_cannot_be_installed_is_named_with_the_command_that_installs_it(checkout: Path) -> None:
    code, _, err = bootstrap(checkout)
    assert code == 69
    assert "apt-get install -y gnupg python3 python3-venv" in err
    assert not (checkout / ".venv").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install packages")
def test_root_gets_the_packages_with_fresh_lists_when_the_old_ones_know_nothing(
    checkout: Path, bare_path: Path
) -> None:
    calls = bare_path / "calls"
    apt = f'#!/bin/sh\necho "$*" >>{calls}\n[ "$1" = update ] || [ -e {calls}.2 ]\n'
    (bare_path / "apt-get").write_text(apt + f"code=$?\n: >{calls}.2\nexit $code\n")
    (bare_path / "apt-get").chmod(0o755)
    code, _, err = bootstrap(checkout)
    install = "install -y -q --no-install-recommends gnupg python3 python3-venv"
    assert calls.read_text().splitlines() == [install, "update -q", install]
    assert (code, "still missing after apt-get: gnupg" in err) == (69, True)


@pytest.fixture
def installed(checkout: Path) -> Path:
    """Return the checkout with an environment that is current, and empty."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/bin/false")
    for stamp, of in (("packages", "requirements.lock"), ("project", "pyproject.toml")):
        with (checkout / of).open() as file:
            said = subprocess.run(["cksum"], stdin=file, capture_output=True, text=True, check=True).stdout
        (checkout / ".venv" / f".{stamp}").write_text(f"{checkout} {said}" if stamp == "packages" else said)
    return checkout


@pytest.mark.usefixtures("bare_path")
def test_tests_without_a_lab_are_announced_and_the_gates_go_on(installed: Path) -> None:
    code, out, err = bootstrap(installed, "test")
    assert "bootstrap: not installed: " in err
    assert "openssh-client" in err
    assert "tests that need it are skipped" in err
    assert (code, "ruff check" in out) == (1, True), "there is no ruff in this environment"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install packages")
@pytest.mark.parametrize("policy", ["", "that of the machine"])
def test_root_gets_the_lab_and_no_server_is_started(installed: Path, bare_path: Path, policy: str) -> None:
    for tool in ("chmod", "rm", "cat"):
        (bare_path / tool).symlink_to(f"/bin/{tool}")
    sbin = bare_path.parent / "sbin"
    sbin.mkdir()
    if policy:
        (sbin / "policy-rc.d").write_text(policy)
    calls = bare_path / "calls"
    (bare_path / "apt-get").write_text(
        f'#!/bin/sh\necho "$*" >>{calls}\ncat /usr/sbin/policy-rc.d >>{calls}\n'
    )
    (bare_path / "apt-get").chmod(0o755)

    alone = 'mount --bind "$1" /usr/sbin && exec env PATH="$2" /bin/sh "$3" test'
    script = ["/bin/sh", "-c", alone, "sh", str(sbin), str(bare_path), str(installed / "bootstrap.sh")]
    words, plain = ["/usr/bin/unshare", "--mount", *script], {"PATH": "/usr/bin:/bin:/usr/sbin"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=plain)
    if "bootstrap: " not in done.stderr:
        pytest.skip(done.stderr)
    packages = "openssh-server openssh-client debootstrap iproute2 sudo util-linux"
    denied = policy or "#!/bin/sh\nexit 101\n"
    assert calls.read_text() == f"install -y -q --no-install-recommends {packages}\n{denied}"
    assert f"installing {packages}" in done.stderr
    assert [path.name for path in sbin.iterdir()] == (["policy-rc.d"] if policy else [])
