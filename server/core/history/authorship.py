"""Who wrote what: a text as runs of characters, kept exact by applying the splices of every step.

The runs cover two texts at once, that of the last version and the current one, and so tell what
each author has added and deleted since::

    version   The quick fox.            The  quick   slow  fox.
    now       The slow fox.             KEPT deleted ADDED KEPT
                                             by Bo   by Ann

What was added and deleted again since the version leaves no run. An author is a number here. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
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
        if not deleted:
            self._insert(at, position, Run(inserted, author, ADDED))
            return
        left = self._replace_in(at, position, deleted, Run(inserted, author, ADDED))
        while left:  # of what is deleted, in the blocks that follow
            at += 1
            left = self._replace_in(at, 0, left, Run(0, author, ADDED))

    def _find_block(self, start: int) -> tuple[int, int]:
        """Return the first block that reaches up to a position, and the position in it."""
        position = start
        for at, size in enumerate(self._sizes):
            if position <= size:
                return at, position
            position -= size
        raise AssertionError("a splice beyond the text")

    def _insert(self, at: int, position: int, new: Run) -> None:
        """Insert a run; those around it become longer instead, if they are of its kind."""
        block = self._blocks[at]
        index, position = _find_run(block, position)
        length, author, state = block[index] if index < len(block) else new
        if index == len(block):
            block.append(new)
        elif author == new.author and state == ADDED:
            block[index] = Run(length + new.length, author, ADDED)
        elif position == length:
            follows = block[index + 1] if index + 1 < len(block) else None
            if follows and follows[1:] == new[1:]:
                block[index + 1] = Run(follows.length + new.length, new.author, ADDED)
            else:
                block.insert(index + 1, new)
        else:
            head = [Run(position, author, state)] if position else []
            block[index : index + 1] = [*head, new, Run(length - position, author, state)]
        self._sizes[at] += new.length
        self._halve(at)

    def _replace_in(self, at: int, position: int, deleted: int, new: Run) -> int:
        """Replace characters of one block; return how many are still to be deleted after it."""
        block = self._blocks[at]
        index, position = _find_run(block, position)
        runs = islice(block, index, None)
        found: list[Run] = []
        end, rest = index, None
        if position:
            length, writer, state = next(runs)
            end += 1
            found.append(Run(position, writer, state))
            rest = Run(length - position, writer, state) if position < length else None
        if new.length:
            found.append(new)
        left = deleted
        while left:
            if rest is None:
                rest = next(runs, None)
                if rest is None:
                    break
                end += 1
            length, writer, state = rest
            gone = min(length, left) if state < 0 else 0
            if state >= 0:
                found.append(rest)
            elif state == KEPT:
                found.append(Run(gone, writer, new.author))
            is_cut = state < 0 and gone < length
            rest = Run(length - gone, writer, state) if is_cut else None
            left -= gone
        if rest:
            found.append(rest)
        first, last = max(index - 1, 0), end + 1
        block[first:last] = _joined([*block[first:index], *found, *block[end:last]])
        self._sizes[at] += new.length - (deleted - left)
        self._halve(at)
        return left

    def _halve(self, at: int) -> None:
        """Split a block that has become long in two."""
        block = self._blocks[at]
        if len(block) > _BLOCK_RUNS_MAX:
            half = len(block) // 2
            halves = [block[:half], block[half:]]
            self._blocks[at : at + 1] = halves
            self._sizes[at : at + 1] = map(_size, halves)


def _find_run(block: Sequence[Run], position: int) -> tuple[int, int]:
    """Return the first current run that reaches up to a position, and the position in it."""
    for index, (length, _, state) in enumerate(block):
        if state >= 0:
            continue
        if position <= length:
            return index, position
        position -= length
    return len(block), position


def _joined(runs: Iterable[Run]) -> list[Run]:
    """Return the runs, with equal neighbours as one."""
    found: list[Run] = []
    for run in runs:
        last = found[-1] if found else None
        if last and last.author == run.author and last.state == run.state:
            found[-1] = Run(last.length + run.length, run.author, run.state)
        else:
            found.append(run)
    return found


def _size(block: Iterable[Run]) -> int:
    return sum(run.length for run in block if run.is_current)
