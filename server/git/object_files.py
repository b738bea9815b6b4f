"""What lies in the folder `objects` of a bare repository: packs, loose objects, leftovers.

Only looks, and removes nothing. Format: gitrepository-layout(5).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

# Nobody writes one file for so long: what is older was left by a program that was killed.
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
    """How much there is in a repository."""

    packs: int
    bytes: int


def size_of(path: Path) -> Size:
    """The packs and the bytes of all files of a repository."""
    files = [file for file in path.rglob("*") if file.is_file()]
    return Size(packs(path), sum(file.stat().st_size for file in files))


def packs(path: Path) -> int:
    """How many packs there are."""
    return sum(1 for _ in (path / "objects" / "pack").glob("*.pack"))


def has_loose(path: Path, count: int) -> bool:
    """Whether there are at least so many loose objects."""
    loose = (path / "objects").glob("[0-9a-f][0-9a-f]/*")
    return sum(1 for _ in islice(loose, count)) >= count


def leftovers(path: Path, alone: bool) -> Iterator[Path]:
    """What a program that was killed left half done.

    Args:
        path: the bare repository.
        alone: nobody else is at work in it; else only what is old counts.
    """
    folder = path / "objects"
    # The last are folders, of pushes: Git keeps there what is not accepted yet.
    found = {file for pattern in _LEFTOVERS for file in folder.glob(pattern)}
    return (file for file in found if alone or _is_stale(file))


def _is_stale(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime > _STALE_S
    except FileNotFoundError:
        return False  # its program removed it
