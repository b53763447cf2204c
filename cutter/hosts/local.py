"""This machine as a target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from cutter.agent import RevertRequest, StepRequest
from cutter.facts import fact, machine_identity
from cutter.filesystem.leftovers import sweep
from cutter.hosts.in_process import InProcessTarget


class LocalTarget(InProcessTarget):
    """This machine, under a name of the inventory."""

    def identity(self) -> str:
        """Return what tells this machine from every other."""
        return machine_identity()

    def facts(self, names: Collection[str]) -> Mapping[str, str]:
        """Return facts of this machine and of the user that acts here."""
        return {name: fact(name) for name in names}

    def workplaces(self, steps: Sequence[StepRequest] | Sequence[RevertRequest]) -> Collection[str]:
        """Return the folders in which these steps put files aside for a moment; nothing is touched."""
        return self._agent({}).workplaces(steps)

    def sweep(self, folders: Collection[str]) -> None:
        """Remove from these folders, and from that of replaced content, what dead runs have put aside."""
        for folder in {*folders, self.kept_folder}:
            sweep(folder)
