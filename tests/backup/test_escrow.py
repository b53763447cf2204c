"""The key of the backups in the hands of a person, who alone can use it to read a backup elsewhere."""

from __future__ import annotations

import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from laws import change_of

from cutter.backup.drill import drill
from cutter.backup.taking import take
from cutter.errors import BackupFailed, Unavailable
from cutter.gpg.encrypting import demand_sealed
from cutter.gpg.keyring import keys as keys_of
from cutter.model.state import Change
from cutter.resource import Resource

if TYPE_CHECKING:
    from backup_keys import Keys
    from governed import Governed

    from cutter.backup.policy import Policy


@pytest.fixture
def step(governed: Governed, keys: Keys, tmp_path: Path) -> Resource:
    """Give the step, which has not been applied."""
    certificate = keys.published(tmp_path / "person.asc")
    words: dict[str, Any] = {"home": keys.home, "recipient": keys.backup, "person": keys.other}
    file = str(tmp_path / "escrow.gpg")
    return governed.resource("key_escrow", **words, certificate=str(certificate), file=file)


def test_the_person_restores_a_backup_on_another_box(
    governed: Governed, keys: Keys, policy: Policy, step: Resource, tmp_path: Path
) -> None:
    manifest = take(governed.provider, policy, "run-1")
    governed.apply(step)
    file = tmp_path / "escrow.gpg"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open("rb") as sealed:
        demand_sealed(sealed, "it", list(keys_of(keys.other_home)))
    opened = subprocess.run(
        ["gpg", "-q", "--homedir", keys.other_home, "-d", str(file)], check=True, capture_output=True
    )
    box = Path(tempfile.mkdtemp(prefix="box-", dir="/tmp"))
    try:
        subprocess.run(
            ["gpg", "-q", "--batch", "--homedir", box, "--import"], input=opened.stdout, check=True
        )
        elsewhere = policy._replace(home=str(box))
        assert drill(governed.provider, elsewhere, manifest) == len(manifest.content)
    finally:
        for home in (str(box), keys.other_home):
            subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        shutil.rmtree(box)


def test_the_private_key_is_in_no_file_in_the_clear(
    governed: Governed, step: Resource, tmp_path: Path
) -> None:
    governed.apply(step)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"PRIVATE KEY" not in path.read_bytes()


def test_a_certificate_of_somebody_else_is_refused(
    governed: Governed, keys: Keys, step: Resource, tmp_path: Path
) -> None:
    step.person = keys.backup  # type: ignore[attr-defined]
    with pytest.raises(BackupFailed, match="and not just"):
        step.apply(change_of(step), governed.content)
    assert not (tmp_path / "escrow.gpg").exists()


def test_a_certificate_that_is_not_there_is_said(step: Resource, tmp_path: Path, governed: Governed) -> None:
    (tmp_path / "person.asc").unlink()
    with pytest.raises(Unavailable, match=r"person\.asc cannot be read"):
        step.apply(Change(None, {"verdict": "in escrow"}), governed.content)


def test_an_altered_file_is_no_escrow(governed: Governed, step: Resource, tmp_path: Path) -> None:
    governed.apply(step)
    seen = step.observe()
    body = {"type": "key_escrow", "outcome": "changed", "run": "r", "identity": "", "observed": seen}
    governed.entries.append(("evidence", "2026-01-01T00:00:00Z", body))
    step._told = None  # type: ignore[attr-defined]
    assert change_of(step).empty
    (tmp_path / "escrow.gpg").write_bytes(b"something else")
    assert change_of(step).keys == {"verdict"}


def test_its_inverse_removes_the_file(governed: Governed, step: Resource, tmp_path: Path) -> None:
    change = governed.apply(step)
    step.apply(change.inverse(), governed.content)
    assert not (tmp_path / "escrow.gpg").exists()
    assert step.observe() is None
