"""Throw-away keys for tests of backups: one that backups are encrypted to, and one of a person."""

from __future__ import annotations

from pathlib import Path

from cutter.gpg import certificate
from cutter.gpg.making import NewKey, generate


class Keys:
    """A home with the key of the backups, and another one with that of somebody else."""

    def __init__(self, folder: Path) -> None:
        """Make both."""
        self.home, self.other_home = (str(folder / name) for name in ("home", "other"))
        for home in (self.home, self.other_home):
            Path(home).mkdir(mode=0o700)
        self.backup = generate(self.home, NewKey("backup", "backup@example.org", "ed25519", "2y"))
        self.other = generate(self.other_home, NewKey("person", "person@example.org", "ed25519", "2y"))

    def published(self, path: Path) -> Path:
        """Write the person's certificate into a file."""
        path.write_bytes(certificate(self.other_home, self.other))
        return path
