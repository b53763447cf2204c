"""A project whose one runbook has every type a target knows, and what each of its steps means on disk."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from project import Project, gap_matrix

OLD, NEW = b"the old text\n", b"the new text, which is longer\n" * 400
SECRET = re.compile(rb"^DB_PASSWORD=(.*)$", re.MULTILINE)
LEFTOVER = re.compile(r"\.cutter-|\.new|\.tmp|-wal$|-shm$|^S\.|\.#lk|~$")

STEPS = """\
  - {name: New folder, directory: {path: "{{ world }}/folder", mode: "0750"}}
  - {name: Old folder, directory: {path: "{{ world }}/older", mode: "0700"OWNER}}
  - {name: New link, link: {path: "{{ world }}/link", target: folder}}
  - {name: Old link, link: {path: "{{ world }}/pointer", target: older}}
  - {name: New file, file: {path: "{{ world }}/folder/new", source: new.txt, mode: "0640"}}
  - {name: Old file, file: {path: "{{ world }}/text", source: new.txt, mode: "0600"OWNER}}
  - {name: Mode of a file, file: {path: "{{ world }}/plain", source: old.txt, mode: "0600"}}
  - {name: No file, file: {path: "{{ world }}/gone", ensure: absent}}
  - {name: No link, link: {path: "{{ world }}/loose", ensure: absent}}
  - {name: No folder, directory: {path: "{{ world }}/hollow", ensure: absent}}
  - name: Variables
    env_file:
      path: "{{ world }}/.env"
      set: {HOST: db1}
      default: {DB_PASSWORD: {generate: {length: 20}, secret: true}}
  - name: Line
    command:
      argv: [sh, -c, "echo line >> '{{ world }}/log'"]
      check: [grep, -q, line, "{{ world }}/log"]
    irreversible: it is a test
  - name: Key
    gpg_key:
      home: "{{ world }}/gnupg"
      generate: {name: Backup, email: backup@example.org}
      export: "{{ world }}/folder/backup.asc"
"""


class Everything(Project):
    """The project; `renew` puts it back to how it was before the first run."""

    def __init__(self, folder: Path, key: Path | None = None, *, made: bool = False) -> None:
        """Make it, with a home that has a key already where one is given; `made`: the folder too."""
        if made:
            folder.mkdir()
        super().__init__(folder)
        owner = ", owner: nobody" if os.geteuid() == 0 else ""
        self.site = self.runbook(STEPS.replace("OWNER", owner))
        self.write("runbooks/new.txt", NEW.decode())
        self.write("runbooks/old.txt", OLD.decode())
        self.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
        self._fill(key)
        self._kept = folder.with_name(f"{folder.name}-at-first")
        shutil.copytree(folder, self._kept, symlinks=True)

    def renew(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self._kept, self.folder, symlinks=True)

    def _fill(self, key: Path | None) -> None:
        for name in ("text", "plain", "gone"):
            (self.world / name).write_bytes(OLD)
        for name in ("older", "hollow"):
            (self.world / name).mkdir(mode=0o755)
        (self.world / "pointer").symlink_to("folder")
        (self.world / "loose").symlink_to("nowhere")
        (self.world / ".env").write_bytes(b"# wiring\nHOST=old\nOTHER=kept\n")
        if key is not None:
            shutil.copytree(key, self.world / "gnupg")

    def secret(self) -> bytes | None:
        """Return the generated secret, where it is live."""
        found = SECRET.search(self._bytes(".env"))
        return found[1] if found else None

    def holds(self, step: str) -> bool:
        """Tell whether a step is as declared, by looks that share nothing with the resource types."""
        return _HOLDS[step](self)

    def is_old_or_new(self) -> list[str]:
        """Return the paths whose content is neither what it was nor what is declared."""
        text = [name for name in ("text", "folder/new") if self._bytes(name) not in (b"", OLD, NEW)]
        plain = [name for name in ("plain", "gone") if self._bytes(name) not in (b"", OLD)]
        lost = [name for name in ("text", "plain", ".env") if not (self.world / name).exists()]
        env = self._bytes(".env")
        whole = b"HOST=old" in env or (b"HOST=db1" in env and self.secret())
        return [*text, *plain, *lost, *([] if whole and b"OTHER=kept" in env else [".env"])]

    def leftovers(self) -> list[str]:
        """Return every name that only stands for a moment, anywhere in the project."""
        walked = (path for path in self.folder.rglob("*") if "gnupg" not in path.parts)
        homes = [path for path in self.world.glob("gnupg/*") if path.name.startswith(("S.", ".#lk"))]
        return sorted(str(path) for path in [*walked, *homes] if LEFTOVER.search(path.name))

    def state(self) -> dict[str, Any]:
        """Return what two undisturbed runs agree in: names, kinds, modes, owners, contents."""
        found = {str(path.relative_to(self.folder)): self._one(path) for path in self.folder.rglob("*")}
        kept = sorted(value[-1] for name, value in found.items() if "/kept/" in name)
        return {**{name: value for name, value in found.items() if _comparable(name)}, "kept": kept}

    def _one(self, path: Path) -> tuple[Any, ...]:
        seen = path.lstat()
        head = (stat.filemode(seen.st_mode), seen.st_uid, seen.st_gid)
        if stat.S_ISLNK(seen.st_mode):
            return (*head, str(path.readlink()))
        return (*head, self._digest(path)) if stat.S_ISREG(seen.st_mode) else head

    def _digest(self, path: Path) -> str:
        name = path.relative_to(self.folder)
        if name.parts[0] == "here" and name.name != "run.lock" and "kept" not in name.parts:
            return "differs from run to run"
        if path.suffix == ".asc" and not (self._kept / "world/gnupg").exists():
            return "a certificate"
        return hashlib.sha256(SECRET.sub(b"DB_PASSWORD=generated", path.read_bytes())).hexdigest()

    def _bytes(self, name: str) -> bytes:
        path = self.world / name
        return path.read_bytes() if path.exists() else b""

    def _mode(self, name: str) -> int:
        path = self.world / name
        return stat.S_IMODE(path.lstat().st_mode) if os.path.lexists(path) else -1

    def _says(self, name: str) -> str:
        path = self.world / name
        return str(path.readlink()) if path.is_symlink() else ""

    def fingerprints(self) -> list[str]:
        """Return the fingerprints of the keys in the home, as gpg tells them."""
        home = self.world / "gnupg"
        if not (home / "pubring.kbx").exists():
            return []
        argv = ["gpg", "--homedir", str(home), "--batch", "--lock-never", "--no-autostart", "--with-colons"]
        told = subprocess.run([*argv, "--list-keys"], capture_output=True, text=True, check=False).stdout
        return re.findall(r"^pub.*\n^fpr:+([0-9A-F]+):", told, re.MULTILINE)


def _comparable(name: str) -> bool:
    """Leave out kept contents, whose names have a key in them, and the inside of a gpg home."""
    return "/kept/" not in name and "gnupg/" not in name


_HOLDS: Mapping[str, Callable[[Everything], bool]] = {
    "new-folder": lambda it: it._mode("folder") == 0o750,
    "old-folder": lambda it: it._mode("older") == 0o700,
    "new-link": lambda it: it._says("link") == "folder",
    "old-link": lambda it: it._says("pointer") == "older",
    "new-file": lambda it: it._bytes("folder/new") == NEW and it._mode("folder/new") == 0o640,
    "old-file": lambda it: it._bytes("text") == NEW and it._mode("text") == 0o600,
    "mode-of-a-file": lambda it: it._bytes("plain") == OLD and it._mode("plain") == 0o600,
    "no-file": lambda it: it._mode("gone") == -1,
    "no-link": lambda it: it._mode("loose") == -1,
    "no-folder": lambda it: it._mode("hollow") == -1,
    "variables": lambda it: b"HOST=db1\n" in it._bytes(".env") and len(it.secret() or b"") >= 20,
    "line": lambda it: it._bytes("log") == b"line\n",
    "key": lambda it: (
        len(it.fingerprints()) == 1 and it._bytes("folder/backup.asc").startswith(b"-----BEGIN")
    ),
}
STEP_IDS = tuple(_HOLDS)
