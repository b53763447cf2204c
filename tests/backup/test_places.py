"""How many backups stay, and a second place for each."""

from __future__ import annotations

import os
import subprocess
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cutter.backup import second_place
from cutter.backup.manifest import Manifest, manifest_path, write_manifest
from cutter.backup.records import TAKEN, entry, records, state_of
from cutter.backup.retention import found_in, remove, superfluous
from cutter.backup.taking import take
from cutter.errors import BackupFailed

if TYPE_CHECKING:
    from governed import Governed

    from cutter.backup.policy import Policy


def made(folder: Path, number: int, **other: str) -> Manifest:
    """Write a file and a manifest as if it had been backed up on the day of that number."""
    file = folder / f"governed-2026010{number}.dump.gpg"
    file.write_bytes(b"sealed")
    day = f"2026-01-0{number}T00:00:00Z"
    known = {"database": "governed", "identity": "here", "run": f"run-{number}", "taken_at": day, **other}
    described = {**known, "server": "17", "dumped_by": "17", "snapshot": "1", "sha256": "sha256:0"}
    keys = {"encrypted_to": "K", "signed_by": "K"}
    manifest = Manifest(
        file=str(file), size=6, schemas=("cutter",), tables=(), content={}, **described, **keys
    )
    write_manifest(manifest, manifest_path(str(file)))
    return manifest


def ledger_of(governed: Governed, manifests: list[Manifest]) -> None:
    for each in manifests:
        body = entry(TAKEN, each, each.run, state_of(each))
        governed.entries.append(("backup", each.taken_at, body))


def names(manifests: list[Manifest]) -> list[str]:
    return [each.name[15:17] for each in manifests]


@pytest.mark.parametrize(
    ("keep", "gone"), [(1, ["01", "02", "03"]), (2, ["01", "02"]), (4, []), (9, [])], ids=str
)
def test_the_oldest_go_first_and_the_newest_stays(
    keep: int, gone: list[str], governed: Governed, tmp_path: Path
) -> None:
    all_of_them = [made(tmp_path, number) for number in (3, 1, 4, 2)]
    ledger_of(governed, all_of_them)
    known = list(records(governed.entries_of))
    found = superfluous(found_in(str(tmp_path)), known, all_of_them[2], keep)
    assert names(found) == gone
    remove(found)
    left = sorted({path.name.removesuffix(".json") for path in tmp_path.iterdir() if "dump" in path.name})
    assert [name[15:17] for name in left] == sorted({"01", "02", "03", "04"} - set(gone))


def test_what_is_not_ours_or_not_proven_never_goes(governed: Governed, tmp_path: Path) -> None:
    proven, newest = made(tmp_path, 1), made(tmp_path, 5)
    made(tmp_path, 2)
    other = made(tmp_path, 3, identity="elsewhere")
    altered = made(tmp_path, 4)
    ledger_of(governed, [proven, newest, other, altered])
    Path(manifest_path(altered.file)).write_text(altered._replace(sha256="sha256:1").text(), encoding="utf-8")
    (tmp_path / "mine.dump.gpg").write_bytes(b"by hand")
    found = superfluous(found_in(str(tmp_path)), records(governed.entries_of), newest, 1)
    assert names(found) == ["01"]


def test_the_last_good_one_stays_though_newer_ones_are_not_good(governed: Governed, tmp_path: Path) -> None:
    good = made(tmp_path, 1)
    made(tmp_path, 2)
    made(tmp_path, 3)
    ledger_of(governed, [good])
    assert superfluous(found_in(str(tmp_path)), records(governed.entries_of), good, 1) == []


def test_a_copy_is_made_and_compared(governed: Governed, policy: Policy, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    manifest = take(governed.provider, policy._replace(copy_to=str(away)), "run-1")
    copy = away / manifest.name
    assert copy.read_bytes() == Path(manifest.file).read_bytes()
    assert Path(manifest_path(str(copy))).read_text() == manifest.text()
    assert len(list(away.iterdir())) == 2


def test_two_of_one_second_stand_in_the_order_in_which_they_were_taken(
    governed: Governed, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks, falling = count(10**18, 1_000), count(1)
    monkeypatch.setattr("cutter.backup.taking.time.time_ns", lambda: next(ticks))
    monkeypatch.setattr(
        "cutter.backup.taking.os.urandom", lambda size: (256**size - next(falling)).to_bytes(size, "big")
    )
    taken = [take(governed.provider, policy, run).name for run in ("run-1", "run-2", "run-3")]
    assert [each.name for each in found_in(policy.folder)] == taken


def refused(governed: Governed, policy: Policy) -> str:
    with pytest.raises(BackupFailed) as caught:
        take(governed.provider, policy, "run-1")
    folder = Path(policy.folder)
    assert not folder.exists() or list(folder.iterdir()) == []
    return caught.value.cause


def test_a_second_place_that_is_not_there(governed: Governed, policy: Policy, tmp_path: Path) -> None:
    gone = policy._replace(copy_to=str(tmp_path / "unmounted"))
    assert "unmounted cannot be reached" in refused(governed, gone)


def test_a_second_place_on_the_same_disk(governed: Governed, policy: Policy, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    cause = refused(governed, policy._replace(copy_to=str(away), off_host=True))
    assert "nothing is mounted there" in cause


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_second_place_that_is_full(governed: Governed, policy: Policy, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(away)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        cause = refused(governed, policy._replace(copy_to=str(away), off_host=True))
        assert "No space left on device" in cause
        assert list(away.iterdir()) == []
    finally:
        subprocess.run(["umount", str(away)], check=True)


def test_a_copy_that_came_out_otherwise(
    governed: Governed, policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "away"
    away.mkdir()

    def careless(source: str, path: str) -> None:
        content = Path(source).read_bytes()
        Path(path).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    monkeypatch.setattr(second_place, "_copy", careless)
    assert "altered, or another one" in refused(governed, policy._replace(copy_to=str(away)))
    assert list(away.iterdir()) == []
