"""PostgreSQL's client programs: where they are, and how they learn of a place and a password.

The password is neither in their arguments nor in their environment, and on no disk: libpq reads it from a
file in memory that only its user may open.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from cutter.children import minimal_environment, run
from cutter.database.binaries import server_folder
from cutter.database.places import Login, Place
from cutter.errors import ConfigurationError, Unavailable

_WORDS = {"host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE"}
_WORDS |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
_VERSION = re.compile(r"\(PostgreSQL\) (([0-9]+)[^ ]*)")


class Surroundings(NamedTuple):
    """What a client program needs: its environment, and the descriptors that it must inherit."""

    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()


def client_program(name: str) -> str:
    """Return where a client program is: beside the server's own, or on PATH. Raises Unavailable."""
    with suppress(Unavailable):
        beside = os.path.join(server_folder(), name)
        if os.access(beside, os.X_OK):
            return beside
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed here", place=name, remedy="install the PostgreSQL client")
    return found


def version_of(program: str) -> tuple[str, int]:
    """Return the version of a client program, as it says it, and its major number; 0 where it says none."""
    said = run([program, "--version"], timeout=30).stdout.decode("utf-8", "replace")
    found = _VERSION.search(said)
    return (found[1], int(found[2])) if found else (said.strip(), 0)


@contextmanager
def surroundings(place: Place, login: Login | None = None) -> Iterator[Surroundings]:
    """Yield what a client program needs to be at a place; with a login, to enter it too."""
    found = {variable: str(place.words[word]) for word, variable in _WORDS.items() if place.words.get(word)}
    common = {**minimal_environment(), **found, "PGAPPNAME": "cutter", "LC_ALL": "C"}
    if login is None:
        yield Surroundings(common)
    elif login.password is None:
        yield Surroundings({**common, "PGUSER": login.user, **_password_file()})
    else:
        with _in_memory(_line(login, place)) as file:
            yield Surroundings({**common, "PGUSER": login.user, "PGPASSFILE": f"/dev/fd/{file}"}, (file,))


def _password_file() -> Mapping[str, str]:
    named = os.environ.get("PGPASSFILE")
    return {"PGPASSFILE": named} if named else {}


def _line(login: Login, place: Place) -> bytes:
    password = login.password.reveal() if login.password else ""
    if "\n" in password or "\0" in password:
        raise ConfigurationError(
            f"the password of {login.user} has a line break, which libpq cannot read",
            place=place.origin,
            remedy="give the login another password",
        )
    escaped = [re.sub(r"([\\:])", r"\\\1", word) for word in (login.user, password)]
    return f"*:*:*:{escaped[0]}:{escaped[1]}\n".encode()


@contextmanager
def _in_memory(content: bytes) -> Iterator[int]:
    file = os.memfd_create("pgpass", os.MFD_CLOEXEC)
    try:
        os.fchmod(file, 0o600)  # libpq ignores a file that others may read
        os.write(file, content)
        yield file
    finally:
        os.close(file)
