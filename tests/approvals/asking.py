"""A project whose plan can be requested, signed and applied, and ways to do so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from project import Project, gap_matrix

if TYPE_CHECKING:
    from signers import People

STEPS = """\
  - {name: Room, directory: {path: "{{ world }}/room", mode: "0750"}}
  - {name: Sign, file: {path: "{{ world }}/sign", source: from.txt, mode: "0640"}}
"""


class Asking(NamedTuple):
    """A project under an authority, and the people whose keys it pins."""

    project: Project
    people: People

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.project.folder

    @property
    def inventory(self) -> Path:
        """The inventory's folder."""
        return self.folder / "inventory/here"

    @property
    def path(self) -> Path:
        """Where the request is."""
        return self.folder / "a.request"

    def plan(self, name: str = "a.plan", steps: str = STEPS) -> None:
        """Write the runbook and keep a plan of it."""
        answer = self.project.cutter("plan", self.project.runbook(steps), "-o", str(self.folder / name))
        assert answer.code == 0, answer

    def request(self, *words: str, plan: str = "a.plan") -> None:
        """Request the plan as dave."""
        key = self.people.fingerprints["dave"]
        answer = self.project.cutter("request", str(self.folder / plan), "--key", key, *words)
        assert answer.code == 0, answer

    def sign(self, role: str, name: str, *words: str) -> None:
        """Sign the request by plain gpg."""
        signature = self.people.sign(self.path.read_bytes(), name, *words)
        Path(f"{self.path}.{role}.sig").write_bytes(signature)

    def signed(self) -> None:
        """Sign the request for both roles."""
        self.sign("SG_1", "alice")
        self.sign("SG_2", "bob", "--armor")

    def refused(self, code: int, told: str) -> None:
        """Check that the request is refused with this code and reason, and that nothing is touched."""
        before = sorted(path.name for path in self.project.world.iterdir())
        answer = self.project.cutter("apply", "--yes", str(self.path))
        assert answer.code == code, answer
        assert told in answer.err
        assert "Traceback" not in answer.err
        assert sorted(path.name for path in self.project.world.iterdir()) == before

    def body(self) -> dict[str, object]:
        """Return what a program reads in the request."""
        line = self.path.read_text().partition("-----BEGIN")[0].splitlines()[-1]
        body: dict[str, object] = json.loads(line)
        return body


def make_asking(folder: Path, people: People) -> Asking:
    """Make the project in a folder; nothing is planned yet."""
    project = Project(folder)
    people.authority(folder / "inventory/here")
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    project.write("runbooks/from.txt", "from a file\n")
    return Asking(project, people)
