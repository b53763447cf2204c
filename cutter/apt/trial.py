"""A repository tried before apt is told of it for good: fetched by itself, signed by its own key alone."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Optional

from cutter.apt import running
from cutter.apt.sources import KEYRINGS
from cutter.errors import Conflict, StepFailed
from cutter.filesystem.leftovers import discard, hold, temporary_name
from cutter.filesystem.refusals import refusals
from cutter.filesystem.walk import existing_parent_of

_NO_KEY = re.compile(r"NO_PUBKEY ([0-9A-F]+)")
_STRICT = ("Insecure", "Weak", "DowngradeToInsecure")


def must_be_readable(name: str, new: Mapping[str, Optional[bytes]], paths: Mapping[str, str]) -> None:
    """Fetch the lists of one repository from copies aside of its two files, `key` and `sources`.

    `paths` are where they will be. Raises StepFailed when it cannot be read, or is not signed by this key;
    LockHeld.
    """
    with _aside() as folder:
        key, sources = (os.path.join(folder, os.path.basename(paths[part])) for part in ("key", "sources"))
        _write(key, new["key"] or b"")
        _write(sources, (new["sources"] or b"").replace(paths["key"].encode(), key.encode()))
        options = {"Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "-"}
        options |= {"APT::Get::List-Cleanup": "false"}
        options |= {f"Acquire::Allow{word}Repositories": "false" for word in _STRICT}
        try:
            running.update(*(word for item in options.items() for word in ("-o", "=".join(item))))
        except StepFailed as error:
            found = _NO_KEY.search(error.cause)
            why = f"it is signed by another key, {found.group(1)}; " if found else ""
            raise StepFailed(
                f"apt cannot read the repository {name}: {why}{error.cause}",
                world="it was tried aside: apt's own sources and keys are as they were",
                remedy="correct the step, or let the machine reach the repository",
            ) from error


@contextmanager
def _aside() -> Iterator[str]:
    """Have a folder that others may read, as apt's own user must; it goes at the end."""
    _demand_keyrings()
    with existing_parent_of(f"{KEYRINGS}/{temporary_name()}") as place:
        with refusals("making", place.path):
            os.mkdir(place.name, 0o700, dir_fd=place.fd)
        fd = os.open(place.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place.fd)
        try:
            hold(fd)
            os.fchmod(fd, 0o755)
            yield place.path
        finally:
            discard(place)
            os.close(fd)


def _demand_keyrings() -> None:
    """Have the folder of keys, which older releases do not have; it stays, and lets apt's own user in."""
    with refusals("making", KEYRINGS), suppress(FileExistsError):
        os.mkdir(KEYRINGS)
        os.chmod(KEYRINGS, 0o755)  # noqa: S103 - whatever the umask of this session is, as Debian has it
    if not os.stat(KEYRINGS).st_mode & stat.S_IXOTH:
        raise Conflict(
            f"{KEYRINGS} is shut to others, so that apt's own user cannot read a key there",
            remedy=f"chmod 0755 {KEYRINGS}, or declare that directory in an earlier step",
        )


def _write(path: str, content: bytes) -> None:
    with refusals("writing", path), open(path, "xb") as file:
        file.write(content)
        os.fchmod(file.fileno(), 0o644)
