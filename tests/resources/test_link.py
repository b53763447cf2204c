from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import testinfra
from laws import build, change_of, obeys_the_laws, snapshot
from ordinary import run_as_ordinary_user, world_of_an_ordinary_user
from things import KINDS, STRANGE_NAMES

from cutter.errors import Conflict, PreconditionError
from cutter.filesystem.kept import KeptContent
from cutter.model.state import Change
from cutter.resource import type_complaints
from cutter.resources.target.link import Link

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")


@pytest.mark.parametrize("target", ["/nowhere/at/all", "../beside", "d", "caf\udce9", "-n", "two\nlines"])
def test_making_a_link_obeys_the_laws(world: Path, content: KeptContent, target: str) -> None:
    obeys_the_laws(build(Link, {"path": str(world / "l"), "target": target}), content, world)


def test_redirecting_a_link_obeys_the_laws_and_never_follows_it(world: Path, content: KeptContent) -> None:
    (world / "d").mkdir()
    (world / "d" / "inner").write_text("stays")
    (world / "l").symlink_to("d")
    obeys_the_laws(build(Link, {"path": str(world / "l"), "target": "elsewhere"}), content, world)


def test_removing_a_link_obeys_the_laws(world: Path, content: KeptContent) -> None:
    (world / "f").write_text("stays")
    (world / "l").symlink_to(world / "f")
    obeys_the_laws(build(Link, {"path": str(world / "l"), "ensure": "absent"}), content, world)


@root_only
def test_the_owner_of_a_link_obeys_the_laws(world: Path, content: KeptContent) -> None:
    (world / "f").write_text("mine")
    (world / "l").symlink_to("f")
    params = {"path": str(world / "l"), "target": "f", "owner": "nobody", "group": "daemon"}
    obeys_the_laws(build(Link, params), content, world)
    assert (world / "f").stat().st_uid == 0


@root_only
def test_a_redirected_link_keeps_the_owner_that_is_not_declared(world: Path, content: KeptContent) -> None:
    (world / "l").symlink_to("old")
    os.chown(world / "l", 12, 34, follow_symlinks=False)
    obeys_the_laws(build(Link, {"path": str(world / "l"), "target": "new"}), content, world)
    resource = build(Link, {"path": str(world / "l"), "target": "new"})
    resource.apply(change_of(resource), content)
    assert ((world / "l").lstat().st_uid, (world / "l").lstat().st_gid) == (12, 34)


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_strange_name_is_a_name(world: Path, content: KeptContent, name: str) -> None:
    (world / name).symlink_to("old")
    obeys_the_laws(build(Link, {"path": f"{world}/{name}", "target": "new"}), content, world)


def test_an_ordinary_user_obeys_the_laws() -> None:
    with world_of_an_ordinary_user() as world:
        run_as_ordinary_user(
            """
from laws import build, obeys_the_laws
from cutter.filesystem.kept import KeptContent
from cutter.resources.target.link import Link
kept = KeptContent(str(world / "kept"))
inner = world / "in"
inner.mkdir()
(inner / "old").symlink_to("/etc/passwd")
for name in ("old", "new"):
    obeys_the_laws(build(Link, {"path": str(inner / name), "target": "/etc/group"}), kept, inner)
""",
            world,
        )


def test_a_second_observer_agrees(world: Path, content: KeptContent) -> None:
    (world / "f").write_text("mine")
    for target in (str(world / "nothing"), str(world / "f")):
        resource = build(Link, {"path": str(world / "l"), "target": target})
        resource.apply(change_of(resource), content)
    seen = testinfra.get_host("local://").file(str(world / "l"))
    assert seen.is_symlink
    assert seen.linked_to == str(world / "f")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a symbolic link"])
def test_another_thing_in_the_way_is_named_and_left(world: Path, content: KeptContent, kind: str) -> None:
    KINDS[kind](world / "l")
    resource = build(Link, {"path": str(world / "l"), "target": "t"})
    before = snapshot(world)
    with pytest.raises(Conflict, match=f"is {kind}, not a symbolic link"):
        resource.observe()
    for change in (Change(None, {"target": "t"}), Change({"target": "t"}, None)):
        with pytest.raises(Conflict, match=f"is {kind}"):
            resource.apply(change, content)
    assert snapshot(world) == before


def test_a_link_on_the_way_is_refused(world: Path) -> None:
    (world / "real").mkdir()
    (world / "way").symlink_to("real")
    with pytest.raises(Conflict, match="write the real path"):
        build(Link, {"path": str(world / "way" / "l"), "target": "t"}).observe()


def test_a_missing_parent_is_named(world: Path, content: KeptContent) -> None:
    resource = build(Link, {"path": str(world / "a" / "l"), "target": "t"})
    with pytest.raises(PreconditionError, match="does not exist"):
        resource.apply(change_of(resource), content)


@root_only
def test_an_unknown_owner_is_a_conflict_and_leaves_no_trace(world: Path, content: KeptContent) -> None:
    (world / "l").symlink_to("old")
    before = snapshot(world)
    resource = build(Link, {"path": str(world / "l"), "target": "new", "owner": "no-such-name"})
    with pytest.raises(Conflict, match="there is no user no-such-name"):
        resource.apply(change_of(resource), content)
    assert snapshot(world) == before


def test_a_link_is_replaced_in_one_move(
    world: Path, content: KeptContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world / "l").symlink_to("old")
    seen = []
    rename = os.rename

    def watched(*names: str, **fds: Any) -> None:
        seen.append((world / "l").readlink())
        rename(*names, **fds)

    monkeypatch.setattr(os, "rename", watched)
    resource = build(Link, {"path": str(world / "l"), "target": "new"})
    resource.apply(change_of(resource), content)
    assert seen == [Path("old")]
    assert list(world.iterdir()) == [world / "l"]


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"path": "/l"}, ()),
        ({"path": "/l", "target": ""}, ()),
        ({"path": "/l", "target": "a\0b"}, ("target",)),
        ({"path": "/../l", "target": "t"}, ("path",)),
    ],
)
def test_what_cannot_be_a_link_is_a_complaint(params: dict[str, str], path: tuple[str, ...]) -> None:
    assert [complaint.path for complaint in type_complaints(Link, params)] == [path]


def test_an_absent_link_needs_no_target() -> None:
    assert type_complaints(Link, {"path": "/l", "ensure": "absent"}) == []
