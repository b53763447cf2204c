"""Things that stand in the way, made for tests."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def _device(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes a device")
    os.mknod(path, 0o20600, os.makedev(1, 7))  # /dev/full


def _link(path: Path) -> None:
    path.symlink_to("elsewhere")


KINDS: Mapping[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a socket": _socket,
    "a character device": _device,
    "a symbolic link": _link,
    "a directory": Path.mkdir,
    "a file": lambda path: path.write_text("mine"),
}
STRANGE_NAMES = ("two\nlines", "-rf", "caf\udce9", "ünï", "a" * 255, " ", "...", "*")
"""Names that a file system takes; the third is not UTF-8."""
