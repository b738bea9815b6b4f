"""The journal: where edits are first made safe, and the contract that every journal keeps.

An entry holds all that one document's batch of edits adds to its repository: new Git objects and
ref moves. `append` returns only when the entry is durable: synced, not only written. Whoever
appends says for each ref which commit it followed (compare-and-swap), so nothing outside may
assume that this process is a document's only writer.

The journal knows neither messages nor merging.

Errors::

    JournalError       the entry is not durable; nothing of it may be acknowledged
    └── OvertakenError      somebody else moved a ref first: read it again and merge again
"""

from dataclasses import dataclass
from typing import Protocol


class JournalError(Exception):
    """The entry could not be made durable."""


class OvertakenError(JournalError):
    """A ref does not stand where the entry says it stood."""


@dataclass(frozen=True, slots=True)
class GitObject:
    """A new object: its id, Git's number for its type, and its bytes without the header."""

    id: str
    kind: int
    data: bytes


@dataclass(frozen=True, slots=True)
class RefMove:
    """A ref goes from `old` (None: it did not exist) to `new` (None: it is deleted)."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a batch of edits adds to the repository of `document`; parents come before children."""

    document: str
    objects: tuple[GitObject, ...]
    moves: tuple[RefMove, ...]


class Journal(Protocol):
    """Makes entries durable, in order."""

    def append(self, entry: Entry) -> None:
        """Make one entry durable. Blocks; never called on the event loop.

        Raises:
            OvertakenError: a ref was moved by somebody else; nothing of the entry counts.
            JournalError: the disk refused; nothing of the entry may be acknowledged.
        """
