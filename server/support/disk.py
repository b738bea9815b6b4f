"""How full a disk is, and what a folder takes of it. Blocks."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_BLOCK_BYTES = 512  # of `st_blocks`, whatever the file system


class Disk(NamedTuple):
    """The bytes of a file system that this user can still write, and all of them."""

    free_bytes: int
    size_bytes: int


def disk_of(path: Path) -> Disk:
    """Return how full the file system of a path is.

    Raises:
        OSError: It cannot be found out.
    """
    found = os.statvfs(path)
    return Disk(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def bytes_on_disk(path: Path) -> int:
    """Return what a file or a folder takes on disk; what cannot be read counts as nothing."""
    total = 0
    with suppress(OSError):
        found = path.lstat()
        total = found.st_blocks * _BLOCK_BYTES
        if stat.S_ISDIR(found.st_mode):
            total += sum(map(bytes_on_disk, path.iterdir()))
    return total
