"""An upgrade where the units are in an adopted table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adoption import test_upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from cutter.database.connections import ConnectionProvider


def test_what_is_cut_stays_through_an_upgrade(provider: ConnectionProvider, tmp_path: Path) -> None:
    test_upgrade.test_what_is_cut_stays_through_an_upgrade(provider, tmp_path)


def test_an_upgrade_killed_before_its_commit_leaves_the_old_one_whole(
    provider: ConnectionProvider, tmp_path: Path
) -> None:
    test_upgrade.test_an_upgrade_killed_before_its_commit_leaves_the_old_one_whole(provider, tmp_path)
