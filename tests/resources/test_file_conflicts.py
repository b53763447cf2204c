from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from desk import FolderDesk, apply, file_of
from laws import change_of, obeys_the_laws, snapshot
from project import Project
from things import KINDS

from cutter.errors import (
    Conflict,
    PermissionRefused,
    PreconditionError,
    StalePlan,
    StepFailed,
)
from cutter.filesystem.kept import KeptContent
from cutter.filesystem.regular import LARGEST
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a file"])
def test_another_thing_in_the_way_is_named_and_left(
    world: Path, content: KeptContent, desk: FolderDesk, kind: str
) -> None:
    KINDS[kind](world / "f")
    resource = file_of(world / "f", desk, content="new")
    before = snapshot(world)
    with pytest.raises(Conflict, match=f"is {kind}.*, not a file"):
        resource.observe()
    for change in (Change(None, resource.desired()), Change(resource.desired(), None)):
        with pytest.raises(Conflict, match=f"is {kind}"):
            resource.apply(change, content)
    assert snapshot(world) == before


def test_a_link_on_the_way_is_refused(world: Path, desk: FolderDesk) -> None:
    (world / "real").mkdir()
    (world / "way").symlink_to("real")
    with pytest.raises(Conflict, match="write the real path"):
        file_of(world / "way" / "f", desk, content="new").observe()


def test_a_missing_parent_is_named(world: Path, content: KeptContent, desk: FolderDesk) -> None:
    with pytest.raises(PreconditionError, match=f"{world}/a does not exist"):
        apply(file_of(world / "a" / "f", desk, content="new"), content)


def test_a_file_with_several_names_is_not_replaced(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    (world / "f").write_text("old")
    (world / "g").hardlink_to(world / "f")
    with pytest.raises(Conflict, match=r"has 2 names \(hard links\)"):
        apply(file_of(world / "f", desk, content="new"), content)
    assert (world / "g").read_text() == (world / "f").read_text() == "old"
    obeys_the_laws(file_of(world / "f", desk, content="old", mode="0600"), content, world)


def test_what_would_fill_the_memory_is_not_read(world: Path, desk: FolderDesk) -> None:
    with (world / "f").open("wb") as sparse:
        sparse.truncate(LARGEST + 1)
    with pytest.raises(Conflict, match="too large to be looked at"):
        file_of(world / "f", desk, content="new").observe()


@pytest.mark.parametrize("key", ["owner", "group"])
@pytest.mark.parametrize("text", ["old", "new"])
def test_an_unknown_name_is_a_conflict_and_leaves_no_trace(
    world: Path, content: KeptContent, desk: FolderDesk, key: str, text: str
) -> None:
    (world / "f").write_text("old")
    before = snapshot(world)
    with pytest.raises(Conflict, match="no-such-name"):
        apply(file_of(world / "f", desk, content=text, **{key: "no-such-name"}), content)
    assert snapshot(world) == before


@pytest.mark.parametrize("case", ["replace", "attributes", "remove"])
def test_an_immutable_file_is_a_refusal_that_says_chattr(
    world: Path, content: KeptContent, desk: FolderDesk, case: str
) -> None:
    (world / "f").write_text("old")
    if (
        not shutil.which("chattr")
        or subprocess.run(["chattr", "+i", world / "f"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no immutable attribute here")
    params = {
        "replace": {"content": "new"},
        "attributes": {"content": "old", "mode": "0600"},
        "remove": {"ensure": "absent"},
    }[case]
    try:
        with pytest.raises(PermissionRefused) as refused:
            apply(file_of(world / "f", desk, **params), content)
        assert "chattr -i" in refused.value.remedy
    finally:
        subprocess.run(["chattr", "-i", world / "f"], check=True)
    assert (world / "f").read_text() == "old"
    assert list(world.iterdir()) == [world / "f"]


def test_what_changed_since_it_was_seen_is_not_overwritten(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    for start, then in (("old", "theirs"), (None, "theirs")):
        (world / "f").unlink(missing_ok=True)
        if start:
            (world / "f").write_text(start)
        resource = file_of(world / "f", desk, content="new")
        change = change_of(resource)
        (world / "f").write_text(then)
        with pytest.raises(StalePlan, match="changed while"):
            resource.apply(change, content)
        assert (world / "f").read_text() == "theirs"


def test_a_disk_that_is_full_changes_nothing(world: Path) -> None:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no mount name space of our own here")
    program = """
import os
from pathlib import Path
from cutter.errors import StepFailed
from cutter.filesystem.kept import KeptContent
from cutter.model.canonical import bytes_digest
from cutter.model.state import Change
from cutter.resources.target.file import File
live = Path(sys.argv[2], "f")
live.write_text("old")
big = b"x" * 200_000
kept = KeptContent(sys.argv[2] + "-kept")
kept.offer(bytes_digest(big), big)
resource = File({"path": str(live), "digest": bytes_digest(big)})
try:
    resource.apply(Change(resource.observe(), resource.desired()), kept)
except StepFailed as failed:
    print(failed.cause, "|", failed.world, "|", live.read_text(), os.listdir(sys.argv[2]))
"""
    with_path = f"import sys; sys.path.insert(0, {str(Path(__file__).parent.parent.parent)!r})\n" + program
    shell = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" -I -S -c "$3" - "$1"'
    python = shutil.which("python3") or ""
    argv = ["unshare", "-m", "sh", "-c", shell, "sh", str(world), python, with_path]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "No space left on device | nothing was changed | old ['f']" in ended.stdout, ended.stderr


def test_replaced_bytes_are_kept_and_missing_bytes_change_nothing(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    (world / "f").write_text("old")
    resource = file_of(world / "f", desk, content="new")
    empty = KeptContent(content.folder)
    before = snapshot(world)
    with pytest.raises(StepFailed, match="not at hand"):
        apply(resource, empty)
    assert snapshot(world) == before
    apply(resource, content)
    assert empty.bytes_of(bytes_digest(b"old")) == b"old"


def test_bytes_of_another_digest_are_not_written(world: Path, content: KeptContent, desk: FolderDesk) -> None:
    resource = file_of(world / "f", desk, content="new")
    content.offer(bytes_digest(b"new"), b"forged")
    with pytest.raises(StepFailed, match="are not those of"):
        apply(resource, content)
    assert not list(world.iterdir())


_REPLACED = """\
  - name: F
    file:
      path: "{{ world }}/f"
      content: new
      validate: [sh, -c, 'echo by hand > {{ world }}/f; grep -q new "$0"', "{candidate}"]
"""


@pytest.mark.parametrize("there", [True, False])
def test_what_is_edited_by_hand_while_it_is_replaced_is_not_taken_back(tmp_path: Path, there: bool) -> None:
    project = Project(tmp_path)
    file = project.world / "f"
    if there:
        file.write_text("old")
    answer = project.cutter("apply", "--yes", project.runbook(_REPLACED, head="on_failure: revert\n"))
    assert (answer.code, file.read_text()) == (20, "by hand\n"), answer
    assert "this step changed nothing; somebody else did" in answer.out
