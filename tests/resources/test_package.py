from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import testinfra
from apt_repositories import made
from laws import build, change_of, obeys_the_laws
from private_etc import own_packages

from cutter.agent.requests import StepRequest
from cutter.agent.running import Agent
from cutter.apt import running
from cutter.apt.status import known
from cutter.errors import Conflict, LockHeld, PreconditionError, StepFailed
from cutter.filesystem.kept import KeptContent
from cutter.model.state import Change
from cutter.resource import Resource, type_complaints
from cutter.resources.target.package import Package

FAILING = "#!/bin/sh\ntest ! -e /opt/fail\n"
PACKAGES = [
    ("tool", "1.0", "", ""),
    ("tool", "2.0", "", ""),
    ("needy", "1.0", "Depends: tool (>= 1.0), library\n", ""),
    ("library", "1.0", "", ""),
    ("rival", "1.0", "Conflicts: tool\n", ""),
    ("fragile", "1.0", "", FAILING),
    ("upon-fragile", "1.0", "Depends: fragile\n", ""),
    ("upon-newer", "1.0", "Depends: tool (>= 2.0)\n", ""),
    ("stumbling", "1.0", "Pre-Depends: fragile\n", ""),
    ("hopeless", "1.0", "Depends: nowhere\n", ""),
]


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository of small packages, with the tools that Debian makes its own with."""
    return made(tmp_path_factory.mktemp("repository"), PACKAGES)


@pytest.fixture(autouse=True)
def debian(machine: Path, tmp_path: Path, repository: Path) -> Iterator[None]:
    del machine
    with own_packages(tmp_path, repository):
        yield


def tool(**params: Any) -> Resource:
    return build(Package, {"name": "tool", **params})


def reach(resource: Resource, content: KeptContent) -> None:
    resource.apply(change_of(resource), content)
    assert change_of(resource).empty


def versions() -> dict[str, str]:
    return {item.name: item.version for item in known() if item.status == "installed"}


@pytest.mark.parametrize(
    ("params", "before"),
    [
        ({}, {}),
        ({"version": "1.0"}, {}),
        ({"version": "1.0", "hold": True}, {}),
        ({"version": "2.0"}, {"version": "1.0"}),
        ({"version": "1.0", "hold": True}, {"version": "2.0", "hold": True}),
        ({"hold": False}, {"hold": True}),
        ({"ensure": "absent"}, {"version": "1.0"}),
        ({"name": "needy"}, {}),
        ({"name": "needy"}, {"version": "1.0"}),
    ],
)
def test_packages_obey_the_laws(content: KeptContent, params: dict[str, Any], before: dict[str, Any]) -> None:
    if before:
        reach(tool(**before), content)
    was = versions()
    obeys_the_laws(tool(**params), content, Path("/opt"))
    assert versions() == was


def test_a_second_observer_agrees(content: KeptContent) -> None:
    reach(tool(version="1.0", hold=True), content)
    seen = testinfra.get_host("local://").package("tool")
    assert (seen.is_installed, seen.version) == (True, "1.0")
    held = subprocess.run(["apt-mark", "showhold"], capture_output=True, text=True, check=True)
    assert held.stdout == "tool\n"
    reach(tool(ensure="absent"), content)
    assert not testinfra.get_host("local://").package("tool").is_installed


def test_edited_configuration_stays_and_goes_with_its_own_word_alone(content: KeptContent) -> None:
    reach(tool(version="1.0"), content)
    Path("/opt/tool.conf").write_text("mine\n")
    reach(tool(version="2.0"), content)
    reach(tool(ensure="absent"), content)
    assert Path("/opt/tool.conf").read_text() == "mine\n"
    assert change_of(tool()).before == {"status": "config-files", "version": "2.0", "hold": False}
    reach(tool(ensure="absent", purge=True), content)
    assert not Path("/opt/tool.conf").exists()
    assert known() == []


@pytest.mark.parametrize("step", [{"name": "rival"}, {"ensure": "absent"}])
def test_nothing_else_is_removed_but_by_its_own_word(content: KeptContent, step: dict[str, Any]) -> None:
    reach(tool(name="needy"), content)
    before = versions()
    with pytest.raises(Conflict, match=r"apt would remove needy(, tool)? for") as refused:
        reach(tool(**step), content)
    assert refused.value.exit_code == 10
    assert versions() == before
    reach(tool(**step, allow_removals=True), content)
    assert "needy" not in versions()


def test_what_was_left_half_done_is_drift_and_is_finished(content: KeptContent) -> None:
    Path("/opt/fail").touch()
    fragile = tool(name="fragile")
    with pytest.raises(StepFailed, match="fragile"):
        fragile.apply(change_of(fragile), content)
    assert (fragile.observe() or {})["status"] == "half-configured"
    with pytest.raises(StepFailed, match="dpkg --configure fragile"):
        fragile.apply(change_of(fragile), content)
    Path("/opt/fail").unlink()
    reach(fragile, content)
    assert testinfra.get_host("local://").package("fragile").is_installed


def test_what_was_left_half_done_with_what_it_needs_is_finished(content: KeptContent) -> None:
    """So it is when an apt is killed in the middle: neither of them is installed."""
    Path("/opt/fail").touch()
    upon = tool(name="upon-fragile")
    with pytest.raises(StepFailed, match=r"dpkg: error processing package fragile .*\n .*post-installation"):
        reach(upon, content)
    assert (upon.observe() or {})["status"] == "unpacked"
    with pytest.raises(StepFailed, match=r"dpkg: error processing package fragile"):
        reach(upon, content)
    Path("/opt/fail").unlink()
    reach(upon, content)
    assert {"fragile", "upon-fragile"} <= set(versions())


def test_a_held_package_is_not_moved_without_a_word(content: KeptContent) -> None:
    reach(tool(version="1.0", hold=True), content)
    with pytest.raises(Conflict, match=r"tool is held at 1\.0"):
        reach(tool(version="2.0"), content)
    assert versions() == {"tool": "1.0"}


@pytest.mark.parametrize(
    ("name", "cause", "remedy"),
    [
        ("upon-newer", r"upon-newer : Depends: tool \(>= 2\.0\)", "held: tool (at 1.0); let an earlier step"),
        ("hopeless", "hopeless : Depends: nowhere", "declare the repository that has what is missing"),
    ],
)
def test_what_cannot_be_had_together_is_named_with_a_way_out(
    content: KeptContent, name: str, cause: str, remedy: str
) -> None:
    reach(tool(version="1.0", hold=True), content)
    with pytest.raises(PreconditionError, match=cause) as refused:
        reach(build(Package, {"name": name}), content)
    assert refused.value.remedy.startswith(remedy)
    assert versions()["tool"] == "1.0"


def test_what_is_to_be_moved_is_not_what_keeps_it(content: KeptContent) -> None:
    reach(tool(version="2.0", hold=True), content)
    reach(build(Package, {"name": "upon-newer"}), content)
    with pytest.raises(PreconditionError, match="upon-newer : Depends: tool") as refused:
        running.removals(["install", "--allow-downgrades", "tool=1.0", "upon-newer"])
    assert "held" not in refused.value.remedy


def test_what_came_along_for_a_package_that_failed_is_not_passed_over(content: KeptContent) -> None:
    Path("/opt/fail").touch()
    step = StepRequest("p", "package", {"name": "stumbling"}, "h")
    (told,) = Agent(content, b"key").apply([step], lambda: False)
    assert (told.outcome.value, told.observed, told.touched) == ("failed", None, True)
    assert told.world == "packages may be partly changed: dpkg --audit shows which"


def test_what_came_along_for_a_package_that_is_half_done_goes_with_it(content: KeptContent) -> None:
    Path("/opt/fail").touch()
    upon, before = tool(name="upon-fragile"), known()
    with pytest.raises(StepFailed, match="fragile"):
        reach(upon, content)
    upon.apply(Change(upon.observe(), None), content)
    assert known() == before


def test_what_was_only_simulated_has_left_nothing(content: KeptContent) -> None:
    step = StepRequest("p", "package", {"name": "nowhere"}, "h")
    (told,) = Agent(content, b"key").apply([step], lambda: False)
    assert (told.outcome.value, told.touched, told.world) == ("failed", False, "")


@pytest.mark.parametrize(("step", "why"), [({"name": "nowhere"}, "nowhere"), ({"version": "9"}, "9")])
def test_what_no_source_has_is_said_and_nothing_changes(
    content: KeptContent, step: dict[str, Any], why: str
) -> None:
    with pytest.raises(PreconditionError, match=why) as refused:
        reach(tool(**step), content)
    assert "declare the repository that has it" in refused.value.remedy
    assert known() == []


@pytest.mark.parametrize("lock", ["dpkg/lock-frontend", "dpkg/lock", "apt/lists/lock"])
def test_a_lock_is_waited_for_and_its_holder_is_named(
    content: KeptContent, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    monkeypatch.setattr("cutter.apt.running._PATIENCE", 1)
    with _held(f"/var/lib/{lock}") as pid:
        with pytest.raises(LockHeld, match=rf"process {pid} \(python3\) holds /var/lib/{lock}"):
            reach(tool(), content)
        assert known() == []
    reach(tool(), content)
    with _held("/var/lib/dpkg/lock-frontend") as pid, pytest.raises(LockHeld, match=f"process {pid} "):
        reach(tool(hold=True), content)
    reach(tool(hold=True), content)


@contextmanager
def _held(path: str) -> Iterator[int]:
    """Hold a lock as apt does, in another process; yield its number."""
    program = f"import fcntl, sys; f = open('{path}', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)"
    words = ["python3", "-c", f"{program}; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield holder.pid


def test_what_another_package_left_broken_is_not_touched_and_the_way_out_is_said(
    content: KeptContent,
) -> None:
    reach(tool(name="needy"), content)
    subprocess.run(["dpkg", "--purge", "--force-depends", "library"], check=True, capture_output=True)
    with pytest.raises(PreconditionError, match="Unmet dependencies") as refused:
        reach(tool(name="fragile"), content)
    assert "fix-broken install" in refused.value.remedy
    assert "fragile" not in versions()


def test_a_version_that_was_here_and_no_source_has_any_more_is_said(
    content: KeptContent, tmp_path: Path
) -> None:
    reach(tool(version="1.0"), content)
    subprocess.run(["dpkg", "--remove", "tool"], check=True, capture_output=True)
    newer = made(tmp_path / "newer", [("tool", "3.0", "", "")])
    Path("/etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{newer} ./\n")
    running.update()
    with pytest.raises(PreconditionError, match=r"version '1\.0' of 'tool") as refused:
        reach(tool(version="1.0"), content)
    assert "declare the repository that has it" in refused.value.remedy


def test_lists_are_fetched_anew_for_a_version_that_nobody_knows_yet(
    content: KeptContent, tmp_path: Path
) -> None:
    reach(tool(), content)
    newer = made(tmp_path / "newer", [("tool", "3.0", "", "")])
    Path("/etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{newer} ./\n")
    reach(tool(version="3.0"), content)
    assert versions() == {"tool": "3.0"}


def test_a_repository_that_cannot_be_read_is_named_with_a_way_out(content: KeptContent) -> None:
    reach(tool(version="1.0"), content)
    Path("/etc/apt/sources.list").write_text("deb [trusted=yes] file:/nowhere ./\n")
    with pytest.raises(StepFailed, match="file:/nowhere") as refused:
        reach(tool(version="3.0"), content)
    assert refused.value.remedy == "let the machine reach that repository, or take it out of apt's sources"
    assert versions() == {"tool": "1.0"}


@pytest.mark.parametrize(
    "params",
    [{"name": "-y"}, {"name": "a b"}, {"version": "-1"}, {"purge": True}, {"ensure": "absent", "hold": True}],
)
def test_what_makes_no_sense_is_refused(params: dict[str, Any]) -> None:
    assert len(type_complaints(Package, {"name": "tool", **params})) == 1
