"""What a batch of edits changes in a repository: new objects, and refs that move."""

from dataclasses import dataclass

from server.git.objects import GitObject


@dataclass(frozen=True, slots=True)
class RefMove:
    """A ref goes from `old` (None: it did not exist) to `new` (None: it is deleted)."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a batch of edits adds to a document's repository; a base comes before its deltas."""

    document: str
    objects: tuple[GitObject, ...]
    moves: tuple[RefMove, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """The entries of one document after some position, in order, and where the log stands now."""

    position: int = 0
    entries: tuple[Entry, ...] = ()
