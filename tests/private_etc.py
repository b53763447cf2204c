"""Places of this machine that a test may change: overlays in a mount namespace of this process alone."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS


@contextmanager
def laid_over(folders: Sequence[str], beside: Path) -> Iterator[Path]:
    """Lay a throw-away layer over some folders of the machine; yield one folder that shows them all.

    What is written there is seen by this process and its children, and is gone afterwards. Skips the test
    where that cannot be had.
    """
    if os.geteuid() != 0:
        pytest.skip("needs to be root: a private mount namespace")
    _alone()
    layers, world = beside / "layers", beside / "world"
    mounted: list[Path] = []
    try:
        _mount(mounted, layers, "-t", "tmpfs", "layers")
        for folder in folders:
            _lay_over(mounted, Path(folder), layers)
            _mount(mounted, world / folder.strip("/").replace("/", "-"), "--bind", folder)
        yield world
    finally:
        for path in reversed(mounted):
            subprocess.run(["umount", "--lazy", path], check=True)


def _lay_over(mounted: list[Path], folder: Path, layers: Path) -> None:
    upper, work = layers / f"upper{len(mounted)}", layers / f"work{len(mounted)}"
    upper.mkdir()
    work.mkdir()
    device = folder.stat().st_dev
    options = f"lowerdir={folder},upperdir={upper},workdir={work}"
    _mount(mounted, folder, "-t", "overlay", "overlay", "-o", options)
    assert folder.stat().st_dev != device, f"{folder} is still the real one"


def _mount(mounted: list[Path], place: Path, *words: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *words, str(place)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot be mounted here: {done.stderr.strip()}")
    mounted.append(place)


@cache
def _alone() -> None:
    """Give this process mounts of its own, for as long as it lives."""
    c = ctypes.CDLL(None, use_errno=True)
    if c.unshare(_NEW_MOUNTS) != 0:
        pytest.skip(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounts cannot be made private: {done.stderr.strip()}")
