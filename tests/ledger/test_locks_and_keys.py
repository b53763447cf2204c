"""Run locks that die with their holder, the digest key, checkpoints as text."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cutter.errors import ConfigurationError, LedgerError, LockHeld
from cutter.ledger.checkpoint import Checkpoint, parse_checkpoint
from cutter.ledger.digest_key import FILE, digest_key
from cutter.ledger.locks import RunLock


@contextmanager
def _holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold a lock in a process of its own, until it is told to end or the test is over."""
    script = f"""
    from cutter.ledger.locks import RunLock
    import sys
    with RunLock({str(path)!r}):
        print("held", flush=True)
        sys.stdin.read()
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=pipe, stdout=pipe, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child


def test_a_second_run_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.lock"
    with _holder(path) as holder:
        with pytest.raises(LockHeld, match=r"another run \(process") as caught, RunLock(str(path)):
            pass
        assert f"process {holder.pid} of " in caught.value.cause
        assert " s) works here" in caught.value.cause
    with RunLock(str(path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b""


def test_the_lock_dies_with_its_holder_and_what_it_wrote_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with _holder(path) as holder:
        holder.kill()
    assert str(holder.pid).encode() in path.read_bytes()
    with RunLock(str(path)):
        assert str(os.getpid()).encode() in path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"[]", b'{"pid": "x"}', b'{"pid": 1, "since": 3}'])
def test_a_holder_whose_words_cannot_be_read_is_still_a_holder(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.lock"
    with RunLock(str(path)):
        path.write_bytes(content)
        with pytest.raises(LockHeld, match="another run works here"), RunLock(str(path)):
            pass


def test_a_waiter_gives_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with _holder(path), pytest.raises(LockHeld), RunLock(str(path), timeout=0.2):
        pass


def test_a_waiter_gets_the_lock_when_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, pauses = tmp_path / "run.lock", list[float]()
    with _holder(path) as holder:

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            holder.communicate("")

        monkeypatch.setattr("cutter.ledger.locks.time.sleep", pause)
        with RunLock(str(path), timeout=600):
            assert len(pauses) == 1


def test_a_child_program_does_not_inherit_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with RunLock(str(path)):
        child = subprocess.Popen(["sleep", "1000"])
    try:
        with RunLock(str(path)):
            pass
    finally:
        child.kill()
        child.wait()


def test_the_digest_key_is_made_once_and_only_when_asked(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    assert digest_key(str(folder), create=False) is None
    assert not folder.exists()
    key = digest_key(str(folder), create=True)
    assert key is not None
    assert len(key) == 32
    assert digest_key(str(folder), create=True) == digest_key(str(folder), create=False) == key
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_a_key_that_was_used_before_it_was_made_is_the_one_that_is_made(tmp_path: Path) -> None:
    used = bytes(range(32))
    assert digest_key(str(tmp_path), create=True, new=used) == used
    assert digest_key(str(tmp_path), create=True, new=bytes(32)) == used


def test_many_who_make_the_digest_key_at_once_agree(tmp_path: Path) -> None:
    script = f"""
    from cutter.ledger.digest_key import digest_key
    print(digest_key({str(tmp_path)!r}, create=True).hex())
    """
    made = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert len({child.communicate()[0] for child in made}) == 1


@pytest.mark.parametrize(("content", "mode"), [(b"short", 0o600), (b"x" * 33, 0o600), (b"x" * 32, 0o640)])
def test_a_key_that_others_can_read_or_that_is_none_is_refused(
    tmp_path: Path, content: bytes, mode: int
) -> None:
    (tmp_path / FILE).write_bytes(content)
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        digest_key(str(tmp_path), create=True)
    assert caught.value.remedy
    assert (tmp_path / FILE).read_bytes() == content


CHECKPOINT = Checkpoint("0a" * 16, 12, "v1:" + "b" * 64, "2026-05-21T07:08:09.123Z")


def test_a_checkpoint_is_the_text_it_was_written_as() -> None:
    assert parse_checkpoint(CHECKPOINT.text()) == CHECKPOINT
    assert CHECKPOINT.text().splitlines()[:3] == [
        "cutter ledger checkpoint v1",
        f"ledger {'0a' * 16}",
        "seq 12",
    ]


@pytest.mark.parametrize(
    "text", ["", CHECKPOINT.text() + "\n", CHECKPOINT.text().replace("\n", "\r\n"), " " + CHECKPOINT.text()]
)
def test_anything_else_is_no_checkpoint(text: str) -> None:
    with pytest.raises(LedgerError, match="checkpoint"):
        parse_checkpoint(text, "kept.txt")
