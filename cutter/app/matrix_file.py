"""Where the gap matrix of a project is declared, and what it said when something was done."""

from __future__ import annotations

import os

from cutter.app.workspace import Workspace
from cutter.model.canonical import bytes_digest

MATRIX = "runbooks/gap-matrix.yml"


def matrix_path(workspace: Workspace) -> str:
    """Return the path of the matrix; the file need not exist."""
    return os.path.join(workspace.environment.project_dir, MATRIX)


def matrix_digest(workspace: Workspace) -> str:
    """Return the digest of the matrix as its file is now; empty where there is none.

    Every run records it, so that evidence and the declaration it was gathered under can be compared later.
    """
    try:
        with open(matrix_path(workspace), "rb") as file:
            return bytes_digest(file.read())
    except OSError:
        return ""
