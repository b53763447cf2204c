"""A desk and a target for tests, so that a file comes to be as in a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from laws import build, change_of

from cutter.errors import ConfigurationError
from cutter.filesystem.kept import KeptContent
from cutter.language.grammars import load_grammar
from cutter.model.secret import Secret, keyed_digest
from cutter.resource import Resource, type_complaints
from cutter.resources.target.file import File

KEY = b"law"


class FolderDesk:
    """A desk over a folder; what is sent is offered to the target at once."""

    def __init__(self, folder: Path, target: KeptContent) -> None:
        """Take the folder of the runbook and the content of the target."""
        self.folder = folder
        self.target = target

    def read(self, path: str) -> bytes:
        """Return the bytes of a file in the folder."""
        return (self.folder / path).read_bytes()

    def render(self, path: str) -> bytes:
        """Return a rendered template, in which `name` is x."""
        template = jinja2.Template((self.folder / path).read_text(encoding="utf-8"))
        return str(template.render(name="x")).encode()

    def place(self, path: str) -> str:
        """Return the path of a file in the folder."""
        return str(self.folder / path)

    def runbook(self) -> str:
        """Return the name of a runbook."""
        return "site"

    def grammar(self, path: str) -> Any:
        """Return the grammar in a file of the folder."""
        return load_grammar(self.folder / path)

    def environment(self, name: str) -> Secret:
        """Know no variable."""
        raise ConfigurationError(f"{name} is not set")

    def send(self, content: bytes, digest: str) -> None:
        """Offer the bytes to the target."""
        self.target.offer(digest, content)

    def keyed(self, value: str | bytes) -> str:
        """Return the digest under the one key of the tests."""
        return keyed_digest(KEY, value)


def file_of(path: Path | str, desk: FolderDesk, **params: Any) -> Resource:
    """Return the file resource as it arrives on the target."""
    declared = {"path": str(path), **params}
    assert type_complaints(File, declared) == []
    return build(File, File.prepare(declared, desk), KEY)


def apply(resource: Resource, content: KeptContent) -> None:
    """Look, and do what is to be done."""
    resource.apply(change_of(resource), content)
