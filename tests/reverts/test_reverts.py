"""A run is taken back exactly, newest first, or not at all."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from laws import snapshot
from project import Project, gap_matrix

_ACCESS, _DEFAULT = "system.posix_acl_access", "system.posix_acl_default"


def access_list(*, user: int, bits: int = 7) -> bytes:
    """Return an access list in the kernel's form, with one named user."""
    entries = [(0x01, 7, 2**32 - 1), (0x02, bits, user), (0x04, 5, 2**32 - 1), (0x10, 5, 2**32 - 1)]
    packed = [struct.pack("<HHI", *entry) for entry in [*entries, (0x20, 0, 2**32 - 1)]]
    return struct.pack("<I", 2) + b"".join(packed)


def with_attributes(path: Path) -> Path:
    os.setxattr(path, "user.origin", b"\x00\xffby hand")
    os.setxattr(path, _ACCESS, access_list(user=4321))
    return path


def old_file(project: Project) -> None:
    path = project.world / "file"
    path.write_bytes(b"old\x00\xff")
    path.chmod(0o4711)
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    with_attributes(path)


def old_directory(project: Project) -> None:
    path = project.world / "room"
    path.mkdir()
    path.chmod(0o3770)
    os.setxattr(path, _DEFAULT, access_list(user=99))
    with_attributes(path)


def empty_directory(project: Project) -> None:
    (project.world / "gone").mkdir(mode=0o700)
    (project.world / "gone").chmod(0o1711)
    with_attributes(project.world / "gone")


def file_below_a_default_list(project: Project) -> None:
    """Make a file without an access list in a folder that would give it one."""
    (project.world / "plain").write_text("plain")
    (project.world / "plain").chmod(0o640)
    os.setxattr(project.world, _DEFAULT, access_list(user=4321))


def folder_below_a_default_list(project: Project) -> None:
    (project.world / "bare").mkdir(mode=0o750)
    os.setxattr(project.world, _DEFAULT, access_list(user=4321))


def old_env(project: Project) -> None:
    path = project.world / ".env"
    path.write_bytes(b"# mine\nexport A='1'\r\nB=caf\xe9\nGONE=x\nSECRET=old")
    path.chmod(0o664)
    with_attributes(path)


def old_link(project: Project) -> None:
    (project.world / "link").symlink_to("old target")
    if os.geteuid() == 0:
        os.lchown(project.world / "link", 1234, 2345)


def old_certificate(project: Project) -> None:
    (project.world / "key.asc").write_text("something else")
    (project.world / "key.asc").chmod(0o600)


def nothing(project: Project) -> None:
    del project


_KEY = """\
  - name: Key
    gpg_key:
      home: "{{ world }}/g"
      generate: {name: tester, email: tester@x.invalid}
      export: "{{ world }}/key.asc"
"""
_ENV = """\
  - name: Env
    env_file:
      path: "{{ world }}/.env"
      set: {A: "2", SECRET: {value: sesame}, NEW: {generate: {}}}
      default: {B: b, C: c}
      absent: [GONE]
      mode: "0600"
"""
_COMMAND = """\
  - name: Command
    command:
      argv: [touch, "{{ world }}/made"]
      check: [test, -e, "{{ world }}/made"]
      undo: [rm, "{{ world }}/made"]
"""
CASES: dict[str, tuple[Callable[[Project], None], str]] = {
    "file made": (nothing, '  - {name: New, file: {path: "{{ world }}/new", content: x, mode: "0600"}}\n'),
    "file altered": (
        old_file,
        '  - {name: File, file: {path: "{{ world }}/file", content: new, owner: "0", mode: "0640"}}\n',
    ),
    "file mode": (
        old_file,
        '  - {name: Mode, file: {path: "{{ world }}/file", source: same.bin, mode: "0777", group: "77"}}\n',
    ),
    "file secret": (
        old_file,
        '  - {name: File, file: {path: "{{ world }}/file", content: new, secret: true, mode: "0600"}}\n',
    ),
    "file removed": (old_file, '  - {name: File, file: {path: "{{ world }}/file", ensure: absent}}\n'),
    "file without a list removed": (
        file_below_a_default_list,
        '  - {name: Plain, file: {path: "{{ world }}/plain", ensure: absent}}\n',
    ),
    "directory made": (nothing, '  - {name: D, directory: {path: "{{ world }}/d", mode: "2755"}}\n'),
    "directory altered": (
        old_directory,
        '  - {name: Room, directory: {path: "{{ world }}/room", owner: "55", mode: "0700"}}\n',
    ),
    "directory removed": (
        empty_directory,
        '  - {name: Gone, directory: {path: "{{ world }}/gone", ensure: absent}}\n',
    ),
    "directory without a list removed": (
        folder_below_a_default_list,
        '  - {name: Bare, directory: {path: "{{ world }}/bare", ensure: absent}}\n',
    ),
    "link made": (nothing, '  - {name: L, link: {path: "{{ world }}/l", target: nowhere}}\n'),
    "link altered": (
        old_link,
        '  - {name: Link, link: {path: "{{ world }}/link", target: new, owner: "0"}}\n',
    ),
    "link removed": (old_link, '  - {name: Link, link: {path: "{{ world }}/link", ensure: absent}}\n'),
    "env made": (nothing, _ENV),
    "env altered": (old_env, _ENV),
    "key made": (nothing, _KEY),
    "key published over a file": (old_certificate, _KEY),
    "command": (nothing, _COMMAND),
}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users")


@pytest.fixture(autouse=True)
def same(project: Project) -> None:
    (project.folder / "runbooks").mkdir(exist_ok=True)
    (project.folder / "runbooks/same.bin").write_bytes(b"old\x00\xff")


@needs_root
@pytest.mark.parametrize("case", CASES)
def test_what_a_step_did_is_taken_back_exactly(case: str, project: Project) -> None:
    start, steps = CASES[case]
    start(project)
    before = snapshot(project.world, times=False)
    runbook = project.runbook(steps)
    run = project.apply(runbook)
    after = snapshot(project.world, times=False)
    assert after != before

    answer = project.cutter("revert", "--yes", run)
    assert answer.code == 0, answer
    assert snapshot(project.world, times=False) == before
    assert project.cutter("verify", runbook).code == 2

    again = project.cutter("revert", "--yes", project.json("runs")["runs"][1]["run"])
    assert again.code == 0, again
    assert project.cutter("verify", runbook).code == 0
    if "key" not in case:  # gpg does not write the same bytes twice
        assert snapshot(project.world, times=False) == after


ALL = """\
  - {name: Room, directory: {path: "{{ world }}/room", owner: "55", mode: "0700"}}
  - {name: Inner, directory: {path: "{{ world }}/room/inner"}}
  - {name: Deep, file: {path: "{{ world }}/room/inner/deep", content: deep, mode: "0600"}}
  - {name: File, file: {path: "{{ world }}/file", content: new, owner: "0", mode: "0640"}}
  - {name: Swap, link: {path: "{{ world }}/link", target: room}}
  - {name: Gone, directory: {path: "{{ world }}/gone", ensure: absent}}
  - name: Wiring
    env_file: {path: "{{ world }}/.env", set: {FPR: "{{ steps.key.fingerprint }}"}, mode: "0644"}
"""


@needs_root
def test_everything_together_is_taken_back_newest_first(project: Project) -> None:
    for start in (old_file, old_directory, empty_directory, old_env, old_link, old_certificate):
        start(project)
    before = snapshot(project.world, times=False)
    run = project.apply(project.runbook(_KEY + _ENV + _COMMAND + ALL))
    newest_first = [step["step"] for step in reversed(project.json("runs", "show", run)["steps"])]

    asked = project.cutter("revert", "--no-input", run)
    assert asked.code == 64
    shown = [line.split()[0] for line in asked.out.splitlines() if line.startswith("    ")]
    assert shown == newest_first
    answer = project.cutter("revert", "--yes", run)
    assert answer.code == 0, answer
    assert snapshot(project.world, times=False) == before
    done = project.entries("evidence")[len(newest_first) :]
    assert [(item["step"], item["outcome"]) for item in done] == [(n, "compensated") for n in newest_first]


def test_only_what_a_run_changed_is_taken_back(project: Project) -> None:
    first = '  - {name: A, file: {path: "{{ world }}/a", content: a}}\n'
    project.apply(project.runbook(first))
    run = project.apply(project.runbook(first + first.replace("A", "B").replace("/a", "/b")))
    answer = project.cutter("revert", "--yes", run)
    assert (answer.code, f"site: 1 compensated; as it was before run {run} (run " in answer.out) == (0, True)
    assert [path.name for path in project.world.iterdir()] == ["a"]
    converged = project.apply(project.runbook(first))
    for words in ([], ["--json"]):
        answer = project.cutter("revert", "--yes", converged, *words)
        assert answer.code == 0
        assert answer.out


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


Disturbance = Callable[[Path], object]
DISTURBED: dict[str, tuple[Disturbance, str]] = {
    "content": (
        lambda world: (world / "file").write_text("other"),
        "file: it changed since the run: content",
    ),
    "mode": (lambda world: (world / "file").chmod(0o777), "file: it changed since the run: mode"),
    "attribute": (
        lambda world: os.setxattr(world / "file", "user.new", b"1"),
        "file: it changed since the run",
    ),
    "absence": (lambda world: (world / "file").unlink(), "file: it changed since the run: existence"),
    "another kind": (lambda world: replace_by_a_folder(world / "file"), "file: "),
    "something inside": (
        lambda world: (world / "room/theirs").write_text("x"),
        "room: the run did not put",
    ),
    "env line": (lambda world: (world / ".env").write_text("A=1\nX=2\n"), "env: it changed since the run"),
    "another key": (lambda world: (world / "g/more.txt").write_text("x"), "key: the run did not put"),
}


@pytest.mark.parametrize("case", DISTURBED)
def test_what_changed_since_the_run_refuses_the_revert(case: str, project: Project) -> None:
    (project.world / "file").write_text("old")
    steps = (
        '  - {name: Room, directory: {path: "{{ world }}/room"}}\n'
        '  - {name: File, file: {path: "{{ world }}/file", content: new}}\n'
        '  - {name: Inner, file: {path: "{{ world }}/room/inner", content: x}}\n'
        '  - {name: Env, env_file: {path: "{{ world }}/.env", set: {A: "1"}}}\n'
    )
    run = project.apply(project.runbook(steps + (_KEY if case == "another key" else "")))
    disturb, told = DISTURBED[case]
    disturb(project.world)
    before = snapshot(project.world)
    answer = project.cutter("revert", "--yes", run)
    assert answer.code == 20, answer
    assert told in answer.err
    assert snapshot(project.world) == before
    assert project.json("resolve")["halts"] == []


@pytest.mark.parametrize("loss", ["gone", "damaged"])
@pytest.mark.parametrize("kind", ["file", "secret", "env", "certificate"])
def test_content_no_longer_kept_refuses_before_anything_is_touched(
    kind: str, loss: str, project: Project
) -> None:
    for name in ("file", ".env", "key.asc"):
        (project.world / name).write_text("A=old\n")
    step = {
        "file": '  - {name: X, file: {path: "{{ world }}/file", content: new}}\n',
        "secret": '  - {name: X, file: {path: "{{ world }}/file", content: new, secret: true}}\n',
        "env": '  - {name: X, env_file: {path: "{{ world }}/.env", set: {A: "1"}}}\n',
        "certificate": _KEY,
    }[kind]
    later = '  - {name: Later, file: {path: "{{ world }}/later", content: x}}\n'
    run = project.apply(project.runbook(step + later))
    for blob in project.kept.iterdir():
        blob.unlink() if loss == "gone" else blob.write_text("damaged")
    before = snapshot(project.world)
    answer = project.cutter("revert", "--yes", run)
    assert answer.code == 20, answer
    assert "cannot be taken back" in answer.err
    assert snapshot(project.world) == before
    assert (project.world / "later").exists()


def test_a_key_whose_export_is_not_kept_cannot_be_brought_back(project: Project) -> None:
    run = project.apply(project.runbook(_KEY))
    assert project.cutter("revert", "--yes", run).code == 0
    for blob in project.kept.iterdir():
        blob.unlink()
    answer = project.cutter("revert", "--yes", project.last_run())
    assert answer.code == 20, answer
    assert not (project.world / "g").exists()


def test_what_cannot_be_undone_refuses_the_whole_revert(project: Project) -> None:
    steps = (
        '  - {name: File, file: {path: "{{ world }}/file", content: x}}\n'
        "  - name: Once\n    irreversible: it is sent\n"
        '    command: {argv: [touch, "{{ world }}/sent"], check: [test, -e, "{{ world }}/sent"]}\n'
        '  - {name: After, file: {path: "{{ world }}/after", content: x}}\n'
    )
    run = project.apply(project.runbook(steps))
    before = snapshot(project.world)
    answer = project.cutter("revert", "--yes", run)
    assert answer.code == 20, answer
    assert "once: it cannot be undone" in answer.err
    assert snapshot(project.world) == before


def test_a_reverted_step_reopens_its_gap(project: Project) -> None:
    runbook = project.runbook('  - {name: File, file: {path: "{{ world }}/file", content: x}}\n')
    project.write("runbooks/gap-matrix.yml", gap_matrix("{runbook: site.yml, steps: all}"))
    run = project.apply(runbook)
    assert _status(project) == "CLOSED"
    assert project.cutter("revert", "--yes", run).code == 0
    assert _status(project) == "OPEN"
    again = project.cutter("revert", "--yes", project.last_run())
    assert again.code == 0
    assert _status(project) == "OPEN", "a revert is not evidence that a step is as declared"
    assert project.cutter("verify", runbook).code == 0
    assert _status(project) == "CLOSED"


def test_a_run_on_another_machine_is_not_taken_back_here(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cutter import facts

    run = project.apply(project.runbook('  - {name: File, file: {path: "{{ world }}/file", content: x}}\n'))
    monkeypatch.setattr(facts, "_machine_id", lambda: "another machine")
    answer = project.cutter("revert", "--yes", run)
    assert answer.code == 22, answer
    assert (project.world / "file").exists()


def _status(project: Project) -> Any:
    return project.json("gaps")["gaps"][0]["status"]
