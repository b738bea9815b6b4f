"""The direct journal: every entry goes straight into the document's bare repository, synced.

Simple and slow (each object and ref is synced by itself). Objects first, then new heads of the
branches, then `master`, then deletions: a crash in between leaves unreferenced objects, or a branch
whose head is found not merged yet and is merged when it is next opened.
"""

from collections.abc import Callable

from server.journal import Entry
from server.repository import Repository


class DirectJournal:
    """A journal that is nothing but the repositories themselves."""

    def __init__(self, repository_of: Callable[[str], Repository]) -> None:
        self._repository_of = repository_of

    def append(self, entry: Entry) -> None:
        """Write and sync the entry's objects, then move its refs."""
        self._repository_of(entry.document).store(entry)
