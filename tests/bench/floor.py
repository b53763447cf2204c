"""What no tool can be faster than: a bare interpreter, and a plain loop over the same files.

Run as a program: `floor.py look FOLDER` reads, hashes and stats every file; `floor.py write FOLDER NUMBER`
writes as many new ones, each durably (temporary name, fsync, rename, fsync of the folder).
"""

from __future__ import annotations

import hashlib
import os
import sys


def look(folder: str) -> int:
    """Read, hash and stat every file of a folder; return how many there are."""
    seen = 0
    for entry in os.scandir(folder):
        descriptor = os.open(entry.path, os.O_RDONLY)
        os.fstat(descriptor)
        hashlib.sha256(os.read(descriptor, 1 << 20)).hexdigest()
        os.close(descriptor)
        seen += 1
    return seen


def write(folder: str, number: int) -> None:
    """Write new files, each on disk before the next one begins."""
    os.mkdir(folder)  # noqa: PTH102 - pathlib would be part of what is timed
    above = os.open(folder, os.O_RDONLY)
    for index in range(number):
        descriptor = os.open(".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=above)
        os.write(descriptor, f"line of file {index:05d}".encode())
        os.fsync(descriptor)
        os.close(descriptor)
        os.rename(".new", f"file-{index:05d}.txt", src_dir_fd=above, dst_dir_fd=above)
        os.fsync(above)


if __name__ == "__main__":
    if sys.argv[1] == "look":
        look(sys.argv[2])
    else:
        write(sys.argv[2], int(sys.argv[3]))
