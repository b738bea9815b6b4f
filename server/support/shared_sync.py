"""One sync for many new files, where the system does that as well as a sync of each.

`syncfs` writes a whole file system. It is used where it waits for the disk's cache and returns the
errors of everything that was written since the folder was opened: Linux 5.8, ext4 and XFS.
Elsewhere, and for few files, each file and folder is synced.
"""

import ctypes
import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from server.support.files import sync_tree

_MOUNTS = Path("/proc/self/mountinfo")
_RELIABLE = {"ext4", "xfs"}
_SINCE = (5, 8)

_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


class SharedSync:
    """Syncs what is written into a folder after it was entered with `with`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened = -1

    def __enter__(self) -> Self:
        self._opened = os.open(self._folder, os.O_RDONLY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        os.close(self._opened)

    def sync(self, trees: Sequence[Path]) -> None:
        """Flush folders with all that is in them to disk.

        Raises:
            OSError: Something may not be on the disk.
        """
        if len(trees) > 1 and _syncfs is not None and _is_reliable(self._opened):
            if _syncfs(self._opened) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), str(self._folder))
            return
        for tree in trees:
            sync_tree(tree)


def _is_reliable(opened: int) -> bool:
    """Return whether `syncfs` does for this folder what `fsync` does for a file."""
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if release is None or tuple(map(int, release.groups())) < _SINCE or not _MOUNTS.exists():
        return False
    device = os.fstat(opened).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    kinds = {
        line.partition(" - ")[2].split()[0]
        for line in _MOUNTS.read_text(errors="replace").splitlines()
        if line.split()[2] == number
    }
    return bool(kinds) and kinds <= _RELIABLE
