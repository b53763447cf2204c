"""A backup is taken whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from cutter.backup.drill import drill
from cutter.backup.manifest import manifest_path, read_manifest
from cutter.backup.taking import take

if TYPE_CHECKING:
    from governed import Governed

    from cutter.backup.policy import Policy


def test_a_backup_is_taken_described_and_restored(governed: Governed, policy: Policy) -> None:
    manifest = take(governed.provider, policy, "run-1")

    folder, file = Path(policy.folder), Path(manifest.file)
    assert sorted(path.name for path in folder.iterdir()) == [file.name, file.name + ".json"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert read_manifest(manifest_path(manifest.file)) == manifest
    assert manifest.identity == governed.context.identity()
    assert "cutter.information_unit" in manifest.content
    assert "cutter.kill_switch" not in manifest.content
    assert drill(governed.provider, policy, manifest) == len(manifest.content)
