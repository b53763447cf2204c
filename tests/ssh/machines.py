"""Several machines that are all this one: each with a machine id and a state folder of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from project import Project

_PYTHON = """\
#!/bin/sh
exec unshare -m sh -c '
    mount --bind {folder}/machine-id /etc/machine-id &&
    if [ -e {folder}/os-release ]; then mount --bind {folder}/os-release /etc/os-release; fi &&
    mount --bind {folder}/state {state} && exec python3 "$@"
' sh "$@"
"""


def can_be_told_apart() -> bool:
    """Tell whether a process here may have mounts of its own."""
    tried = ["unshare", "-m", "mount", "--bind", "/etc/machine-id", "/etc/machine-id"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def machines(project: Project, **variables: str) -> None:
    """Let the inventory have these machines, each with variables in YAML's flow form.

    One that names an interpreter of its own is not told apart.
    """
    lines = [f"    {name}: {{{_words(project, name, given)}}}\n" for name, given in variables.items()]
    project.write("inventory/here/hosts.yml", "all:\n  hosts:\n" + "".join(lines))


def say(project: Project, name: str, os_release: str) -> None:
    """Let a machine say of itself which system it is."""
    project.write(f"machines/{name}/os-release", os_release)


def state_of(project: Project, name: str) -> Path:
    """Return the folder in which a machine keeps what it knows of runs."""
    return project.folder / "machines" / name / "state"


def _words(project: Project, name: str, given: str) -> str:
    return given if "ansible_python_interpreter" in given else f"{_python(project, name)}, {given}"


def _python(project: Project, name: str) -> str:
    folder, state = project.folder / "machines" / name, project.folder / "here" / "target"
    state_of(project, name).mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    project.write(f"machines/{name}/machine-id", f"{name.encode().hex():0<32}\n")
    python = project.write(f"machines/{name}/python", _PYTHON.format(folder=folder, state=state))
    python.chmod(0o755)
    return f"ansible_python_interpreter: {python}"
