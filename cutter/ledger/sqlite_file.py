"""The file of a SQLite ledger: how it is made, whole or not at all, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from cutter.filesystem.walk import sync_folder
from cutter.ledger.actor import actor_name
from cutter.ledger.chain import FIRST_KIND, link
from cutter.ledger.complaints import refused
from cutter.ledger.folder import make_folder
from cutter.model.canonical import canonical

WAIT_SECONDS = 30.0
_CREATION = ("table", "by_kind", "by_run", "by_end", "no_update", "no_delete", "one_line")

Clock = Callable[[], datetime]


def create_file(path: str, environment: str, now: Clock) -> None:
    """Make a whole ledger under another name first, so that half of one is never found under its own."""
    with refused(path):
        make_folder(os.path.dirname(path))
        temporary = f"{path}.{os.urandom(6).hex()}.new"
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        try:
            _fill(temporary, environment, now)
            os.link(temporary, path)
        except FileExistsError:  # another process made it meanwhile; `open` looks whose it is
            pass
        finally:
            for suffix in ("", "-journal", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.unlink(temporary + suffix)
        sync_folder(os.path.dirname(path))


def _fill(path: str, environment: str, now: Clock) -> None:
    body = canonical({"id": os.urandom(16).hex(), "environment": environment}).decode("ascii")
    connection = connect(path, "mode=rw")
    try:
        connection.execute(SQL["durable"])
        connection.execute(SQL["begin"])
        for name in _CREATION:
            connection.execute(SQL[name])
        connection.execute(SQL["add"], link(None, FIRST_KIND, body, rfc3339(now()), actor_name()))
        connection.execute(SQL["commit"])
        # last, or what finds no room in the file would stay in the log of a name that goes
        connection.execute(SQL["wal"])
    finally:
        connection.close()


def connect(path: str, mode: str) -> sqlite3.Connection:
    """Open the file in a mode of SQLite's; any bytes are text, since an entry can have been overwritten."""
    name = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{name}?{mode}", uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    connection.text_factory = _text
    return connection


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogateescape")


def rfc3339(moment: datetime) -> str:
    """Return the text of a time, in UTC and milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exists(path: str) -> bool:
    """Tell whether the file is there. Raises PermissionRefused where that cannot be seen."""
    with refused(path):
        try:
            os.stat(path)
        except FileNotFoundError:
            return False
    return True


def utc_now() -> datetime:
    """Return the time of the machine's clock, in UTC."""
    return datetime.now(UTC)


def _statements() -> dict[str, str]:
    with open(os.path.join(os.path.dirname(__file__), "sqlite.sql"), encoding="utf-8") as file:
        parts = file.read().split("-- name: ")[1:]
    return {name: statement.strip() for name, _, statement in (part.partition("\n") for part in parts)}


SQL = _statements()
"""Every statement of sqlite.sql, by its name."""
