from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from cutter.errors import Conflict, PermissionRefused, StepFailed, Unavailable
from cutter.filesystem import attributes
from cutter.filesystem.attributes import described, ids, ownership, put, put_in_place
from cutter.filesystem.refusals import refusals

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")


@pytest.fixture
def opened(tmp_path: Path) -> int:
    (tmp_path / "f").write_text("x")
    return os.open(tmp_path / "f", os.O_RDONLY)


def test_a_description_put_back_restores_it(opened: int) -> None:
    os.setxattr(opened, "user.note", b"\0\xff")
    os.fchmod(opened, 0o6711)
    found = described(opened, os.fstat(opened), None, None)
    assert found["mode"] == "6711"
    os.setxattr(opened, "user.note", b"other")
    os.fchmod(opened, 0o600)
    put(opened, found)
    assert described(opened, os.fstat(opened), None, None) == found


@root_only
def test_the_mode_is_set_after_the_owner_which_drops_setuid(opened: int) -> None:
    os.fchmod(opened, 0o6755)
    put(opened, {"owner": "12", "group": "34", "mode": "6755"})
    seen = os.fstat(opened)
    assert (seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)) == (12, 34, 0o6755)
    put(opened, {"owner": "13"})
    assert stat.S_IMODE(os.fstat(opened).st_mode) == 0o6755


def test_what_already_is_so_is_not_touched(opened: int) -> None:
    os.setxattr(opened, "user.note", b"same")
    before = os.fstat(opened).st_ctime_ns
    time.sleep(0.02)  # longer than the clock of a file system ticks
    put(opened, described(opened, os.fstat(opened), None, None))
    assert os.fstat(opened).st_ctime_ns == before


def test_a_declared_spelling_of_the_same_id_is_that_id() -> None:
    seen = os.stat_result((0o100644, 1, 1, 1, 0, 0, 0, 0, 0, 0))
    assert ownership(seen, "0", "00") == {"owner": "0", "group": "00"}
    assert ownership(seen, "1", None) == {"owner": "root", "group": "root"}
    assert ownership(seen, "no-such-name", "no-such-name") == {"owner": "root", "group": "root"}


def test_an_id_without_a_name_is_a_number() -> None:
    seen = os.stat_result((0o100644, 1, 1, 1, 54321, 54322, 0, 0, 0, 0))
    assert ownership(seen, None, None) == {"owner": "54321", "group": "54322"}
    assert ids({"owner": "54321", "group": "54322"}) == (54321, 54322)
    assert ids({}) == (-1, -1)


def test_an_account_that_appears_later_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    with pytest.raises(Conflict, match="there is no user late"):
        ids({"owner": "late"})
    monkeypatch.setattr(pwd, "getpwnam", lambda name: pwd.struct_passwd((name, "x", 77, 77, "", "/", "")))
    monkeypatch.setattr(attributes, "_stamp", lambda _: (1, 1))
    assert ids({"owner": "late"}) == (77, -1)


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        ("ENOSPC", StepFailed, "make room"),
        ("EDQUOT", StepFailed, "make room"),
        ("EROFS", PermissionRefused, "mount"),
        ("EPERM", PermissionRefused, "chattr -i"),
        ("EACCES", PermissionRefused, "run as root"),
        ("EMFILE", Unavailable, "ulimit -n"),
        ("EIO", StepFailed, ""),
    ],
)
def test_each_refusal_of_the_system_is_said_in_our_words(
    number: str, kind: type[Exception], words: str
) -> None:
    import errno

    with pytest.raises(kind) as refused, refusals("moving", "/x"):
        raise OSError(getattr(errno, number), "")
    assert str(refused.value).startswith("moving /x: ")
    assert words in getattr(refused.value, "remedy", "")
    assert getattr(refused.value, "world", "") == "nothing was changed"


def test_a_failure_half_way_in_place_does_not_claim_that_nothing_changed(opened: int) -> None:
    with pytest.raises(StepFailed) as failed:
        put_in_place(opened, {"xattr:nonsense.name": "AA=="}, "/x")
    assert failed.value.world == "/x may have some of its attributes already"
