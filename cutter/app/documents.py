"""Documents on their own: whether they are valid, and whether the published schemas are fresh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cutter.app.publishing import publish
from cutter.errors import PermissionRefused, UsageError
from cutter.language.authority import has_authority, load_authority
from cutter.language.inventory import load_environment, select_for
from cutter.language.problems import Complaints
from cutter.language.schema import schema_texts
from cutter.model.inventory import Environment
from cutter.model.runbook import Runbook

SUFFIX = ".schema.json"
_YAML = ("*.yml", "*.yaml")
_HOSTS = "hosts.yml"


@dataclass
class Validation:
    """Documents that are being judged. Nothing is contacted; every problem of every file is gathered."""

    complaints: Complaints = field(default_factory=Complaints)
    environments: dict[str, Environment] = field(default_factory=dict)
    runbooks: dict[str, Runbook] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def inventory(self, folder: Path) -> None:
        """Judge an inventory folder whole."""
        if has_authority(str(folder)):
            self.complaints.attempt(load_authority, str(folder))
        environment = self.complaints.attempt(load_environment, str(folder))
        if environment is not None:
            self.environments[str(folder)] = environment
            self.files += [str(path) for path in _yaml_files(folder, deep=True)]

    def file(self, path: Path) -> None:
        """Judge a runbook or a matrix; a file that is neither is judged as a runbook."""
        from cutter.language.matrix import load_matrix
        from cutter.language.runbooks import load_runbook
        from cutter.language.strict_yaml import read_file

        document = self.complaints.attempt(read_file, str(path))
        if document is None:
            return
        if isinstance(document.value, dict) and "gaps" in document.value:
            loaded = self.complaints.attempt(load_matrix, str(path)) is not None
        else:
            runbook = self.complaints.attempt(load_runbook, str(path))
            self.runbooks.update({str(path): runbook} if runbook else {})
            loaded = runbook is not None
        self.files += [str(path)] if loaded else []

    def bound(self) -> None:
        """Judge every runbook on every host it names in every inventory that was judged."""
        from cutter.language.bind import bind

        for environment in self.environments.values():
            for runbook in self.runbooks.values():
                hosts = self.complaints.attempt(select_for, environment, runbook)
                for host in hosts or ():
                    self.complaints.attempt(bind, runbook, environment, host, {}, b"only judged")


def validate(paths: Sequence[str], inventory: str = "") -> list[str]:
    """Return the files that were judged and found valid: those named, or without any the whole project's.

    With an inventory, each runbook is also bound to its hosts there. Raises InvalidDocuments with all
    problems of all files, UsageError when there is nothing to judge.
    """
    validation = Validation()
    chosen = [Path(inventory)] if inventory else []
    for path in dict.fromkeys([*chosen, *_chosen(paths, inventory)]):
        if path in chosen or (path.is_dir() and (path / _HOSTS).exists()):
            validation.inventory(path)
        else:
            validation.file(path)
    if inventory:
        validation.bound()
    validation.complaints.settle()
    return list(dict.fromkeys(validation.files))


def stale_schemas(folder: str) -> list[str]:
    """Return the schema files of a folder that differ from the types, are missing, or are of no type."""
    texts, place = schema_texts(), Path(folder)
    differing = [name for name, text in texts.items() if _content(place / name) != text.encode()]
    foreign = [path.name for path in place.glob(f"*{SUFFIX}") if path.name not in texts]
    return sorted({*differing, *foreign})


def write_schemas(folder: str) -> list[str]:
    """Write every schema that is not there as it should be; return their names. Raises PermissionRefused."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PermissionRefused(f"cannot make {folder}: {error.strerror}", place=folder) from error
    return [name for name, text in schema_texts().items() if publish(str(Path(folder) / name), text)]


def _chosen(paths: Sequence[str], inventory: str) -> Iterator[Path]:
    """Yield inventory folders, and files that are no part of one."""
    found = [Path(path) for path in paths]
    if not found:
        inventories = sorted(path.parent for path in Path("inventory").glob(f"*/{_HOSTS}"))
        found = [*([] if inventory else inventories), *_yaml_files(Path("runbooks"))]
        if not found:
            remedy = "name the files, or stand in the folder that holds runbooks/ and inventory/"
            raise UsageError("there is neither runbooks/ nor inventory/ here", remedy=remedy)
    for path in found:
        owner = next((folder for folder in (path, *path.parents[:2]) if (folder / _HOSTS).exists()), None)
        yield from [owner] if owner else _yaml_files(path) if path.is_dir() else [path]


def _yaml_files(folder: Path, *, deep: bool = False) -> list[Path]:
    patterns: Iterable[str] = [f"**/{pattern}" for pattern in _YAML] if deep else _YAML
    return sorted(path for pattern in patterns for path in folder.glob(pattern))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
