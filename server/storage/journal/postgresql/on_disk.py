"""Packs and refs of a repository on this disk, in which other programs may write."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from server.git.packed_refs import read_refs

PART_BYTES = 4 * 2**20
_SHA1_BYTES = 20
_TRIES = 10


class ChangedError(Exception):
    """A pack is gone that was there; a repack has replaced it."""


class Sha1End:
    """Tells whether a file ends with the SHA-1 of what is before that, as Git's packs do."""

    def __init__(self) -> None:
        self._checksum, self._end = hashlib.sha1(usedforsecurity=False), b""

    def add(self, part: bytes) -> None:
        """Take the next part of the file."""
        known = self._end + part
        self._checksum.update(known[:-_SHA1_BYTES])
        self._end = known[-_SHA1_BYTES:]

    @property
    def is_right(self) -> bool:
        return self._checksum.digest() == self._end


def packs(repository: Path) -> Collection[str]:
    """Return the ids of the packs, at one moment: a folder that changes is listed again."""
    for _ in range(_TRIES):
        found, again = (
            {file.stem.removeprefix("pack-") for file in pack_folder(repository).glob("*.idx")}
            for _ in range(2)
        )
        if found == again:
            return found
    raise ChangedError


def refs(repository: Path) -> dict[bytes, str]:
    """Return the refs; their names are bytes to Git."""
    heads = read_refs(repository).heads
    return {name.encode(errors="surrogateescape"): head for name, head in heads.items()}


def pack_folder(repository: Path) -> Path:
    return repository / "objects" / "pack"


def pack_file(repository: Path, id: str) -> Path:
    return pack_folder(repository) / f"pack-{id}.pack"


def is_pack_intact(repository: Path, id: str) -> bool:
    """Return whether a pack and its index are there, and have the check sums at their ends."""
    files = [pack_file(repository, id).with_suffix(ending) for ending in (".pack", ".idx")]
    return all(file.is_file() and _has_its_checksum(file) for file in files)


def _has_its_checksum(path: Path) -> bool:
    end = Sha1End()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(PART_BYTES), b""):
            end.add(part)
    return end.is_right
