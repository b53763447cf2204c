"""A demonstration: from an empty folder to a closed matrix, by the commands that an operator types."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from cutter.app.demo_acts import CUT, Act, scenes
from cutter.app.demo_folder import INVENTORY, PEOPLE, home_of, key_commands, make_folder, write_authority
from cutter.children import guarded
from cutter.errors import StepFailed, Unavailable
from cutter.named_tuple import NamedTuple

Tell = Callable[[str], None]
"""Told one line after the other."""
_CUT_NAMED = re.compile(r"\bcut:\w+:\d+\b")
_FINGERPRINT = re.compile(r"^fpr:+([0-9A-F]{40}):", re.MULTILINE)
_ENDED_SECONDS = 60.0


class Typed(NamedTuple):
    """A command as it was typed, and the exit code it ended with."""

    command: str
    code: int


class Demonstration:
    """One demonstration in one folder."""

    def __init__(self, folder: str, tell: Tell) -> None:
        """Take an empty folder, and who is told of everything that is typed and answered."""
        self.folder = os.path.abspath(folder)
        self.tell = tell
        self.typed: list[Typed] = []
        self._said = ""
        self._sign: Mapping[str, str] = {}

    def play(self) -> None:
        """Type everything. Raises UsageError for a folder that is not empty, StepFailed for another end."""
        make_folder(self.folder)
        with guarded() as guard, self._agents(), self._server():
            self._sign = guard.sign
            self._headline(0, "Three people with keys of their own, and a fourth who is never needed")
            self.tell(f"$ cd {shlex.quote(self.folder)}; export CUTTER_INVENTORY={INVENTORY}")
            keys = {name: self._key(name) for name in PEOPLE}
            self.tell(f"written: {write_authority(self.folder, keys)}")
            for number, scene in enumerate(scenes(keys), start=1):
                self._headline(number, scene.title)
                for act in scene.acts:
                    self._perform(act)

    def _headline(self, number: int, title: str) -> None:
        self.tell(f"\n== {number}. {title}")

    def _key(self, name: str) -> str:
        """Make the key of a person and return its fingerprint."""
        for words in key_commands(name):
            self._type(words, words, by=name)
        listed = ("gpg", "--batch", "--with-colons", "--list-keys", name)
        found = _FINGERPRINT.search(self._output(listed, by=name, shown=False)[1])
        if found is None:
            raise StepFailed(f"gpg made no key for {name}", place=home_of(self.folder, name))
        return found[1]

    def _perform(self, act: Act) -> None:
        if act.told:
            self.tell(f"\n{act.told}")
        words = [self._cut() if word == CUT else word for word in act.words]
        argv = (sys.executable, "-I", "-m", "cutter", *words)
        self._type(("cutter", *words), argv, by=act.by, code=act.code)
        if act.closed is not None:
            self._demand_closed(act.closed)

    def _demand_closed(self, wanted: int) -> None:
        """Raise StepFailed unless so many gaps are closed."""
        said = self._output((sys.executable, "-I", "-m", "cutter", "gaps", "--json"), by="", shown=False)[1]
        closed = [gap["id"] for gap in json.loads(said)["gaps"] if gap["status"] == "CLOSED"]
        if len(closed) != wanted:
            cause = f"{len(closed)} gaps are closed ({', '.join(closed) or 'none'}), and {wanted} should be"
            raise StepFailed(cause, place=self.folder, remedy="cutter gaps")

    def _type(self, shown: Sequence[str], argv: Sequence[str], *, by: str, code: int = 0) -> None:
        home = f"GNUPGHOME=people/{by} " if by else ""
        command = home + shlex.join(shown)
        self.tell(f"\n$ {command}")
        ended, self._said = self._output(argv, by=by, shown=True)
        self.typed.append(Typed(command, ended))
        if ended:
            self.tell(f"[exit {ended}]")
        if ended != code:
            cause = f"the demonstration stopped: {command} ended with {ended}, and should have with {code}"
            world = f"nothing outside {self.folder} was changed"
            raise StepFailed(cause, place=self.folder, world=world, remedy=f"cutter explain {ended}")

    def _cut(self) -> str:
        """Return the cut that the last command named."""
        found = _CUT_NAMED.search(self._said)
        if found is None:
            raise StepFailed("the demonstration made no cut that could be taken back", place=self.folder)
        return found[0]

    def _output(self, argv: Sequence[str], *, by: str, shown: bool) -> tuple[int, str]:
        """Run a command in the folder and return its exit code and output, told line by line."""
        lines = []
        with _child(argv, self.folder, self._surroundings(by)) as process:
            for line in process.stdout or ():
                lines.append(line)
                if shown:
                    self.tell(line.rstrip("\n"))
        return process.returncode, "".join(lines)

    def _surroundings(self, by: str) -> dict[str, str]:
        """Return the environment of one command: a little of the caller's, and what marks it as ours."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        homes = {"GNUPGHOME": home_of(self.folder, by)} if by else {}
        ours = {"CUTTER_INVENTORY": INVENTORY, "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
        return {**kept, **homes, **ours, **self._sign}

    @contextmanager
    def _server(self) -> Iterator[None]:
        """Hold the database's server between the commands, as a server of one's own would stand there."""
        from cutter.database.embedded import EmbeddedServer

        with EmbeddedServer(os.path.join(self.folder, "sandbox", "postgres")):
            yield

    @contextmanager
    def _agents(self) -> Iterator[None]:
        """End the agents of the keys at the end."""
        try:
            yield
        finally:
            for name in PEOPLE:
                argv = ["gpgconf", "--homedir", home_of(self.folder, name), "--kill", "all"]
                subprocess.run(argv, check=False, capture_output=True, stdin=subprocess.DEVNULL)


@contextmanager
def _child(
    argv: Sequence[str], folder: str, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a child to its end; where that is cut short, it is asked to stop, once, and waited for."""
    try:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(f"{argv[0]} cannot be run: {error.strerror}", remedy="apt install gnupg") from error
    with process:
        try:
            yield process
            process.wait()
        finally:
            _ended(process)


def _ended(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=_ENDED_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
