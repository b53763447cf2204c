"""A host whose sshd a runbook configures and makes read its configuration anew."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project import Project, in_child
from waiting import until

if TYPE_CHECKING:
    from ssh.sshd import Sshd

_STEPS = """\
  - name: Before
    directory: {{path: "{{{{ world }}}}/before", mode: "0755"}}
  - name: Config
    confirm: {{within: {within}}}
    file: {{path: {config}, source: {wanted}}}
  - name: Reload
    confirm: {{within: {within}}}
    command:
      argv: [sh, -c, "kill -HUP {pid}; until [ {read} -nt {config} ]; do sleep 0.02; done"]
      check: [test, {read}, -nt, {config}]
      undo: ["true"]
{more}  - name: After
    directory: {{path: "{{{{ world }}}}/after"}}
"""


def command(script: str, done: str, *, within: str = "6s") -> str:
    """Return one more guarded step, a command that is done once a file is there."""
    return f"""\
  - name: More
    confirm: {{within: {within}}}
    command: {{argv: [sh, -c, "{script}"], check: [test, -e, "{done}"], undo: [rm, -f, "{done}"]}}
"""


class Breakable:
    """The project, its sshd, and what a runbook does to it."""

    def __init__(self, project: Project, sshd: Sshd) -> None:
        """Let the sshd say, by a file, when it has read its configuration."""
        self.project = project
        self.sshd = sshd
        self.config = sshd.folder / "sshd_config"
        self.read = sshd.folder / "read"
        self.config.write_text(self.config.read_text().replace("PidFile none", f"PidFile {self.read}"))
        (project.world / "before").mkdir(mode=0o755)
        project.write("inventory/here/hosts.yml", "all:\n  hosts:\n    web1: {}\n")
        os.kill(self.pid, signal.SIGHUP)
        until(self.read.exists)
        self.before = self.config.read_text()
        self.state = project.folder / "here" / "target"

    @property
    def pid(self) -> int:
        """The process of the sshd."""
        return self.sshd.pid

    def runbook(self, text: str, *, within: str = "60s", more: str = "") -> str:
        """Write a runbook that gives the sshd this configuration, guarded."""
        wanted = self.project.write("wanted", text)
        about = {"config": self.config, "read": self.read, "wanted": wanted, "pid": self.pid}
        return self.project.runbook(_STEPS.format(**about, within=within, more=more))

    def locked_out(self, *, within: str = "6s", more: str = "") -> str:
        """Write a runbook after which nobody gets in any more."""
        return self.runbook(self.before.replace("authorized_keys", "nobody"), within=within, more=more)

    def is_as_before(self) -> bool:
        """Tell whether the configuration is the old one, was read, and lets us in by a new connection."""
        read = self.read.stat().st_mtime_ns > self.config.stat().st_mtime_ns
        return self.config.read_text() == self.before and read and self.lets_in()

    def lets_in(self) -> bool:
        """Tell whether a connection of its own can be made."""
        words = [*self.sshd.program.split(), "-o", "BatchMode=yes", "-o", "ControlPath=none", "web1", "true"]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def armed(self) -> list[str]:
        """Return how what is armed stands, by the names of its files."""
        return sorted(path.name for path in self.state.iterdir() if "-" in path.name)

    def end_guards(self) -> None:
        """Ask the guards to end, as a machine does that is shut down: they take back at once."""
        for pid in guards(self.state):
            os.kill(pid, signal.SIGTERM)

    def until_decided(self) -> None:
        """Wait until nothing is armed any more."""
        open_words = ("armed-", "due-", "taking-")
        until(lambda: not any(name.startswith(open_words) for name in self.armed()))

    def outcomes(self) -> dict[str, Any]:
        """Return the outcome of each step in the last run, with how its guard ended."""
        entries = self.project.entries("evidence")
        last = entries[-1]["run"]
        return {
            entry["step"]: (entry["outcome"], entry.get("guard", ""))
            for entry in entries
            if entry["run"] == last
        }


def guards(state: Path) -> list[int]:
    """Return the guards that stand, by what they hold open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            stands = str((process / "fd" / "1").readlink()) == os.devnull  # it has said that it is ready
            held = {str(file.readlink()) for file in (process / "fd").iterdir()}
        except OSError:
            continue
        if stands and b"cutter.agent.guard" in words and any(path.startswith(f"{state}/") for path in held):
            found.append(int(process.name))
    return found


def dies_when_begun(project: Project, state: Path, *words: str, with_its_guard: bool) -> None:
    """Run cutter in a child that is killed, also its guard where that is asked, once a step has begun."""

    def work() -> int:
        def kill() -> None:
            until((project.world / "begun").exists)
            if with_its_guard:
                os.kill(guards(state)[0], signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=kill).start()
        return project.cutter(*words).code

    assert in_child(work) == -signal.SIGKILL
