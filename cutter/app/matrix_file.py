"""Where the gap matrix of a project is declared, and what it said when something was done."""

from __future__ import annotations

import os

from cutter.app.workspace import Workspace
from cutter.errors import InvalidDocument
from cutter.ledger.sqlite import SqliteLedger
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


def is_known(ledger: SqliteLedger, digest: str) -> bool:
    """Tell whether the ledger has the declarations of a matrix with this digest."""
    return any(entry.content()["matrix_digest"] == digest for entry in ledger.entries(kinds={"matrix"}))


def declared_gaps(workspace: Workspace) -> dict[str, str]:
    """Return, by gap, the digest of what closes it; nothing for a matrix that cannot be loaded."""
    from cutter.language.matrix import load_matrix
    from cutter.model.gaps import declaration_digest

    try:
        matrix = load_matrix(matrix_path(workspace))
    except InvalidDocument:  # `cutter gaps` says what is wrong; until then this evidence is for no gap
        return {}
    return {gap.id: declaration_digest(gap) for gap in matrix.gaps}
