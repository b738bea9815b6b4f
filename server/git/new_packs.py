"""New packs on disk: written with their indexes, read back, and verified before they are used.

    objects ─▶ pack, index ─▶ read again ─▶ check sums ─▶ every object's id ─▶ form ─▶ links

libgit2 reads the objects from the written files and computes their ids. Its own writers do not fit:
it can only pack what it has compressed anew, which takes ten times as long and gives larger packs.
Large packs are indexed and verified by a process of Git, which leaves this one's memory and its
interpreter to others.
"""

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType

import pygit2

from server.git.object_form import FormError, links
from server.git.objects import GitObject, Kind, length_after, new_object, small_as_deltas
from server.git.pack import DamagedError, Pack, indexed_ids, pack, verified_ids
from server.git.process import git
from server.support.files import fsync

# Above this a process verifies objects: about 25 ms of work. An object takes as long as some bytes,
# and a byte of a tree as long as some of others.
_IN_PROCESS_BYTES_MAX = 8 * 2**20
_BYTES_PER_OBJECT = 8 * 2**10
_BYTES_PER_TREE_BYTE = 16
# After this many objects other threads get the interpreter: without a sleep, which may be as short
# as can be, they would wait for 5 ms (`sys.getswitchinterval`).
_OBJECTS_AT_ONCE = 16
_SLEEP_S = 0.00001
_NONE: Mapping[str, bytes] = MappingProxyType({})
# The name of a folder in which Git puts objects until it has checked them; see `object_files`.
_QUARANTINE = "tmp_objdir-checkpoint-"


def add_objects(
    repository: Path, objects: Sequence[GitObject], bases: Mapping[str, bytes] = _NONE
) -> None:
    """Add a pack to a repository, which may be in use; it is synced.

    Args:
        repository: the bare repository.
        objects: the objects.
        bases: the bytes of delta bases that it has already, by id; others are read.

    Raises:
        DamagedError, OSError, GitError: Nothing was added.
    """
    if not objects:
        return
    folder = repository / "objects"
    with _quarantine(folder) as apart:
        files = _write(apart / "pack", repository, objects, bases)
        for file in files:
            fsync(file)
        for file in files:
            file.rename(folder / "pack" / file.name)
    fsync(folder / "pack")


def write_objects(repository: Path, objects: Sequence[GitObject]) -> None:
    """Write a pack into a repository that is not used yet; nothing is synced.

    Raises:
        DamagedError, OSError, GitError: It failed.
    """
    if objects:
        _write(repository / "objects" / "pack", repository, objects, _NONE)


@contextmanager
def _quarantine(folder: Path) -> Iterator[Path]:
    apart = Path(mkdtemp(prefix=_QUARANTINE, dir=folder))
    try:
        (apart / "pack").mkdir()
        yield apart
    finally:
        shutil.rmtree(apart, ignore_errors=True)


def _write(
    folder: Path, repository: Path, objects: Sequence[GitObject], bases: Mapping[str, bytes]
) -> tuple[Path, Path]:
    """Write and verify a pack and its index; return the files, the index last."""
    stored = _StoredObjects(repository)
    try:
        missing = [
            new_object(Kind(item.kind), bases.get(str(item.base)) or stored.read(str(item.base)))
            for item in _without_base(objects)
        ]
        packed = pack([*missing, *small_as_deltas(objects)])
        file = folder / f"{packed.name}.pack"
        write_file(file, packed.content)
        if _is_large(objects):
            git(repository, "index-pack", "--strict", str(file), gently=True)
            found = indexed_ids(file.with_suffix(".idx").read_bytes())
        else:
            found = _write_index(file, packed)
            _verify_objects(folder.parent, missing, objects, stored)
    except (KeyError, ValueError, pygit2.GitError, FormError) as problem:
        raise DamagedError(f"an object is damaged or missing: {problem}") from problem
    if set(found) != packed.places.keys():
        raise DamagedError("an object was damaged after it was made")
    return file, file.with_suffix(".idx")


def _without_base(objects: Iterable[GitObject]) -> Iterator[GitObject]:
    """Yield the first delta of each base that does not come before it."""
    known: set[str | None] = {None}
    for item in objects:
        if item.base not in known:
            known.add(item.base)
            yield item
        known.add(item.id)


def _is_large(objects: Sequence[GitObject]) -> bool:
    lengths = (
        (length_after(item.data) if item.base else len(item.data))
        * (_BYTES_PER_TREE_BYTE if item.kind == Kind.TREE else 1)
        for item in objects
    )
    return sum(lengths) + len(objects) * _BYTES_PER_OBJECT > _IN_PROCESS_BYTES_MAX


def _write_index(file: Path, packed: Pack) -> list[str]:
    """Write the index of a pack; read both again, and return the ids."""
    index = file.with_suffix(".idx")
    write_file(index, packed.index())
    return verified_ids(file.read_bytes(), index.read_bytes())


def write_file(file: Path, content: bytes) -> None:
    """Write a new file that never changes again."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as out:
        out.write(content)


class _StoredObjects:
    """The objects that a repository has already; it is opened when it is needed."""

    def __init__(self, repository: Path) -> None:
        self._path = repository / "objects"

    @cached_property
    def _opened(self) -> pygit2.Odb:
        return pygit2.Odb(str(self._path))

    def read(self, id: str) -> bytes:
        data: bytes = self._opened.read(id)[1]
        return data

    def kind(self, id: str) -> int:
        kind: int = self._opened.read_header(id)[0]
        return kind


def _verify_objects(
    folder: Path,
    bases: Sequence[GitObject],
    objects: Sequence[GitObject],
    stored: _StoredObjects,
) -> None:
    """Read every object: libgit2 computes its id. Check its form, and what it names."""
    written = pygit2.Odb(str(folder))
    for item in bases:
        written.read(item.id)
    kinds: dict[str, int] = {}
    named: dict[str, int] = {}
    for number, item in enumerate(objects, 1):
        kinds[item.id], data = written.read(item.id)
        named.update(links(kinds[item.id], data))
        if number % _OBJECTS_AT_ONCE == 0:
            time.sleep(_SLEEP_S)
    for id, kind in named.items():
        if kind != (kinds[id] if id in kinds else stored.kind(id)):
            raise DamagedError(f"an object names {id}, which is of another type")
