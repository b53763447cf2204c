"""A signal is heeded at a question even when no read is interrupted by it."""

from __future__ import annotations

import signal

import pytest
from signalled import heeds

IMPORTS = "from argparse import Namespace; from cutter.cli._asking import become_password, confirmed"
QUESTIONS = {
    "confirmed": "confirmed('Go on?', Namespace(yes=False, no_input=False, json=False))",
    "become_password": "become_password(Namespace(ask_become_pass=True))",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_signal_that_interrupts_no_read_is_heeded(question: str, number: signal.Signals) -> None:
    assert heeds(IMPORTS, question, number)
