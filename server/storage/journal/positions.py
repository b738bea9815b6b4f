"""Where the entries of each document are: their positions, in memory.

An index in the database would have to be written with every entry.
"""

from bisect import bisect_right, insort


class Positions:
    """The positions of the entries that are not forgotten, and the last one of each document."""

    def __init__(self) -> None:
        self._entries: dict[str, list[int]] = {}
        self._last: dict[str, int] = {}
        self.newest = 0  # of any document

    def last(self, document: str) -> int:
        """Return the last position of a document, forgotten or not; 0 if there is none."""
        return self._last.get(document, 0)

    def add(self, document: str, position: int) -> None:
        """Add an entry."""
        insort(self._entries.setdefault(document, []), position)
        self.set_last(document, position)

    def set_last(self, document: str, position: int) -> None:
        """Note that a document had an entry at this position."""
        self._last[document] = max(self.last(document), position)
        self.newest = max(self.newest, position)

    def after(self, document: str, position: int) -> list[int]:
        """Return the entries behind a position."""
        found = self._entries.get(document, [])
        return found[bisect_right(found, position) :]

    def up_to(self, document: str, position: int) -> list[int]:
        """Return the entries from the first one to a position."""
        found = self._entries.get(document, [])
        return found[: bisect_right(found, position)]

    def forget(self, document: str, up_to: int) -> None:
        """Drop the entries up to a position."""
        left = self.after(document, up_to)
        if left:
            self._entries[document] = left
        else:
            self._entries.pop(document, None)

    def documents(self) -> list[str]:
        """Return the documents that have entries."""
        return sorted(self._entries)
