"""This machine at the real paths of the seed, in a mount namespace so that it stays as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]
CUTTER = 'from cutter.cli.main import entry; import sys; sys.argv[:1] = ["cutter"]; entry()'
SCRIPT = """
set -u
mount -t tmpfs none /var/lib && mount -t tmpfs none /opt || exit 90
cutter() { "$PYTHON" -c "$CODE" "$@"; }
cutter apply --yes runbooks/gap5.yml >/dev/null 2>refused; echo "bare $?"
cutter apply --yes runbooks/provision-vps.yml runbooks/gap5.yml >applied 2>&1; echo "both $?"
cutter gaps --format json >gaps.json
cd /var/lib/cutter && stat -c "%U:%G %a %n" runs state backups /opt/incomex/docker/.env && cd - >cd
cutter apply --yes runbooks/provision-vps.yml runbooks/gap5.yml >again 2>&1; echo "again $?"
"""


def _may_unshare() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    trial = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


@pytest.mark.root
@pytest.mark.skipif(not _may_unshare(), reason="needs root and mount namespaces")
def test_a_bare_machine_is_refused_then_provisioned_then_closed(tmp_path: Path) -> None:
    for name in ("runbooks", "inventory"):
        shutil.copytree(TREE / name, tmp_path / name)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHON": sys.executable,
        "CODE": CUTTER,
        "PYTHONPATH": str(TREE),
    }
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", SCRIPT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "bare 10",
        "both 0",
        "root:root 750 runs",
        "root:root 750 state",
        "root:root 750 backups",
        "root:root 600 /opt/incomex/docker/.env",
        "again 0",
    ], done.stderr
    assert "runbooks/provision-vps.yml" in (tmp_path / "refused").read_text()
    assert "SANDBOX" not in (tmp_path / "applied").read_text()
    status = {gap["id"]: gap["status"] for gap in json.loads((tmp_path / "gaps.json").read_text())["gaps"]}
    assert (status["GAP5"], status["F4"]) == ("CLOSED", "PARTIAL")
    assert "6 ok" in (tmp_path / "again").read_text()
