"""Folders of this machine that a test may change: others stand in for them, for this process alone."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest

_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS
_OF_ACCOUNTS = (
    *("passwd", "group", "shadow", "gshadow", "login.defs", "skel"),
    *("nsswitch.conf", "ld.so.cache", "os-release"),
)


@contextmanager
def own_accounts(beside: Path) -> Iterator[Path]:
    """Have an /etc with a copy of the machine's accounts and an empty /home; yield a folder with both.

    This process and its children see them, and they are gone afterwards. Skips the test where that cannot
    be had.
    """
    if os.geteuid() != 0:
        pytest.skip("needs to be root: a private mount namespace")
    _alone()
    world = beside / "world"
    for name in ("etc", "home"):
        (world / name).mkdir(parents=True)
    for name in _OF_ACCOUNTS:
        subprocess.run(["cp", "-a", f"/etc/{name}", world / "etc"], check=True)
    (world / "etc/.pwd.lock").touch(mode=0o600)
    with _mounted(["--bind", str(world / "etc")], "/etc"), _mounted(["--bind", str(world / "home")], "/home"):
        yield world


@contextmanager
def own_packages(beside: Path, source: Path) -> Iterator[None]:
    """Have a dpkg without packages, an apt that knows one folder, an empty /opt; needs own accounts."""
    folders = {"/var/lib/dpkg": ("info", "updates", "triggers", "parts"), "/var/lib/apt": ("lists/partial",)}
    folders |= {"/var/cache/apt": ("archives/partial",), "/var/log": ("apt",), "/opt": ()}
    Path("/etc/apt/apt.conf.d").mkdir(parents=True)
    Path("/etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{source} ./\n")
    with ExitStack() as mounts:
        for place, inner in folders.items():
            stand_in = beside / place.strip("/").replace("/", "-")
            for name in ("", *inner):
                (stand_in / name).mkdir(parents=True)
            mounts.enter_context(_mounted(["--bind", str(stand_in)], place))
        Path("/var/lib/dpkg/status").touch()
        yield


@contextmanager
def _mounted(words: Sequence[str], place: str) -> Iterator[None]:
    real = Path(place).stat().st_ino
    done = subprocess.run(["mount", *words, place], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot be mounted here: {done.stderr.strip()}")
    try:
        assert Path(place).stat().st_ino != real, f"{place} is still the real one"
        yield
    finally:
        subprocess.run([shutil.which("umount") or "umount", "--lazy", place], check=True)


@cache
def _alone() -> None:
    """Give this process mounts of its own, for as long as it lives."""
    c = ctypes.CDLL(None, use_errno=True)
    if c.unshare(_NEW_MOUNTS) != 0:
        pytest.skip(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounts cannot be made private: {done.stderr.strip()}")
