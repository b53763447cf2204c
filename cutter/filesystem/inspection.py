"""A program judges a file before it goes live."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Optional

from cutter.errors import StepFailed, Unavailable

CANDIDATE = "{candidate}"
_SECONDS = 60
_LINES = 20
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def inspect(argv: Sequence[str], candidate: str, *, seconds: float = _SECONDS, quiet: bool = False) -> None:
    """Run a program on the file at `candidate`, whose path replaces ``{candidate}`` in the arguments.

    It gets a minimal environment, no input, a process group of its own and `seconds` to exit with 0. Raises
    StepFailed with the last lines it wrote (`quiet`: without, since they may quote a secret), and Unavailable
    when it is not installed.
    """
    command = [word.replace(CANDIDATE, candidate) for word in argv]
    output = os.memfd_create("validation")  # not a pipe: a child left behind could keep it open
    try:
        exit_code = _run(command, output, seconds)
        if exit_code != 0:
            said = "" if quiet else _last_lines(output, candidate)
            raise StepFailed(f"the validation {' '.join(argv)} {_ended(exit_code, seconds)}{said}")
    finally:
        os.close(output)


def _run(command: Sequence[str], output: int, seconds: float) -> Optional[int]:
    """Return the exit code, or None when the time was up and the whole process group was ended."""
    import signal
    import subprocess

    environment = {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(
            f"{command[0]}, which validates the file, does not start: {error.strerror}"
        ) from error
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ended(exit_code: Optional[int], seconds: float) -> str:
    if exit_code is None:
        return f"did not end within {seconds:g} seconds"
    return f"ended with {exit_code}" if exit_code > 0 else f"was ended by signal {-exit_code}"


def _last_lines(output: int, candidate: str) -> str:
    end = os.lseek(output, 0, os.SEEK_END)
    tail = os.pread(output, 8_000, max(0, end - 8_000)).decode("utf-8", "replace")
    lines = tail.replace(candidate, CANDIDATE).strip().splitlines()[-_LINES:]
    return "\n".join([":", *lines]) if lines else ""
