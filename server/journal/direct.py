"""The direct journal: every entry goes straight into the document's bare repository, synced.

Simple and slow (each object and ref is synced by itself): what a server without a journal would do,
kept to measure the other against. Objects first, then new heads of the branches, then `master`,
then deletions: a crash in between leaves unreferenced objects, or a branch whose head is found not
merged yet and is merged when it is next opened.
"""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from server.journal import Entry, JournalError, Log, OvertakenError
from server.repository import Repository


class DirectJournal:
    """A journal that is nothing but the repositories themselves; it has forgotten all at once."""

    writes_through = True

    def __init__(self, repository_of: Callable[[str], Repository]) -> None:
        self._repository_of = repository_of
        self._positions: defaultdict[str, int] = defaultdict(int)
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)
        self._listeners: list[Callable[[str, int], None]] = []

    def append(self, entry: Entry, follows: int) -> Future[int]:
        """Write and sync the entry's objects, then move its refs."""
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()  # so that it cannot be cancelled
        with self._locks[entry.document]:
            try:
                position = self._store(entry, follows)
            except JournalError as problem:
                future.set_exception(problem)
                return future
        future.set_result(position)
        for heard in self._listeners:
            heard(entry.document, position)
        return future

    def _store(self, entry: Entry, follows: int) -> int:
        position = self._positions[entry.document]
        if follows != position:
            raise OvertakenError(
                f"{entry.document}: an entry that follows {follows}, not {position}"
            )
        self._repository_of(entry.document).store(entry)
        self._positions[entry.document] = position + 1
        return position + 1

    def read(self, document: str, after: int = 0) -> Log:  # noqa: ARG002
        return Log(self._positions[document])

    def forget(self, document: str, up_to: int) -> None:
        """Nothing is kept."""

    def documents(self) -> list[str]:
        return []

    def listen(self, heard: Callable[[str, int], None]) -> None:
        self._listeners.append(heard)

    def close(self) -> None:
        """Everything is on disk."""
