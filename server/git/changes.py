"""The changes of a batch of edits to a repository: new objects and ref moves."""

from dataclasses import dataclass

import msgspec

from server.git.objects import GitObject


class RefMove(msgspec.Struct, frozen=True):
    """A ref moves from `old` (None: it did not exist) to `new` (None: it is deleted)."""

    name: str
    old: str | None
    new: str | None


class Entry(msgspec.Struct, frozen=True):
    """The changes of a batch to a document's repository; objects come after their delta bases."""

    document: str
    objects: tuple[GitObject, ...]
    moves: tuple[RefMove, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """The entries of one document after some position, in order, and the last position."""

    position: int = 0
    entries: tuple[Entry, ...] = ()
