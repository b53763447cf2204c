from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import testinfra
from laws import build, change_of, obeys_the_laws, snapshot
from ordinary import run_as_ordinary_user, world_of_an_ordinary_user
from things import KINDS, STRANGE_NAMES

from cutter.errors import Conflict, InvalidDocument, PreconditionError, StepFailed
from cutter.filesystem.kept import KeptContent
from cutter.model.state import Change
from cutter.resource import type_complaints
from cutter.resources.target.directory import Directory

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")


@pytest.mark.parametrize("mode", ["0755", "0700", "2770", "1777", "6711", "0000"])
def test_making_a_directory_obeys_the_laws(world: Path, content: KeptContent, mode: str) -> None:
    obeys_the_laws(build(Directory, {"path": str(world / "d"), "mode": mode}), content, world)


@pytest.mark.parametrize("mode", ["0750", "3770"])
def test_changing_a_mode_obeys_the_laws(world: Path, content: KeptContent, mode: str) -> None:
    (world / "d").mkdir(mode=0o711)
    (world / "d" / "inner").write_text("stays")
    obeys_the_laws(build(Directory, {"path": f"{world}/d/", "mode": mode}), content, world)


@root_only
def test_changing_the_owner_obeys_the_laws(world: Path, content: KeptContent) -> None:
    (world / "d").mkdir()
    (world / "d").chmod(0o6755)
    os.setxattr(world / "d", "user.note", b"\0kept")
    params = {"path": str(world / "d"), "owner": "nobody", "group": "daemon", "mode": "2750"}
    obeys_the_laws(build(Directory, params), content, world)


@pytest.mark.parametrize("mode", [0o755, 0o2711, 0o1777])
def test_removing_a_directory_obeys_the_laws(world: Path, content: KeptContent, mode: int) -> None:
    (world / "d").mkdir()
    (world / "d").chmod(mode)
    os.setxattr(world / "d", "user.note", b"\0kept")
    obeys_the_laws(build(Directory, {"path": str(world / "d"), "ensure": "absent"}), content, world)


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_strange_name_is_a_name(world: Path, content: KeptContent, name: str) -> None:
    obeys_the_laws(build(Directory, {"path": f"{world}/{name}"}), content, world)


def test_an_ordinary_user_obeys_the_laws() -> None:
    with world_of_an_ordinary_user() as world:
        run_as_ordinary_user(
            """
from laws import build, obeys_the_laws
from cutter.filesystem.kept import KeptContent
from cutter.resources.target.directory import Directory
kept = KeptContent(str(world / "kept"))
(world / "in").mkdir()
closed = world / "in" / "closed"
closed.mkdir()
obeys_the_laws(build(Directory, {"path": str(closed / "d"), "mode": "2700"}), kept, world / "in")
obeys_the_laws(build(Directory, {"path": str(closed), "mode": "0311"}), kept, world / "in")
closed.chmod(0o311)  # to pass and to make, not to list
Directory({"path": str(closed / "d")}).apply(type("C", (), {"after": {"mode": "0700"}, "before": None}), kept)
assert Directory({"path": str(closed / "d")}).observe()["mode"] == "0700"
closed.chmod(0o700)
""",
            world,
        )


def test_a_second_observer_agrees(world: Path, content: KeptContent) -> None:
    resource = build(Directory, {"path": str(world / "d"), "mode": "2750"})
    resource.apply(change_of(resource), content)
    seen = testinfra.get_host("local://").file(str(world / "d"))
    assert seen.is_directory
    assert seen.mode == 0o2750
    found = resource.observe()
    assert found is not None
    assert (seen.user, seen.group) == (found["owner"], found["group"])


@root_only
def test_a_second_observer_agrees_on_the_owner(world: Path, content: KeptContent) -> None:
    resource = build(Directory, {"path": str(world / "d"), "owner": "nobody", "group": "daemon"})
    resource.apply(change_of(resource), content)
    seen = testinfra.get_host("local://").file(str(world / "d"))
    assert (seen.user, seen.group, seen.mode) == ("nobody", "daemon", 0o755)


def test_an_undeclared_owner_is_not_desired_and_a_group_may_be_inherited(world: Path) -> None:
    assert build(Directory, {"path": str(world / "d")}).desired() == {"mode": "0755"}


@root_only
@pytest.mark.parametrize(("owner", "group"), [("54321", "54322"), ("0", "0")])
def test_numbers_are_owners_too(world: Path, content: KeptContent, owner: str, group: str) -> None:
    resource = build(Directory, {"path": str(world / "d"), "owner": owner, "group": group})
    resource.apply(change_of(resource), content)
    assert ((world / "d").stat().st_uid, (world / "d").stat().st_gid) == (int(owner), int(group))
    assert change_of(resource).empty


@pytest.mark.parametrize("key", ["owner", "group"])
def test_an_unknown_name_is_a_conflict_before_anything_is_made(
    world: Path, content: KeptContent, key: str
) -> None:
    resource = build(Directory, {"path": str(world / "d"), key: "no-such-name"})
    change = change_of(resource)
    with pytest.raises(Conflict, match="no-such-name"):
        resource.apply(change, content)
    assert not (world / "d").exists()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a directory"])
def test_another_thing_in_the_way_is_named_and_left(world: Path, content: KeptContent, kind: str) -> None:
    KINDS[kind](world / "d")
    resource = build(Directory, {"path": str(world / "d")})
    before = snapshot(world)
    with pytest.raises(Conflict, match=f"is {kind}"):
        resource.observe()
    for change in (Change(None, {"mode": "0755"}), Change({"mode": "0755"}, None)):
        with pytest.raises(Conflict, match=f"is {kind}"):
            resource.apply(change, content)
    assert snapshot(world) == before


def test_a_symbolic_link_on_the_way_is_refused_with_the_real_path(world: Path, content: KeptContent) -> None:
    (world / "real").mkdir()
    (world / "link").symlink_to("real")
    resource = build(Directory, {"path": str(world / "link" / "d")})
    with pytest.raises(Conflict, match=r"is a symbolic link to real; write the real path") as refused:
        resource.observe()
    assert str(world / "real" / "d") in refused.value.cause
    with pytest.raises(Conflict):
        resource.apply(Change(None, {"mode": "0755"}), content)
    assert not list((world / "real").iterdir())


def test_a_missing_parent_is_nothing_to_see_and_named_when_needed(world: Path, content: KeptContent) -> None:
    resource = build(Directory, {"path": str(world / "a" / "b" / "c")})
    change = change_of(resource)
    assert change.creates
    with pytest.raises(PreconditionError) as refused:
        resource.apply(change, content)
    assert f"{world / 'a'} does not exist" in refused.value.cause
    assert str(world / "a") in refused.value.remedy


def test_a_full_directory_is_not_removed(world: Path, content: KeptContent) -> None:
    (world / "d").mkdir()
    (world / "d" / "inner").write_text("stays")
    resource = build(Directory, {"path": str(world / "d"), "ensure": "absent"})
    with pytest.raises(Conflict, match="is not empty"):
        resource.apply(change_of(resource), content)
    assert (world / "d" / "inner").read_text() == "stays"


def test_a_mount_point_is_not_removed(world: Path) -> None:
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no mount name space of our own here")
    code = Path(__file__).parent.parent.parent
    program = f"""
import sys; sys.path.insert(0, {str(code)!r})
from cutter.errors import Conflict
from cutter.model.state import Change
from cutter.resources.target.directory import Directory
try:
    Directory({{"path": {str(world)!r}, "ensure": "absent"}}).apply(Change({{}}, None), None)
except Conflict as refused:
    print(refused.cause, refused.remedy)
"""
    mount = [
        "sh",
        "-c",
        'mount -t tmpfs none "$1" && exec "$2" -I -S -c "$3"',
        "sh",
        str(world),
        shutil.which("python3") or "",
        program,
    ]
    ended = subprocess.run(["unshare", "-m", *mount], capture_output=True, text=True, check=False)
    assert f"{world} is a mount point umount {world} first" in ended.stdout, ended.stderr


def test_a_folder_that_may_not_be_passed_is_a_refusal_with_a_remedy() -> None:
    with world_of_an_ordinary_user() as world:
        said = run_as_ordinary_user(
            """
from cutter.errors import PermissionRefused
from cutter.resources.target.directory import Directory
(world / "shut").mkdir()
(world / "shut").chmod(0)
try:
    Directory({"path": str(world / "shut" / "in" / "d")}).observe()
except PermissionRefused as refused:
    print(refused.cause, "|", refused.remedy)
try:
    Directory({"path": "/usr/cutter-test"}).apply(type("C", (), {"after": {"mode": "0700"}}), None)
except PermissionRefused as refused:
    print(refused.cause, "|", refused.remedy)
(world / "shut").chmod(0o700)
""",
            world,
        )
    passing, making = said.splitlines()
    assert passing.startswith(f"passing through {world}/shut")
    assert making.startswith("making /usr/cutter-test")
    assert "run as root (become)" in passing
    assert "run as root (become)" in making


@root_only
def test_a_failure_half_way_leaves_no_directory(world: Path, content: KeptContent) -> None:
    resource = build(Directory, {"path": str(world / "d")})
    with pytest.raises(StepFailed, match="making"):
        resource.apply(Change(None, {"mode": "0755", "xattr:nonsense.name": "AA=="}), content)
    assert not (world / "d").exists()


@pytest.mark.parametrize("path", ["relative", "/a/../b", "/a/./b", "/a//b", "/a//", "/", "/a\0b"])
def test_a_path_that_is_not_plain_is_a_complaint_and_never_walked(path: str) -> None:
    assert [complaint.path for complaint in type_complaints(Directory, {"path": path})] == [("path",)]
    with pytest.raises(InvalidDocument):
        Directory({"path": path}).observe()


def test_a_path_with_a_reference_is_judged_later() -> None:
    assert type_complaints(Directory, {"path": "/{{ facts.user }}/./x"}) == []
