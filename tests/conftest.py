"""What every test of the suite can count on, wherever and by whomever it is run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["lab.fixtures"]
_FOREIGN = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "TZ", "PYTHONDONTWRITEBYTECODE")
_FOREIGN_PREFIXES = ("CUTTER_", "DOT_CUTTER_", "LC_", "LANG", "PG")
_CHOSEN = "CUTTER_PG_BIN"  # which server the tests are to use is for the caller to say

# What is generated is the same on every machine and in every run, and however slow the machine is.
settings.register_profile(
    "gate", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("gate")


@pytest.fixture(scope="session", autouse=True)
def plain_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take away what a shell, a terminal or a home may bring along; the cache is one of this process."""
    with pytest.MonkeyPatch.context() as surroundings:
        for name in filter(_foreign, list(os.environ)):
            surroundings.delenv(name)
        surroundings.setenv("LC_ALL", "C.UTF-8")
        surroundings.setenv("PIP_CACHE_DIR", os.environ.get("PIP_CACHE_DIR") or _cache_of("pip"))
        surroundings.setenv("LAB_CACHE", os.environ.get("LAB_CACHE") or _cache_of("cutter-lab"))
        surroundings.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        before = os.umask(0o022)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell has it for what it runs aside
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        os.umask(before)


def _foreign(name: str) -> bool:
    return name != _CHOSEN and (name in _FOREIGN or name.startswith(_FOREIGN_PREFIXES))


def _cache_of(program: str) -> str:
    """Return where a program keeps its cache, which outlives the tests."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return str(Path(home) / program)
