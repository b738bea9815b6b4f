"""The journal: where edits are first made safe, and the contract that every journal keeps.

A journal is one log for each document. An entry holds all that a batch of edits adds to the
document's repository: new Git objects and ref moves. Positions are numbers that grow; 0 is before
the first entry. What has moved on into the repositories (a checkpoint) is forgotten.

    append      an entry that follows a position (compare-and-swap); when its future is done it is
                durable: synced, not only written
    read        the entries after a position that are not forgotten, and where the log stands
    listen      be told of every entry, whoever appended it
    forget      up to a checkpoint: those entries are in the repository
    documents   those with entries that are not forgotten

Nothing outside a journal may assume that this process is a document's only writer: whoever is
overtaken reads what came first and merges again. The journal knows neither messages nor merging.

Errors::

    JournalError           nothing of the entry may be acknowledged
    ├── OvertakenError         somebody else came first: read, and merge again
    ├── DiskFullError          there is no room
    ├── ReadOnlyError          the disk may not be written
    └── DamagedError           what is stored cannot be read
"""

from collections.abc import Callable
from concurrent.futures import Future
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
    """The log is not as it was written."""


class Journal(Protocol):
    """All of it but `listen` and `forget` may block; never called on the event loop.

    Attributes:
        writes_through: whether what is durable is in the repository already, and never read here.
    """

    writes_through: bool

    def append(self, entry: Entry, follows: int) -> Future[int]:
        """Hand in an entry that follows a position.

        Returns:
            A future, which cannot be cancelled, of the entry's own position: done when the entry is
            durable. Or of an `OvertakenError` where it does not follow the last one, or another
            `JournalError` where the disk refuses; then nothing of it counts.
        """

    def read(self, document: str, after: int = 0) -> Log:
        """The entries after a position, as far as they are not forgotten.

        Raises:
            JournalError: they cannot be read.
        """

    def forget(self, document: str, up_to: int) -> None:
        """Drop the entries up to this position. May happen later, and may fail without harm."""

    def documents(self) -> list[str]:
        """The documents that have entries.

        Raises:
            JournalError: they cannot be read.
        """

    def listen(self, heard: Callable[[str, int], None]) -> None:
        """Have this called with document and position when an entry is durable.

        It is called on a thread of the journal's, soon, after the future of `append` is done and
        after what was called back for that; it must be quick and must not raise.
        """

    def close(self) -> None:
        """End after all that was handed in is durable."""
