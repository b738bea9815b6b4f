"""What waits to be written by a journal's thread: appended entries first of all."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, MutableSequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from server.storage.journal import JournalError

_Entry = TypeVar("_Entry")
_Other = TypeVar("_Other")


class WriteQueue(Generic[_Entry]):
    """A queue of entries, and the condition that wakes the thread that writes them.

    Attributes:
        entries: what was appended and is not written yet.
        wake: held while something is added or taken; notified when there is something to do.
        is_closed: whether nothing more is accepted.
    """

    def __init__(self) -> None:
        self.entries: deque[_Entry] = deque()
        self.wake = threading.Condition()
        self.is_closed = False
        self._gatherers: set[int] = set()  # the ids of the threads that gather entries

    def append(self, entry: _Entry, future: Future[int]) -> Future[int]:
        """Append an entry; return its future, which fails if the queue is closed."""
        with self.wake:
            if self.is_closed:
                future.set_exception(JournalError("the journal is closed"))
            else:
                self.entries.append(entry)
                if threading.get_ident() not in self._gatherers:
                    self.wake.notify()
        return future

    def put(
        self, others: MutableSequence[_Other], one: _Other, future: Future[None]
    ) -> Future[None]:
        """Add to what waits beside the entries; return its future, as `append` does."""
        with self.wake:
            if self.is_closed:
                future.set_exception(JournalError("the journal is closed"))
            else:
                others.append(one)
                self.wake.notify()
        return future

    @contextmanager
    def gather(self, at_end: Callable[[], None]) -> Iterator[None]:
        """Return a context in which this thread appends entries without waking the other.

        Args:
            at_end: called at the end if entries wait, those of other threads included.
        """
        thread = threading.get_ident()
        self._gatherers.add(thread)
        try:
            yield
        finally:
            self._gatherers.remove(thread)
            if self.entries:
                at_end()

    def notify(self) -> None:
        """Wake the thread that writes."""
        with self.wake:
            self.wake.notify()

    def close(self) -> None:
        """Accept nothing more, and wake the thread, which writes what waits."""
        with self.wake:
            self.is_closed = True
            self.wake.notify()


def running_future() -> Future[Any]:
    """Return a future that counts as running, so that it cannot be cancelled."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future
