"""What is read from disk, beside systemctl as the second observer; it answers here without systemd."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import build
from private_etc import own_accounts

from cutter.errors import Conflict, Unavailable
from cutter.resources.target.service import Service
from cutter.systemd import answers, moving
from cutter.systemd.answers import _unit
from cutter.systemd.enabled import enabled, found, installs, is_masked
from cutter.systemd.startable import missing, programs
from cutter.systemd.timer_text import quoted

INSTALL = "[Install]\nWantedBy=multi-user.target\nAlias=other.service\n"
pytestmark = pytest.mark.root


@pytest.fixture
def units(tmp_path: Path) -> Iterator[Path]:
    if shutil.which("systemctl") is None:
        pytest.skip("systemctl is not installed")
    with own_accounts(tmp_path):
        folder = Path("/etc/systemd/system")
        folder.mkdir(parents=True)
        yield folder


def said(name: str) -> str:
    words = ["systemctl", "--root=/", "is-enabled", name]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize(
    "install", [INSTALL, "[Install]\nAlias=other.service\n", "[Install]\nRequiredBy=x.target\n"]
)
@pytest.mark.parametrize("name", ["probe.service", "probe@one.service"])
def test_systemctl_agrees_on_what_is_enabled(units: Path, name: str, install: str) -> None:
    if "@" in name and "Alias" in install:
        install = "[Install]\nWantedBy=multi-user.target\n"
    (units / name.replace("one", "")).write_text(f"[Service]\nExecStart=/bin/true\n{install}")
    assert enabled(name) == "disabled" == said(name)
    answers.enablement("enable", name)
    assert enabled(name) == "enabled" == said(name)
    answers.enablement("disable", name)
    assert enabled(name) == "disabled" == said(name)


def test_systemctl_agrees_on_what_is_masked(units: Path) -> None:
    answers.enablement("mask", "probe.service")
    assert (units / "probe.service").is_symlink()
    assert enabled("probe.service") == "masked" == said("probe.service")


def test_another_name_of_a_unit_is_neither_enabled_nor_disabled(units: Path) -> None:
    (units / "probe.service").write_text(f"[Service]\nExecStart=/bin/true\n{INSTALL}")
    answers.enablement("enable", "probe.service")
    with pytest.raises(Conflict, match=r"other\.service is another name of probe\.service"):
        build(Service, {"name": "other", "enabled": False}).observe()
    assert build(Service, {"name": "probe", "enabled": False}).observe() == {"enabled": "enabled"}
    answers.enablement("mask", "else.service")
    assert build(Service, {"name": "else", "enabled": "masked"}).observe() == {"enabled": "masked"}


def test_systemctl_agrees_that_an_empty_file_masks(units: Path) -> None:
    (units / "probe.service").touch()
    assert enabled("probe.service") == "masked" == said("probe.service")
    assert (found("probe.service"), is_masked("probe.service")) == (None, True)
    answers.enablement("unmask", "probe.service")
    assert not (units / "probe.service").exists()


def test_what_cannot_be_had_is_refused_before_a_mask_goes(
    units: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = tmp_path / "vendor"
    (vendor / "x.target.wants").mkdir(parents=True)
    (vendor / "probe.service").write_text("[Service]\nExecStart=/bin/true\n")
    monkeypatch.setattr("cutter.systemd.enabled.VENDORS", (str(vendor),))
    monkeypatch.setattr("cutter.systemd.enabled.PLACES", (str(units), str(vendor)))
    answers.enablement("mask", "probe.service")
    with pytest.raises(Conflict, match=r"has no \[Install\] section"):
        moving.enable("probe.service", "enabled")
    assert enabled("probe.service") == "masked"
    (vendor / "x.target.wants/probe.service").symlink_to("../probe.service")
    with pytest.raises(Conflict, match="came with the system"):
        moving.enable("probe.service", "disabled")
    assert enabled("probe.service") == "masked"
    moving.enable("probe.service", "enabled")
    assert enabled("probe.service") == "enabled"


def test_nothing_that_runs_is_told_without_systemd() -> None:
    if answers.is_running():
        pytest.skip("systemd is running here")
    with pytest.raises(
        Unavailable, match="systemd is not running here, so nobody can tell whether it runs"
    ) as no:
        answers.demand_running("whether it runs")
    assert no.value.exit_code == 69


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (INSTALL, True),
        ("[Install]\n", False),
        ("[Unit]\nWantedBy=x\n", False),
        ("[Install]\n# WantedBy=x\n", False),
        ("[Install]\nWantedBy=\n", False),
    ],
)
def test_what_enabling_means_is_in_the_file(text: str, answer: bool) -> None:
    assert installs(text) is answer


RELOAD = "{ path=/bin/x ; argv[]=/bin/x -a ; start_time=[T] ; stop_time=[U] ; pid=7 ; code=%s ; status=%s }"


@pytest.mark.parametrize(
    ("told", "stamp"),
    [
        (RELOAD % ("exited", "0"), "[T] 7"),
        (RELOAD % ("exited", "1"), ""),
        (RELOAD % ("(null)", "0/0"), ""),
        ("", ""),
    ],
)
def test_only_a_reload_that_went_well_counts(told: str, stamp: str) -> None:
    assert _unit("x", {"ExecReload": told}).reload == stamp


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), min_size=1))
def test_a_quoted_word_has_no_open_end(word: str) -> None:
    """That systemd takes it as it is, is shown on a machine with systemd."""
    text = quoted(word)
    inner = text[1:-1] if text.startswith('"') else text
    assert '"' not in inner.replace("\\\\", "").replace('\\"', "")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ExecStart=/usr/bin/program --word", ["/usr/bin/program"]),
        ("ExecStart = +@/usr/bin/program name", ["/usr/bin/program"]),
        ("ExecStartPre=/b\nExecStart=/a\nExecStop=/a x", ["/a", "/b"]),
        ("ExecStart=-/usr/bin/may-fail", []),
        ("ExecStart=program", []),
        ("ExecStart=%h/program\nExecStart=/opt/%i/program", []),
        ('ExecStart="/opt/a b/program"\nExecStart=/opt/a\\x20b', []),
        ("RootDirectory=/srv/root\nExecStart=/program", []),
        ("# ExecStart=/old\nExecStart=", []),
    ],
)
def test_which_programs_a_unit_file_starts(line: str, found: list[str]) -> None:
    assert programs(f"[Service]\n{line}\n".encode()) == found


def test_what_is_there_can_start() -> None:
    assert missing(["/bin/sh"]) == missing([]) == ""
    assert missing(["/bin/sh", "/nowhere", "/bin"]) == "/nowhere is not executable"
    assert missing(["/bin"]) == "/bin is not executable"
