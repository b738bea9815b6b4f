"""Git objects that are not in the repository on disk yet, by id.

Most texts are deltas of the text before, so thousands of versions of a text take little more room
than one. What a first delta is based on may be on disk: its bytes are kept as well, as an anchor.
Knows no Git library.
"""

from collections.abc import Callable, Iterable

from server.git.objects import GitObject, patched

# A text this many deltas away from a whole one is a whole one itself: reading stays quick.
_DEPTH_MAX = 1000


class NewObjects:
    """Objects in the order in which they were added; `size` is about how many bytes they take."""

    def __init__(self) -> None:
        self.size = 0
        self._objects: dict[str, GitObject] = {}
        self._depths: dict[str, int] = {}
        self._anchors: dict[str, bytes] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._objects

    def all(self) -> tuple[GitObject, ...]:
        """Every object; what a delta is based on comes before it, or is not here."""
        return tuple(self._objects.values())

    def find(self, id: str) -> GitObject | None:
        """An object as it was added: it may be a delta."""
        return self._objects.get(id)

    def takes_delta_of(self, id: str) -> bool:
        """Whether a delta of this object may be added."""
        return self._depths.get(id, 0) < _DEPTH_MAX

    def add(self, item: GitObject, base: Callable[[], bytes] | None = None) -> bool:
        """Add an object, unless it is here.

        An anchor is on disk, and is not added again: it could be a delta of its own delta.

        Args:
            item: the object.
            base: gives the bytes of what it is a delta of, if that is not here.

        Returns:
            Whether it was added.
        """
        if item.id in self._objects or item.id in self._anchors:
            return False
        if item.base is not None:
            self._depths[item.id] = self._depths.get(item.base, 0) + 1
            if item.base not in self._objects and item.base not in self._anchors:
                assert base is not None, "a delta of something unknown"
                self._anchor(item.base, base())
        self._objects[item.id] = item
        self.size += len(item.data)
        return True

    def data(self, id: str) -> bytes:
        """An object's bytes."""
        deltas = []
        while id in self._objects and (base := self._objects[id].base) is not None:
            deltas.append(self._objects[id].data)
            id = base
        whole = self._objects[id].data if id in self._objects else self._anchors[id]
        for delta in reversed(deltas):
            whole = patched(whole, delta)
        return whole

    def drop(self, ids: Iterable[str]) -> None:
        """Forget objects; deltas that are based on them stay whole."""
        gone = set(ids) & self._objects.keys()
        left = [item for item in self._objects.values() if item.id not in gone]
        bases = {item.base for item in left if item.base is not None}
        anchors = {id: self.data(id) for id in bases if id in gone or id in self._anchors}
        depths = self._depths
        self.size = 0
        self._objects, self._depths, self._anchors = {}, {}, {}
        for id, whole in anchors.items():
            self._anchor(id, whole)
        for item in left:
            self.add(item)
            self._depths[item.id] = depths.get(item.id, 0)

    def _anchor(self, id: str, whole: bytes) -> None:
        self._anchors[id] = whole
        self.size += len(whole)
