"""Who wrote what: a text as runs of characters, kept exact by applying the splices of every step.

The runs cover two texts at once, that of the last version and the current one, and so tell what
each author has added and deleted since::

    version   The quick fox.            The  quick   slow  fox.
    now       The slow fox.             KEPT deleted ADDED KEPT
                                             by Bo   by Ann

What was added and deleted again since the version leaves no run. An author is a number here. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from merge.splices import Splice

# States of a run; a number from 0 is the author who has deleted it since the version.
KEPT, ADDED = -1, -2

# Longer blocks are halved: a step looks through all blocks, and then through the runs of one.
_BLOCK_RUNS_MAX = 96


class Run(NamedTuple):
    """So many characters with one author: who wrote them, and what happened to them since."""

    length: int
    author: int
    state: int = KEPT

    @property
    def is_current(self) -> bool:
        """Whether the characters are in the current text."""
        return self.state < 0


class Authorship:
    """The runs of a document's text."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._blocks: list[list[Run]] = []
        self._sizes: list[int] = []  # of the blocks, in characters of the current text
        block = _joined(runs)
        for start in range(0, len(block) or 1, _BLOCK_RUNS_MAX):
            self._blocks.append(block[start : start + _BLOCK_RUNS_MAX])
            self._sizes.append(_size(self._blocks[-1]))

    def __iter__(self) -> Iterator[Run]:
        """Yield the runs, in the order of both texts."""
        for block in self._blocks:
            yield from block

    @property
    def length(self) -> int:
        """The length of the current text in characters."""
        return sum(self._sizes)

    def apply(self, splices: Sequence[Splice], author: int) -> None:
        """Note that an author has changed the current text by these splices."""
        for start, deleted, inserted in reversed(splices):
            self._replace(start, deleted, len(inserted), author)

    def current(self) -> list[Run]:
        """Return the runs of the current text, as those of a version."""
        return _joined(Run(run.length, run.author) for run in self if run.is_current)

    def _replace(self, start: int, deleted: int, inserted: int, author: int) -> None:
        at, position = self._find_block(start)
        if self._extend(at, position, deleted, inserted, author):
            return
        left = self._replace_in(at, position, deleted, inserted, author)
        while left:  # of what is deleted, in the blocks that follow
            at += 1
            left = self._replace_in(at, 0, left, 0, author)

    def _find_block(self, start: int) -> tuple[int, int]:
        """Return the first block that reaches up to a position, and the position in it."""
        position = start
        for at, size in enumerate(self._sizes):
            if position <= size:
                return at, position
            position -= size
        raise AssertionError("a splice beyond the text")

    def _extend(self, at: int, position: int, deleted: int, inserted: int, author: int) -> bool:
        """Make a run longer, if this is its author who goes on typing in it or at its end."""
        if deleted:
            return False
        block = self._blocks[at]
        for index, (length, writer, state) in enumerate(block):
            if state >= 0:
                continue
            if position > length:
                position -= length
                continue
            if writer != author or state != ADDED:
                return False
            block[index] = Run(length + inserted, author, ADDED)
            self._sizes[at] += inserted
            return True
        return False

    def _replace_in(self, at: int, position: int, deleted: int, inserted: int, author: int) -> int:
        """Replace characters of one block; return how many are still to be deleted after it."""
        found: list[Run] = []
        runs = iter(self._blocks[at])
        rest = _take(runs, position, found)
        if inserted:
            found.append(Run(inserted, author, ADDED))
        while deleted:
            run = rest or next(runs, None)
            if run is None:
                break
            rest = None
            length, writer, state = run
            if state >= 0:
                found.append(run)
                continue
            gone = min(length, deleted)
            if state == KEPT:
                found.append(Run(gone, writer, author))
            if gone < length:
                rest = Run(length - gone, writer, state)
            deleted -= gone
        if rest:
            found.append(rest)
        found.extend(runs)
        self._store(at, _joined(found))
        return deleted

    def _store(self, at: int, block: list[Run]) -> None:
        if len(block) <= _BLOCK_RUNS_MAX:
            self._blocks[at] = block
            self._sizes[at] = _size(block)
            return
        half = len(block) // 2
        halves = [block[:half], block[half:]]
        self._blocks[at : at + 1] = halves
        self._sizes[at : at + 1] = map(_size, halves)


def _take(runs: Iterator[Run], length: int, taken: list[Run]) -> Run | None:
    """Move runs with so many characters of the current text; return the rest of one that is cut."""
    while length:
        run = next(runs)
        if run.is_current:
            if run.length > length:
                taken.append(run._replace(length=length))
                return run._replace(length=run.length - length)
            length -= run.length
        taken.append(run)
    return None


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Return the runs, with equal neighbours as one."""
    found: list[Run] = []
    for run in runs:
        if found and found[-1][1:] == run[1:]:
            run = Run(found.pop().length + run.length, run.author, run.state)
        found.append(run)
    return found


def _size(block: Iterable[Run]) -> int:
    return sum(run.length for run in block if run.is_current)
