"""Bare repositories on disk: made (`create`), and written into at once (`store`).

At once means what a server without a journal does: loose objects and refs, each synced, through
libgit2. Objects come first, then new heads of the branches, then `master`, then deletions, so that
a crash in between loses nothing. With a journal it is `server.checkpoint` that writes.
"""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

import pygit2

from server.disk import sync
from server.git_model import MASTER
from server.git_objects import GitObject, patched
from server.journal import Entry, JournalError, OvertakenError, RefMove

# libgit2's own default leaves new objects and refs in the page cache.
pygit2.settings.enable_fsync_gitdir(True)

_creating = Lock()  # of two that make the same repository, one would take the other's apart


def store(path: Path, entry: Entry) -> None:
    """Write an entry's objects, then move its refs together, each step synced.

    Raises:
        OvertakenError: a ref is not where the entry says it was; no ref was moved.
        JournalError: the disk refused.
    """
    try:
        create(path)
        git = pygit2.Repository(str(path))
        for item in entry.objects:
            git.write(item.kind, _whole(git, item))
        _move_refs(git, entry.moves)
    except (pygit2.GitError, OSError) as problem:
        raise JournalError(f"{path} could not be written: {problem}") from problem


def _whole(git: pygit2.Repository, item: GitObject) -> bytes:
    """An object's bytes; what a delta is based on was written before."""
    if item.base is None:
        return item.data
    return patched(git.read(item.base)[1], item.data)


def create(path: Path) -> None:
    """Make a bare repository where there is none: complete under another name, then renamed."""
    with _creating:
        if not path.is_dir():
            _create(path)


def is_begun(path: Path) -> bool:
    """Whether a repository is there and holds a document."""
    return (path / "packed-refs").exists() or (path / MASTER).exists()


def remove_empty(path: Path) -> None:
    """Take away a repository that holds nothing: what a push leaves that was refused."""
    with _creating, suppress(FileNotFoundError):  # somebody else's push may be moving in it
        if not _is_empty(path):
            return
        gone = path.with_name(f".{path.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _is_empty(path: Path) -> bool:
    """Whether there is nothing, and nothing is just coming in."""
    if is_begun(path):
        return False
    parts = (*path.glob("refs/**/*"), *path.glob("objects/*/*"), *path.glob("objects/tmp_*"))
    return not any(part.is_file() or part.name.startswith("tmp_") for part in parts)


def _create(path: Path) -> None:
    fresh = path.with_name(f".{path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    pygit2.init_repository(str(fresh), bare=True, initial_head="master")
    for part in (*fresh.rglob("*"), fresh):
        sync(part)
    fresh.rename(path)
    sync(path.parent)


def _move_refs(git: pygit2.Repository, moves: Sequence[RefMove]) -> None:
    """Lock all refs, see that each stands where it should, and move them together.

    A transaction moves its refs one after the other, in no certain order. So there are three, and
    the innermost ends first: whenever the machine stops, every commit is reachable, and a client's
    branch is never behind what `master` has of it.
    """
    with git.transaction() as deleted, git.transaction() as master, git.transaction() as branches:
        planned = [
            (move, deleted if move.new is None else master if move.name == MASTER else branches)
            for move in moves
        ]
        for move, transaction in planned:
            transaction.lock_ref(move.name)
        for move, _ in planned:
            found = git.references.get(move.name)
            if (None if found is None else str(found.target)) != move.old:
                raise OvertakenError(f"{git.path}: {move.name} was moved by somebody else")
        for move, transaction in planned:
            if move.new is None:
                transaction.remove(move.name)
            else:
                transaction.set_target(move.name, pygit2.Oid(hex=move.new))
