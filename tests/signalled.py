"""A call that a signal reaches without interrupting its wait, as one does that comes right before it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

from waiting import PATIENCE

# A signal that another thread takes leaves the wait of the first as it is.
_PROGRAM = """
import fcntl, os, signal, sys, termios, threading, time
from cutter.app.interrupts import interrupt_on_every_signal
{imports}

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
    {call}
except KeyboardInterrupt:
    os._exit(21)
os._exit(1)
"""


def heeds(imports: str, call: str, number: signal.Signals) -> bool:
    """Tell whether the call, made by a process with a terminal of its own, is interrupted by the signal."""
    terminal, theirs = pty.openpty()
    program = [sys.executable, "-c", _PROGRAM.format(imports=imports, call=call), str(int(number))]
    with subprocess.Popen(program, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as run:
        os.close(theirs)
        try:
            return run.wait(PATIENCE) == 21
        finally:
            run.kill()
            os.close(terminal)
