"""The files of an inventory folder: read once each, validated, their problems gathered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from cutter.language.connection_words import PREFIX, connection_problems
from cutter.language.inventory_groups import Groups
from cutter.language.problems import InvalidDocuments, Problem, nearest
from cutter.language.strict_yaml import Document, read_file_and_bytes
from cutter.language.validate import judged
from cutter.language.vars_checks import vars_problems
from cutter.model.inventory import Variable
from cutter.model.runbook import Position

SUFFIXES = ("", ".yml", ".yaml")
Layers = dict[tuple[str, str], dict[str, Variable]]
"""Variables by (``group`` or ``host``, its name)."""


class Folder:
    """One inventory folder; `problems` gathers what is wrong anywhere in it, `values` the content."""

    def __init__(self, given: str) -> None:
        """Take the folder as it was given. Raises InvalidDocuments when there is none."""
        self.given = given
        self.path = os.path.abspath(given)
        self.project_dir = os.path.dirname(os.path.dirname(self.path))
        self.problems: list[Problem] = []
        self.values: dict[str, Any] = {}
        if not os.path.isdir(given):
            raise InvalidDocuments([self._no_folder()])

    def document(self, relative: str, schema: str, *, needed: bool = False) -> Document | None:
        """Return one file's document, its problems gathered; None when it is missing or no YAML at all."""
        path = os.path.join(self.given, relative)
        if not needed and not os.path.lexists(path):
            return None
        try:
            document, text = read_file_and_bytes(path, words_of(schema))
        except InvalidDocuments as invalid:
            self.problems += invalid.problems
            return None
        self.problems += judged(document, text, schema)
        self.values[relative] = document.value
        return document

    def layers(self, groups: Groups) -> Layers:
        """Return what group_vars/ and host_vars/ say; a file for nobody is a problem."""
        found: Layers = {}
        for kind, known in (("group", groups.names), ("host", groups.hosts)):
            for name, relative in self._vars_files(f"{kind}_vars"):
                if name not in known:
                    self._nobody(relative, kind, name, list(known))
                document = self.document(relative, "vars")
                if document is not None:
                    found.setdefault((kind, name), {}).update(self._variables(document, kind, name))
        return found

    def _variables(self, document: Document, kind: str, name: str) -> dict[str, Variable]:
        value = document.value if isinstance(document.value, dict) else {}
        self.problems += vars_problems(document, value, ())
        self.problems += connection_problems(document, value, ())
        layer = f"{kind} {name}"
        return {key: Variable(item, str(document.position((key,))), layer) for key, item in value.items()}

    def _vars_files(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield (group or host, path relative to the inventory) of each variables file, sorted."""
        for name, is_folder in _entries(os.path.join(self.given, folder)):
            stem, suffix = os.path.splitext(name)
            if is_folder:
                inside = _entries(os.path.join(self.given, folder, name))
                files = [item for item, nested in inside if _suffix(item) in SUFFIXES and not nested]
                yield from ((name, f"{folder}/{name}/{item}") for item in files)
            elif suffix in (".yml", ".yaml"):
                yield stem, f"{folder}/{name}"
            elif not name.startswith(".") and not name.endswith("~"):
                yield name, f"{folder}/{name}"

    def _nobody(self, relative: str, kind: str, name: str, known: list[str]) -> None:
        place = Position(os.path.join(self.given, relative), 1, 1)
        self.problems.append(Problem(place, "", f"there is no {kind} {name!r}", name, nearest(name, known)))

    def _no_folder(self) -> Problem:
        parent, name = os.path.split(self.given.rstrip("/"))
        try:
            beside = [found for found, is_folder in _entries(parent or ".") if is_folder]
        except OSError:
            beside = []
        meant = nearest(name, beside)
        suggestion = os.path.join(parent, meant) if meant else ""
        return Problem(
            Position(self.given, 1, 1), "", "there is no such inventory folder", self.given, suggestion
        )


def _entries(folder: str) -> list[tuple[str, bool]]:
    """Return the names in a folder, sorted, each with whether it is a folder; none where there is none."""
    if not os.path.isdir(folder):
        return []
    with os.scandir(folder) as found:
        return sorted((entry.name, entry.is_dir()) for entry in found)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1]


def words_of(schema: str) -> Any:
    """Return the rule that tells under which keys of a kind of document an unquoted yes or no is the word."""
    own = {
        "authority": {"distinct_people", "requester_may_approve"},
        "databases": {"production"},
        "environment": {"production", "sandbox"},
        "gap-matrix": {"blocks_first_production_run"},
    }
    names = own.get(schema, set())
    ansible = schema in {"hosts", "vars"}
    return lambda key: key in names or (ansible and key.startswith(PREFIX))
