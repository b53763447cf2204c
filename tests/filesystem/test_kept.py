from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from ordinary import run_as_ordinary_user, world_of_an_ordinary_user

from cutter.errors import PermissionRefused
from cutter.filesystem.kept import KeptContent
from cutter.model.canonical import bytes_digest
from cutter.model.secret import keyed_digest

OLD = b"old\0bytes"
DIGEST = bytes_digest(OLD)


@pytest.fixture
def kept(tmp_path: Path) -> KeptContent:
    return KeptContent(str(tmp_path / "var" / "kept"))


def test_what_is_kept_comes_back_in_another_process(kept: KeptContent) -> None:
    kept.keep(OLD, DIGEST)
    assert KeptContent(kept.folder).bytes_of(DIGEST) == OLD


def test_nothing_is_made_before_the_first_keep(kept: KeptContent) -> None:
    kept.offer(DIGEST, OLD)
    with pytest.raises(LookupError):
        kept.bytes_of(bytes_digest(b"other"))
    assert kept.bytes_of(DIGEST) == OLD
    assert kept.prune(0) == 0
    assert not Path(kept.folder).exists()


def test_only_the_owner_can_read_what_is_kept(kept: KeptContent) -> None:
    before = os.umask(0)
    try:
        kept.keep(OLD, DIGEST)
    finally:
        os.umask(before)
    (blob,) = Path(kept.folder).iterdir()
    assert stat.S_IMODE(Path(kept.folder).stat().st_mode) == 0o700
    assert stat.S_IMODE(blob.stat().st_mode) == 0o600
    assert blob.name == DIGEST.replace(":", "-")


def test_a_folder_that_became_open_is_shut_again(kept: KeptContent) -> None:
    kept.keep(OLD, DIGEST)
    Path(kept.folder).chmod(0o755)
    kept.keep(b"more", bytes_digest(b"more"))
    assert stat.S_IMODE(Path(kept.folder).stat().st_mode) == 0o700


def test_a_keyed_digest_is_a_name_too(kept: KeptContent) -> None:
    digest = keyed_digest(b"key", OLD)
    kept.keep(OLD, digest)
    assert KeptContent(kept.folder).bytes_of(digest) == OLD


@pytest.mark.parametrize(
    "digest", ["../../etc/passwd", "sha256:../x", "", "sha256:" + "A" * 64, DIGEST + "\n"]
)
def test_what_is_no_digest_is_no_path(kept: KeptContent, digest: str) -> None:
    with pytest.raises(LookupError, match="is not a digest"):
        kept.bytes_of(digest)
    with pytest.raises(LookupError, match="is not a digest"):
        kept.keep(OLD, digest)


def test_damaged_bytes_are_not_given_back_and_are_healed_by_keeping_again(kept: KeptContent) -> None:
    kept.keep(OLD, DIGEST)
    (blob,) = Path(kept.folder).iterdir()
    blob.write_bytes(OLD[:-1])
    with pytest.raises(LookupError, match="damaged"):
        kept.bytes_of(DIGEST)
    kept.keep(OLD, DIGEST)
    assert kept.bytes_of(DIGEST) == OLD


def test_pruning_forgets_by_age_and_keeping_again_renews_it(kept: KeptContent) -> None:
    for text in (b"a", b"b", b"c"):
        kept.keep(text, bytes_digest(text))
    long_ago = time.time() - 10 * 86_400
    for path in Path(kept.folder).iterdir():
        os.utime(path, (long_ago, long_ago))
    kept.keep(b"a", bytes_digest(b"a"))
    partial = Path(kept.folder) / f".{DIGEST.replace(':', '-')}.0123456789abcdef"
    for other in (Path(kept.folder) / "README", partial):
        other.write_text("not a blob")
        os.utime(other, (long_ago, long_ago))
    assert kept.prune(11) == 0
    assert kept.prune(9) == 3
    assert not partial.exists()
    assert kept.bytes_of(bytes_digest(b"a")) == b"a"
    assert (Path(kept.folder) / "README").exists()


def test_an_interrupted_keep_leaves_nothing_that_could_be_taken_for_a_blob(
    kept: KeptContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(fd: int) -> None:
        raise KeyboardInterrupt(fd)

    kept.keep(b"first", bytes_digest(b"first"))
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kept.keep(OLD, DIGEST)
    assert [path.name for path in Path(kept.folder).iterdir()] == [bytes_digest(b"first").replace(":", "-")]


def test_the_folder_is_not_reached_through_a_link(kept: KeptContent, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "theirs").mkdir()
    Path(kept.folder).symlink_to(tmp_path / "theirs")
    with pytest.raises(Exception, match="keeping replaced bytes"):
        kept.keep(OLD, DIGEST)
    assert not list((tmp_path / "theirs").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
def test_a_folder_of_somebody_else_is_not_used(kept: KeptContent) -> None:
    Path(kept.folder).mkdir(parents=True)
    os.chown(kept.folder, 12, 34)
    with pytest.raises(PermissionRefused, match="belongs to uid 12"):
        kept.keep(OLD, DIGEST)


def test_an_ordinary_user_keeps_too() -> None:
    with world_of_an_ordinary_user() as world:
        said = run_as_ordinary_user(
            """
from cutter.errors import PermissionRefused
from cutter.filesystem.kept import KeptContent
from cutter.model.canonical import bytes_digest
kept = KeptContent(str(world / "deep" / "kept"))
kept.keep(b"x", bytes_digest(b"x"))
print(KeptContent(kept.folder).bytes_of(bytes_digest(b"x")))
try:
    KeptContent("/usr/kept").keep(b"x", bytes_digest(b"x"))
except PermissionRefused as refused:
    print(refused.cause)
""",
            world,
        )
        assert said.splitlines()[0] == "b'x'"
        assert "keeping replaced bytes in /usr/kept" in said
