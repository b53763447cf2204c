from __future__ import annotations

import base64
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from desk import FolderDesk, apply, file_of
from laws import obeys_the_laws

from cutter.filesystem.kept import KeptContent


def _access_list(named: int, rights: int, mask: int) -> bytes:
    entries = [(1, 6, -1), (2, rights, named), (4, 4, -1), (16, mask, -1), (32, 0, -1)]
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, perm, number & 0xFFFFFFFF) for tag, perm, number in entries
    )


@pytest.fixture
def listed(world: Path) -> Path:
    path = world / "f"
    path.write_text("old")
    try:
        os.setxattr(path, "system.posix_acl_access", _access_list(1234, 6, 6))
    except OSError:
        pytest.skip("no access lists on this file system")
    return path


@pytest.mark.parametrize(
    "params", [{"content": "new", "mode": "0660"}, {"content": "old", "mode": "0600"}, {"ensure": "absent"}]
)
def test_an_access_list_obeys_the_laws(
    listed: Path, content: KeptContent, desk: FolderDesk, params: Mapping[str, Any]
) -> None:
    obeys_the_laws(file_of(listed, desk, **params), content, listed.parent)


def test_an_access_list_survives_a_new_content(listed: Path, content: KeptContent, desk: FolderDesk) -> None:
    resource = file_of(listed, desk, content="new", mode="0660")
    apply(resource, content)
    found = resource.observe()
    assert found is not None
    kept = base64.b64encode(_access_list(1234, 6, 6)).decode()
    assert found["xattr:system.posix_acl_access"] == kept


def test_a_default_access_list_of_the_folder_does_not_widen_a_replaced_file(
    listed: Path, content: KeptContent, desk: FolderDesk
) -> None:
    os.removexattr(listed, "system.posix_acl_access")
    listed.chmod(0o640)
    os.setxattr(listed.parent, "system.posix_acl_default", _access_list(1234, 6, 6))
    obeys_the_laws(file_of(listed, desk, content="new", mode="0640"), content, listed.parent)
    apply(file_of(listed, desk, content="new", mode="0640"), content)
    assert "system.posix_acl_access" not in os.listxattr(listed)
