"""The same work, written the way each tool's users would write it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

WIRING = {
    "DOT_CUTTER_HOST": "127.0.0.1",
    "DOT_CUTTER_PORT": "5432",
    "DOT_CUTTER_DB": "governance",
    "DOT_CUTTER_READER_USER": "cutter_reader",
    "DOT_CUTTER_WRITER_USER": "cutter_writer",
    "DOT_CUTTER_VERIFY_USER": "cutter_verify",
    "DOT_CUTTER_ENACT_USER": "cutter_enact",
    "DOT_CUTTER_BACKUP_USER": "cutter_backup",
    "DOT_CUTTER_SCRATCH_USER": "cutter_scratch",
    "BACKUP_GPG_FPR": "0123456789ABCDEF0123456789ABCDEF01234567",
}
DIRECTORIES = ("runs", "state", "backups")


class Work(NamedTuple):
    """One piece of work below a folder `world`: its text for each tool, and what must be there afterwards.

    A value of `expected` is a file's bytes, or None for a directory. How a `loose` file is laid out is the
    tool's affair: it is read before it is compared.
    """

    cutter: str
    ansible: str
    pyinfra: str
    expected: Mapping[str, bytes | None]
    loose: Mapping[str, Callable[[bytes], Any]] = {}


def gap5(world: Path) -> Work:
    """Return three directories, one .env of ten keys and one JSON file."""
    settings = {"version": 1, "directories": {name: f"{world}/{name}" for name in DIRECTORIES}}
    env_text = "".join(f"{key}={value}\n" for key, value in WIRING.items())
    json_text = json.dumps(settings, indent=2) + "\n"
    files = {".env": (env_text, "0600"), "orchestrator.json": (json_text, "0640")}
    return Work(
        cutter=_cutter_gap5(world, settings),
        ansible=_ansible_directories(world)
        + "".join(_ansible_file(world, name, *files[name]) for name in files),
        pyinfra=_pyinfra_directories(world)
        + "".join(_pyinfra_file(world, name, *files[name]) for name in files),
        expected={
            **dict.fromkeys(DIRECTORIES),
            ".env": env_text.encode(),
            "orchestrator.json": json_text.encode(),
        },
        loose={".env": _env_values, "orchestrator.json": json.loads},
    )


def many(world: Path, number: int) -> Work:
    """Return a folder of small files: a step each for cutter, a loop for the peers."""
    texts = {f"file-{index:05d}.txt": text_of(index) for index in range(number)}
    return Work(
        cutter=_cutter_directory(world, "files", "0755")
        + "".join(_cutter_file(world, name, text) for name, text in texts.items()),
        ansible=_ansible_loop(world, number),
        pyinfra=_pyinfra_loop(world, number),
        expected={"files": None, **{f"files/{name}": text.encode() for name, text in texts.items()}},
    )


def text_of(index: int) -> str:
    """Return the one line of the file of that number."""
    return f"line of file {index:05d}"


def faults(work: Work, world: Path) -> list[str]:
    """Return what is missing or different below `world`; empty when the work is done."""
    found = []
    for name, wanted in work.expected.items():
        path = world / name
        if wanted is None:
            found += [] if path.is_dir() else [f"{name} is no directory"]
        elif not path.is_file():
            found.append(f"{name} is missing")
        else:
            read = work.loose.get(name, bytes)
            found += [] if read(path.read_bytes()) == read(wanted) else [f"{name} has other content"]
    return found


def _env_values(content: bytes) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in content.decode().splitlines() if "=" in line)
    return {key: value.strip("\"'") for key, value in pairs}


def _cutter_gap5(world: Path, settings: Mapping[str, Any]) -> str:
    keys = "".join(f'        {key}: "{value}"\n' for key, value in WIRING.items())
    return (
        "".join(_cutter_directory(world, name, "0750") for name in DIRECTORIES)
        + f"  - name: Wiring\n    env_file:\n      path: {world}/.env\n      set:\n{keys}"
        + f'  - name: Settings\n    file:\n      path: {world}/orchestrator.json\n      mode: "0640"\n'
        + f"      json: {json.dumps(settings)}\n"
    )


def _cutter_directory(world: Path, name: str, mode: str) -> str:
    return f'  - name: Directory {name}\n    directory: {{path: {world}/{name}, mode: "{mode}"}}\n'


def _cutter_file(world: Path, name: str, text: str) -> str:
    step = f'file: {{path: {world}/files/{name}, content: "{text}", mode: "0644"}}'
    return f"  - name: Write {name}\n    {step}\n"


def _ansible_directories(world: Path) -> str:
    return "".join(_ansible_directory(f"{world}/{name}", "0750") for name in DIRECTORIES)


def _ansible_directory(path: str, mode: str) -> str:
    words = f'ansible.builtin.file: {{path: {path}, state: directory, mode: "{mode}"}}'
    return f"    - name: Directory {path}\n      {words}\n"


def _ansible_file(world: Path, name: str, text: str, mode: str) -> str:
    head = f"    - name: File {name}\n      ansible.builtin.copy:\n        dest: {world}/{name}\n"
    return head + f'        mode: "{mode}"\n        content: |\n' + indent(text, " " * 10)


def _ansible_loop(world: Path, number: int) -> str:
    return _ansible_directory(f"{world}/files", "0755") + (
        "    - name: Files\n"
        "      ansible.builtin.copy:\n"
        f"        dest: \"{world}/files/file-{{{{ '%05d' % item }}}}.txt\"\n"
        "        content: \"line of file {{ '%05d' % item }}\"\n"
        '        mode: "0644"\n'
        f'      loop: "{{{{ range({number}) | list }}}}"\n'
    )


def _pyinfra_directories(world: Path) -> str:
    return "".join(_pyinfra_directory(f"{world}/{name}", "750") for name in DIRECTORIES)


def _pyinfra_directory(path: str, mode: str) -> str:
    return f"files.directory(name='Directory {path}', path={path!r}, mode={mode!r})\n"


def _pyinfra_file(world: Path, name: str, text: str, mode: str) -> str:
    return f"files.put(name='File {name}', src=StringIO({text!r}), dest='{world}/{name}', mode={mode!r})\n"


def _pyinfra_loop(world: Path, number: int) -> str:
    return _pyinfra_directory(f"{world}/files", "755") + (
        f"for number in range({number}):\n"
        "    files.put(\n"
        "        name=f'File {number}',\n"
        "        src=StringIO(f'line of file {number:05d}'),\n"
        f"        dest=f'{world}/files/file-{{number:05d}}.txt',\n"
        "        mode='644',\n"
        "    )\n"
    )
