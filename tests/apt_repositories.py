"""Small repositories of packages, made with the tools that Debian makes its own with, and signed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

Packed = tuple[str, str, str, str]
"""Name, version, more lines of its control file, and its postinst."""


def made(folder: Path, packages: Iterable[Packed]) -> Path:
    """Put packages, and the list of them, into a folder; return it."""
    if shutil.which("dpkg-deb") is None or shutil.which("dpkg-scanpackages") is None:
        pytest.skip("dpkg-deb and dpkg-scanpackages (dpkg-dev) are not installed")
    folder.mkdir(exist_ok=True)
    for name, version, extra, script in packages:
        tree = folder / f"{name}-{version}"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "opt").mkdir()
        (tree / f"opt/{name}.conf").write_text(f"{version}\n")
        (tree / "DEBIAN/conffiles").write_text(f"/opt/{name}.conf\n")
        text = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@example.org>\n"
        (tree / "DEBIAN/control").write_text(f"{text}{extra}Description: {name}\n")
        if script:
            (tree / "DEBIAN/postinst").write_text(script)
            (tree / "DEBIAN/postinst").chmod(0o755)
        subprocess.run(["dpkg-deb", "--build", tree, folder], check=True, capture_output=True)
        shutil.rmtree(tree)
    words = ["dpkg-scanpackages", "--multiversion", "."]
    listed = subprocess.run(words, cwd=folder, capture_output=True, check=True)
    (folder / "Packages").write_bytes(listed.stdout)
    return folder


def released(folder: Path, sign: Sequence[str]) -> Path:
    """Give a folder a Release that the command signs in the clear; return the folder."""
    content = (folder / "Packages").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    text = "Origin: tests\nSuite: stable\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n"
    text += f"SHA256:\n {digest} {len(content)} Packages\n"
    signed = subprocess.run(sign, input=text.encode(), capture_output=True, check=True)
    (folder / "InRelease").write_bytes(signed.stdout)
    return folder
