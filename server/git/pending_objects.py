"""Git objects that are not in the repository on disk yet, by id.

Most texts are deltas of the previous text, so thousands of versions of a text take little more room
than one. A delta's base may be on disk: then its bytes are kept here as well. Knows no Git library.
"""

from collections.abc import Callable, Iterable

from server.git.objects import DELTA_DEPTH_MAX, GitObject, patched


class PendingObjects:
    """Objects in the order in which they were added; `size` is roughly theirs in bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._objects: dict[str, GitObject] = {}
        self._depths: dict[str, int] = {}
        self._delta_bases: dict[str, bytes] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._objects

    def all(self) -> tuple[GitObject, ...]:
        """Return all objects; a delta comes after its base, if that is here."""
        return tuple(self._objects.values())

    def delta_bases(self) -> dict[str, bytes]:
        """Return the bytes of delta bases that are on disk, by id."""
        return dict(self._delta_bases)

    def find(self, id: str) -> GitObject | None:
        """Return an object as it was added: possibly a delta."""
        return self._objects.get(id)

    def takes_delta_of(self, id: str) -> bool:
        """Return whether a delta of this object may be added."""
        return self._depths.get(id, 0) < DELTA_DEPTH_MAX

    def add(self, item: GitObject, base: Callable[[], bytes] | None = None) -> bool:
        """Add an object, unless it is here.

        A delta base that is on disk is not added again: it could become a delta of its own delta.

        Args:
            item: the object.
            base: returns the bytes of the object's delta base, if that is not here.

        Returns:
            Whether it was added.
        """
        if item.id in self._objects or item.id in self._delta_bases:
            return False
        if item.base is not None:
            self._depths[item.id] = self._depths.get(item.base, 0) + 1
            if item.base not in self._objects and item.base not in self._delta_bases:
                assert base is not None, "a delta of an unknown object"
                self._add_delta_base(item.base, base())
        self._objects[item.id] = item
        self.size += len(item.data)
        return True

    def data(self, id: str) -> bytes:
        """Return an object's bytes."""
        deltas = []
        while id in self._objects and (base := self._objects[id].base) is not None:
            deltas.append(self._objects[id].data)
            id = base
        whole = self._objects[id].data if id in self._objects else self._delta_bases[id]
        for delta in reversed(deltas):
            whole = patched(whole, delta)
        return whole

    def drop(self, ids: Iterable[str]) -> None:
        """Drop objects, but keep the bytes of those that are delta bases."""
        gone = set(ids) & self._objects.keys()
        left = [item for item in self._objects.values() if item.id not in gone]
        bases = {item.base for item in left if item.base is not None}
        delta_bases = {id: self.data(id) for id in bases if id in gone or id in self._delta_bases}
        depths = self._depths
        self.size = 0
        self._objects, self._depths, self._delta_bases = {}, {}, {}
        for id, whole in delta_bases.items():
            self._add_delta_base(id, whole)
        for item in left:
            self.add(item)
            self._depths[item.id] = depths.get(item.id, 0)

    def _add_delta_base(self, id: str, whole: bytes) -> None:
        self._delta_bases[id] = whole
        self.size += len(whole)
