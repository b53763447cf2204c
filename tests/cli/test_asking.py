"""A signal is heeded at a question even when no read is interrupted by it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest
from waiting import PATIENCE

QUESTIONS = {
    "confirmed": "confirmed('Go on?', Namespace(yes=False, no_input=False, json=False))",
    "become_password": "become_password(Namespace(ask_become_pass=True))",
}
# A signal that another thread takes leaves the read as it is, as one does that comes right before it.
PROGRAM = """
import fcntl, os, signal, sys, termios, threading, time
from argparse import Namespace
from cutter.app.interrupts import interrupt_on_every_signal
from cutter.cli._asking import become_password, confirmed

def waits():
    time.sleep(0.05)
    return open("/proc/self/stat").read().rpartition(")")[2].split()[0] == "S"

def taken_elsewhere():
    while not all(waits() for _ in range(4)):
        pass
    signal.pthread_kill(threading.get_ident(), int(sys.argv[1]))

fcntl.ioctl(0, termios.TIOCSCTTY, 0)
interrupt_on_every_signal()
threading.Thread(target=taken_elsewhere, daemon=True).start()
try:
    {question}
except KeyboardInterrupt:
    os._exit(21)
os._exit(1)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_signal_that_interrupts_no_read_is_heeded(question: str, number: signal.Signals) -> None:
    terminal, theirs = pty.openpty()
    program = [sys.executable, "-c", PROGRAM.format(question=question), str(int(number))]
    with subprocess.Popen(program, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as run:
        os.close(theirs)
        try:
            assert run.wait(PATIENCE) == 21
        finally:
            run.kill()
            os.close(terminal)
