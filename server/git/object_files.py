"""The folder `objects` of a bare repository: packs, loose objects, leftovers.

Nothing here is removed. Format: gitrepository-layout(5).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

# No program writes one file for this long: an older one was left by a program that was killed.
_STALE_S = 3600.0
_LEFTOVERS = (
    "pack/tmp_*",
    "pack/.tmp-*",
    "pack/*.lock",
    "info/**/*.lock",
    "??/tmp_obj_*",
    "tmp_objdir-*",
)


@dataclass(frozen=True, slots=True)
class Size:
    """The number of packs of a repository, and the bytes of all its files."""

    packs: int
    bytes: int


def size_of(path: Path) -> Size:
    """Return the size of a repository."""
    files = [file for file in path.rglob("*") if file.is_file()]
    return Size(packs(path), sum(file.stat().st_size for file in files))


def packs(path: Path) -> int:
    """Return the number of packs."""
    return sum(1 for _ in (path / "objects" / "pack").glob("*.pack"))


def has_loose(path: Path, count: int) -> bool:
    """Return whether there are at least `count` loose objects."""
    loose = (path / "objects").glob("[0-9a-f][0-9a-f]/*")
    return sum(1 for _ in islice(loose, count)) >= count


def leftovers(path: Path, alone: bool) -> Iterator[Path]:
    """Return temporary files and folders of programs that were killed.

    Args:
        path: the bare repository.
        alone: whether no other program uses it; else only old files count.
    """
    folder = path / "objects"
    # The last pattern matches folders, in which Git quarantines pushes.
    found = {file for pattern in _LEFTOVERS for file in folder.glob(pattern)}
    return (file for file in found if alone or _is_stale(file))


def _is_stale(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime > _STALE_S
    except FileNotFoundError:
        return False  # its program removed it
