"""The lock pins every file by its hash and names nobody's index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PINS = re.sub(r"(?m)^#.*\n", "", LOCK).replace("\\\n", " ").splitlines()


def pinned() -> dict[str, str]:
    found = (re.match(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in PINS)
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [Requirement(line) for line in project["dependencies"] + extras["dev"] + extras["embedded"]]


def test_every_requirement_is_pinned_to_one_version_and_its_hashes() -> None:
    line = re.compile(r"[A-Za-z0-9._-]+==\S+ (?: ; [^-]+)?(?: +--hash=sha256:[0-9a-f]{64})+ *")
    loose = [pin for pin in PINS if not line.fullmatch(pin.replace(" ;", "  ;", 1))]
    assert PINS
    assert loose == []


def test_the_lock_names_no_host_and_no_index() -> None:
    assert (
        re.findall(r"\w+://\S*|--(?:index|extra-index|find-links|trusted)\S*|\S+\.(?:org|com|io)\b", LOCK)
        == []
    )


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    versions = pinned()
    unmet = [
        str(want) for want in wanted() if not want.specifier.contains(versions[canonicalize_name(want.name)])
    ]
    assert unmet == []
