"""The direct journal: every entry is written into the document's bare repository at once, synced.

Simple and slow (each object and ref is synced by itself): a server without a journal, for
comparison. Objects are written first, then the heads of branches, then `master`, then deletions: a
crash in between leaves unreferenced objects, or a branch that is not merged yet, and is merged when
the document is next opened.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock

import pygit2

from server.core.git_model import MASTER
from server.git.bare import create
from server.git.changes import Entry, Log, RefMove
from server.git.objects import GitObject, patched
from server.storage.journal import JournalError, OnThisDisk, OvertakenError
from server.storage.journal.write_queue import running_future

# libgit2's own default leaves new objects and refs in the page cache.
pygit2.settings.enable_fsync_gitdir(True)


class DirectJournal(OnThisDisk):
    """The repositories as a journal; every entry is forgotten at once."""

    writes_through = True

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        self._path_of = path_of
        self._positions: defaultdict[str, int] = defaultdict(int)
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)
        self._listeners: list[Callable[[str, int], None]] = []

    def append(self, entry: Entry, follows: int) -> Future[int]:
        """Write and sync the entry's objects, then move its refs."""
        future = running_future()
        with self._locks[entry.document]:
            try:
                position = self._store(entry, follows)
            except JournalError as problem:
                future.set_exception(problem)
                return future
        future.set_result(position)
        for on_entry in self._listeners:
            on_entry(entry.document, position)
        return future

    def _store(self, entry: Entry, follows: int) -> int:
        position = self._positions[entry.document]
        if follows != position:
            raise OvertakenError(
                f"{entry.document}: the entry follows {follows}, but the last is {position}"
            )
        store(self._path_of(entry.document), entry)
        self._positions[entry.document] = position + 1
        return position + 1

    def gather(self) -> AbstractContextManager[None]:
        """Every entry is written at once."""
        return nullcontext()

    def read(self, document: str, after: int = 0) -> Log:  # noqa: ARG002
        return Log(self._positions[document])

    def forget(self, document: str, up_to: int, repository: Path | None = None) -> Future[None]:  # noqa: ARG002
        """Nothing is kept."""
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def scrub(self) -> None:
        """Nothing is kept."""

    def try_to_write(self) -> None:
        try:
            with TemporaryFile(dir=self._path_of("any").parent) as file:
                file.write(b"\0")
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise JournalError(f"the data folder cannot be written: {problem}") from problem

    def documents(self) -> list[str]:
        return []

    def left(self) -> list[str]:
        return self.documents()

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        self._listeners.append(on_entry)

    def close(self) -> None:
        """Everything is on disk."""


def store(path: Path, entry: Entry) -> None:
    """Write an entry's objects, then move its refs together, each step synced.

    Raises:
        OvertakenError: A ref is not where the entry says it was; no ref was moved.
        JournalError: The disk cannot be written.
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
    """Return an object's bytes; a delta's base was written before it."""
    if item.base is None:
        return item.data
    return patched(git.read(item.base)[1], item.data)


def _move_refs(git: pygit2.Repository, moves: Sequence[RefMove]) -> None:
    """Lock all refs, verify each, and move them together.

    A transaction moves its refs one after the other, in an undefined order. So there are three, and
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
                raise OvertakenError(f"{git.path}: {move.name} was moved by another writer")
        for move, transaction in planned:
            if move.new is None:
                transaction.remove(move.name)
            else:
                transaction.set_target(move.name, pygit2.Oid(hex=move.new))
