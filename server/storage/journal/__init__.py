"""The journal, which makes edits durable, and the contract that every journal keeps.

A journal has one log for each document. An entry has all that a batch of edits adds to the
document's repository: new Git objects and ref moves. Positions are increasing numbers; 0 is before
the first entry. Entries that a checkpoint wrote into the repository are forgotten.

    append      an entry that follows a position (compare-and-swap); once its future is done it is
                durable: synced, not only written
    gather      have the entries that this thread appends written together
    read        the entries after a position that are not forgotten, and the last position
    listen      be called for each entry, of any writer
    forget      the entries up to a checkpoint, which are in the repository
    scrub       what was forgotten, from the files
    try_to_write   find out whether an entry could be made durable now
    documents   the documents with entries that are not forgotten

Nothing outside a journal may assume that this process is a document's only writer: a writer that is
overtaken reads the other's entries and merges again. The journal knows neither messages nor
merging.

Errors::

    JournalError           nothing of the entry may be acknowledged
    ├── OvertakenError         another writer came first: read, and merge again
    ├── DiskFullError          there is no room
    ├── ReadOnlyError          the disk may not be written
    └── DamagedError           the stored entries cannot be read
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol

from server.git.changes import Entry, Log


class JournalError(Exception):
    """The entry could not be made durable, or the log could not be read."""


class OvertakenError(JournalError):
    """The entry does not follow the last one."""


class DiskFullError(JournalError):
    """The disk is full."""


class ReadOnlyError(JournalError):
    """The disk may not be written."""


class DamagedError(JournalError):
    """The log is damaged."""


class Journal(Protocol):
    """A journal. All but `listen` and `forget` may block, and is not called on the event loop.

    Attributes:
        writes_through: whether a durable entry is in the repository already, and never read here.
    """

    writes_through: bool

    def append(self, entry: Entry, follows: int) -> Future[int]:
        """Append an entry that follows a position.

        Returns:
            A future of the entry's own position, which cannot be cancelled. It is done once the
            entry is durable. It fails with an `OvertakenError` if `follows` is not the last
            position, or another `JournalError` if the disk fails; then nothing was appended.
        """

    def gather(self) -> AbstractContextManager[None]:
        """Return a context in which one thread appends entries that are written together.

        They may wait for its end. They may be durable then, or some time later: that is better
        where the disk is slow, as the thread can go on.
        """

    def read(self, document: str, after: int = 0) -> Log:
        """Return the entries after a position that are not forgotten.

        Raises:
            JournalError: The entries cannot be read.
        """

    def forget(self, document: str, up_to: int) -> Future[None]:
        """Drop the entries up to this position. May be delayed, and may fail without harm.

        Returns:
            A future that is done once they are dropped durably. It fails with a `JournalError`.
        """

    def scrub(self) -> None:
        """Remove what was forgotten from the files, which may keep it for long.

        Raises:
            JournalError: The disk failed.
        """

    def try_to_write(self) -> None:
        """Write something and sync it, without a trace.

        Raises:
            JournalError: An entry could not be made durable now.
        """

    def documents(self) -> list[str]:
        """Return the documents that have entries.

        Raises:
            JournalError: They cannot be read.
        """

    def listen(self, on_entry: Callable[[str, int], None]) -> None:
        """Call `on_entry` with document and position of each durable entry.

        It is called on the thread that writes, after the callbacks of the future of `append`; it
        must be quick and must not raise.
        """

    def close(self) -> None:
        """Close the journal once all appended entries are durable."""
