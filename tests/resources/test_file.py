from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import testinfra
from desk import FolderDesk, apply, file_of
from laws import change_of, obeys_the_laws
from ordinary import run_as_ordinary_user, world_of_an_ordinary_user
from things import STRANGE_NAMES

from cutter.errors import (
    Unavailable,
)
from cutter.filesystem.kept import KeptContent
from cutter.model.secret import Secret
from cutter.resource import Resource
from cutter.resources.target.file import File

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")


@pytest.mark.parametrize("mode", ["0644", "0600", "4750", "2755", "0400"])
@pytest.mark.parametrize("text", ["", "one line\n", "ü" * 5_000])
def test_making_a_file_obeys_the_laws(
    world: Path, content: KeptContent, desk: FolderDesk, mode: str, text: str
) -> None:
    obeys_the_laws(file_of(world / "f", desk, content=text, mode=mode), content, world)


@pytest.mark.parametrize("mode", [0o644, 0o6711, 0o600])
def test_replacing_a_file_obeys_the_laws(
    world: Path, content: KeptContent, desk: FolderDesk, mode: int
) -> None:
    (world / "f").write_bytes(b"old\0bytes")
    os.setxattr(world / "f", "user.note", b"\0kept")
    (world / "f").chmod(mode)
    obeys_the_laws(file_of(world / "f", desk, content="new"), content, world)


@pytest.mark.parametrize("mode", ["0644", "4711", "0000"])
def test_changing_the_mode_alone_obeys_the_laws_and_leaves_the_content(
    world: Path, content: KeptContent, desk: FolderDesk, mode: str
) -> None:
    (world / "f").write_text("same")
    (world / "f").chmod(0o6751)
    if os.geteuid() != 0 and mode == "0000":
        pytest.skip("an ordinary user cannot read such a file again")
    number = (world / "f").stat().st_ino
    obeys_the_laws(file_of(world / "f", desk, content="same", mode=mode), content, world)
    assert (world / "f").stat().st_ino == number
    assert not Path(content.folder).exists()


@root_only
@pytest.mark.parametrize("text", ["same", "other"])
def test_changing_the_owner_obeys_the_laws(
    world: Path, content: KeptContent, desk: FolderDesk, text: str
) -> None:
    (world / "f").write_text("same")
    os.chown(world / "f", 12, 34)
    (world / "f").chmod(0o6755)
    resource = file_of(world / "f", desk, content=text, owner="nobody", group="daemon", mode="6750")
    obeys_the_laws(resource, content, world)


def test_removing_a_file_obeys_the_laws(world: Path, content: KeptContent, desk: FolderDesk) -> None:
    (world / "f").write_bytes(b"old\0bytes")
    os.setxattr(world / "f", "user.note", b"\0kept")
    (world / "f").chmod(0o2711)
    if os.geteuid() == 0:
        os.chown(world / "f", 12, 34)
        (world / "f").chmod(0o6711)
    obeys_the_laws(file_of(world / "f", desk, ensure="absent"), content, world)


def test_a_secret_obeys_the_laws_and_enters_the_state_keyed(
    world: Path, content: KeptContent, desk: FolderDesk
) -> None:
    (world / "f").write_text("old secret")
    resource = file_of(world / "f", desk, content=Secret("new secret"), mode="0600")
    obeys_the_laws(resource, content, world)
    for state in (resource.desired(), resource.observe()):
        assert state is not None
        assert str(state["content"]).startswith("hmac-sha256:")
    assert resource.preview(change_of(resource), content) == "***"


@pytest.mark.parametrize("name", STRANGE_NAMES)
@pytest.mark.parametrize("there", [True, False])
def test_a_strange_name_is_a_name(
    world: Path, content: KeptContent, desk: FolderDesk, name: str, there: bool
) -> None:
    if there:
        (world / name).write_text("old")
    obeys_the_laws(file_of(f"{world}/{name}", desk, content="new"), content, world)


def test_an_ordinary_user_obeys_the_laws() -> None:
    with world_of_an_ordinary_user() as world:
        run_as_ordinary_user(
            """
from laws import build, obeys_the_laws
from cutter.filesystem.kept import KeptContent
from cutter.model.canonical import bytes_digest
from cutter.resources.target.file import File
kept = KeptContent(str(world / "kept"))
kept.offer(bytes_digest(b"new"), b"new")
inner = world / "in"
inner.mkdir()
(inner / "f").write_text("old")
for name, mode in (("f", "0600"), ("g", "2755")):
    params = {"path": str(inner / name), "mode": mode, "digest": bytes_digest(b"new")}
    obeys_the_laws(build(File, params), kept, inner)
obeys_the_laws(build(File, {"path": str(inner / "f"), "ensure": "absent"}), kept, inner)
inner.chmod(0o311)  # to pass and to write, not to list
params = {"path": str(inner / "h"), "digest": bytes_digest(b"new")}
File(params).apply(type("C", (), {"after": File(params).desired(), "before": None}), kept)
assert File(params).observe()["content"] == bytes_digest(b"new")
inner.chmod(0o700)
""",
            world,
        )


def test_a_second_observer_agrees(world: Path, content: KeptContent, desk: FolderDesk) -> None:
    (world / "f").write_text("old")
    resource = file_of(world / "f", desk, content="new ünï\n", mode="4711")
    apply(resource, content)
    seen = testinfra.get_host("local://").file(str(world / "f"))
    assert seen.is_file
    assert (seen.mode, seen.content_string) == (0o4711, "new ünï\n")
    found = resource.observe()
    assert found is not None
    assert (seen.user, seen.group) == (found["owner"], found["group"])
    assert f"sha256:{seen.sha256sum}" == found["content"]


@root_only
def test_a_second_observer_agrees_on_the_owner(world: Path, content: KeptContent, desk: FolderDesk) -> None:
    apply(file_of(world / "f", desk, content="x", owner="nobody", group="daemon", mode="6750"), content)
    seen = testinfra.get_host("local://").file(str(world / "f"))
    assert (seen.user, seen.group, seen.mode) == ("nobody", "daemon", 0o6750)


def test_a_secret_without_its_key_is_unknown_and_never_ok(world: Path, desk: FolderDesk) -> None:
    (world / "f").write_text("s3cret")
    params = File.prepare({"path": str(world / "f"), "content": Secret("s3cret")}, desk)
    with pytest.raises(Unavailable):
        File(params).observe()


def test_a_thousand_small_files_are_seen(world: Path, desk: FolderDesk) -> None:
    assert [change_of(resource).empty for resource in _thousand(world, desk)] == [True] * 1_000


def _thousand(world: Path, desk: FolderDesk) -> Iterator[Resource]:
    for number in range(1_000):
        (world / str(number)).write_text(f"{number}\n")
        (world / str(number)).chmod(0o644)
        yield file_of(world / str(number), desk, content=f"{number}\n")
