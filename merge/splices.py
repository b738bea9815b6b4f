"""A change of a text as a list of splices.

A splice `(start, deleted, inserted)` replaces `deleted` characters at `start` with `inserted`. The
splices of a list are sorted and do not overlap, and every position refers to the text *before* any
of them:

    before   The quick fox.        [(4, 5, "slow"), (13, 0, " Yes")]
                 ^^^^^    ^
    after    The slow fox Yes.

Positions are Unicode code points. This module knows no merge, no message and no UTF-16.

Invariant (the tests of this module and of its twin in the browser share their vectors):
    apply(apply(a, s), t) == apply(a, compose(s, t))
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Splice(NamedTuple):
    """Replaces `deleted` characters at `start` with `inserted`."""

    start: int
    deleted: int
    inserted: str


class SpliceError(ValueError):
    """The splices are not sorted, overlap, or lie outside the text."""


def apply(text: str, splices: Sequence[Splice]) -> str:
    """Return the text after the splices.

    Raises:
        SpliceError: a splice is out of order, overlaps another, has a negative length, or
            reaches beyond the text.
    """
    parts: list[str] = []
    position = 0
    for start, deleted, inserted in splices:
        if start < position or deleted < 0:
            raise SpliceError(f"splice at {start} overlaps or is out of order")
        if start + deleted > len(text):
            raise SpliceError(f"splice at {start} reaches beyond the text")
        parts += (text[position:start], inserted)
        position = start + deleted
    parts.append(text[position:])
    return "".join(parts)


def compose(first: Sequence[Splice], second: Sequence[Splice]) -> tuple[Splice, ...]:
    """Return one list, relative to the text before `first`, that has the effect of both."""
    if not first or not second:
        return tuple(first or second)
    result: list[Splice] = []
    waiting = list(reversed(first))
    shift = 0  # how much longer the splices that wait no more made the text
    for start, deleted, inserted in second:
        while waiting and waiting[-1].start + shift < start:
            splice = _take(waiting, start - shift - waiting[-1].start)
            _add(result, splice)
            shift += len(splice.inserted) - splice.deleted
        _add(result, Splice(start - shift, 0, inserted))
        position, end = start, start + deleted
        while position < end:
            kept = min(end, waiting[-1].start + shift) - position if waiting else end - position
            if kept:
                _add(result, Splice(position - shift, kept, ""))
                position += kept
                continue
            splice = _take(waiting, end - position)
            _add(result, splice._replace(inserted=""))
            position += len(splice.inserted)
            shift += len(splice.inserted) - splice.deleted
    for splice in reversed(waiting):
        _add(result, splice)
    return tuple(result)


def _take(waiting: list[Splice], length: int) -> Splice:
    """Take the splice that is last in the list; what it inserts beyond this length stays there."""
    splice = waiting.pop()
    start, deleted, inserted = splice
    if len(inserted) <= length:
        return splice
    waiting.append(Splice(start + deleted, 0, inserted[length:]))
    return Splice(start, deleted, inserted[:length])


def _add(splices: list[Splice], splice: Splice) -> None:
    """Add a splice, joined with the last one if there is no text between them."""
    start, deleted, inserted = splice
    if splices and (last := splices[-1]).start + last.deleted == start:
        splices[-1] = Splice(last.start, last.deleted + deleted, last.inserted + inserted)
    elif deleted or inserted:
        splices.append(splice)


def inserted_ranges(splices: Iterable[Splice]) -> list[tuple[int, int]]:
    """Return start and end of what each splice inserts, in the text after them."""
    ranges: list[tuple[int, int]] = []
    grown = 0
    for start, deleted, inserted in splices:
        ranges.append((start + grown, start + grown + len(inserted)))
        grown += len(inserted) - deleted
    return ranges


def join(
    text: str, splices: Iterable[Splice], belong: Callable[[Splice, Splice], bool]
) -> list[Splice]:
    """Join each splice with the one before it if they belong together.

    Args:
        text: the text before the splices.
        splices: the splices; what lies between two of them that are joined is replaced by itself.
        belong: decides about the splice before, joined as it is by then, and the next one.
    """
    found: list[Splice] = []
    for splice in splices:
        if found and belong(found[-1], splice):
            last = found.pop()
            kept = text[last.start + last.deleted : splice.start]
            deleted = splice.start + splice.deleted - last.start
            splice = Splice(last.start, deleted, last.inserted + kept + splice.inserted)
        found.append(splice)
    return found
