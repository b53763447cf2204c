"""The root file system that all machines of a lab share: a Debian made once by debootstrap, and kept."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUITE = "bookworm"
PACKAGES = (
    *("python3", "openssh-server", "gnupg", "sudo", "iproute2", "procps"),
    *("adduser", "systemd", "systemd-sysv"),
)
_PREPARATION = Path(__file__).parent / "prepare.sh"


class NotToBeHad(Exception):
    """A lab cannot be built here; the text says why."""


def base(cache: Path) -> Path:
    """Return the folder of the root file system, made when it is not there yet (about a minute).

    One that was not finished is never returned: it gets its name last. Raises NotToBeHad.
    """
    made = cache / _digest()
    if not made.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with _held(cache / "lock"):
            if not made.is_dir():
                _make(made)
    return made


def _digest() -> str:
    said = [SUITE, *PACKAGES, _PREPARATION.read_text()]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


def _make(made: Path) -> None:
    for left in made.parent.glob("*.partial"):
        shutil.rmtree(left)
    partial = made.with_name(f"{made.name}.partial")
    alone = ["unshare", "--mount", "--propagation", "private", "--"]
    include = f"--include={','.join(PACKAGES)}"
    _run(*alone, "debootstrap", "--variant=minbase", include, SUITE, str(partial))
    _run(*alone, "sh", str(_PREPARATION), str(partial))
    partial.rename(made)


def _run(*argv: str) -> None:
    path = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
    surroundings = {"PATH": path, "LC_ALL": "C", "WGETRC": str(_PREPARATION.with_name("wgetrc"))}
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        surroundings |= {name: os.environ[name]} if name in os.environ else {}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=surroundings)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise NotToBeHad(f"{argv[5]} failed: {' '.join(last)}")


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
