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

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias


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
    middle = _pieces(first)
    result: list[_Piece] = []
    position = 0
    for start, deleted, inserted in second:
        _take(middle, start - position, result)
        result.append((0, 0, inserted))
        _take(middle, deleted, None)
        position = start + deleted
    result += reversed(middle)
    return _from_pieces(result)


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


# compose: the text between the two lists, as pieces

# `(start, end, "")` is a stretch of the text before the first list, `(0, 0, text)` an insertion.
_Piece: TypeAlias = tuple[int, int, str]


def _pieces(splices: Sequence[Splice]) -> list[_Piece]:
    """Return the text after the splices as a stack: its first piece is the last of the list."""
    pieces: list[_Piece] = []
    position = 0
    for start, deleted, inserted in splices:
        if start > position:
            pieces.append((position, start, ""))
        if inserted:
            pieces.append((0, 0, inserted))
        position = start + deleted
    pieces.append((position, sys.maxsize, ""))
    pieces.reverse()
    return pieces


def _take(pieces: list[_Piece], length: int, taken: list[_Piece] | None) -> None:
    """Move `length` characters from the front of the text to `taken`, or drop them."""
    while length > 0:
        start, end, inserted = pieces.pop()
        size = len(inserted) or end - start
        if size > length:
            cut = start + length
            rest = (0, 0, inserted[length:]) if inserted else (cut, end, "")
            pieces.append(rest)
            end, inserted, size = cut, inserted[:length], length
        if taken is not None:
            taken.append((0, 0, inserted) if inserted else (start, end, ""))
        length -= size


def _from_pieces(pieces: Iterable[_Piece]) -> tuple[Splice, ...]:
    """Return the splices; text between two kept stretches is deleted."""
    splices: list[Splice] = []
    position, pending = 0, ""
    for start, end, inserted in pieces:
        if inserted:
            pending += inserted
        elif start < end:
            if pending or start > position:
                splices.append(Splice(position, start - position, pending))
                pending = ""
            position = end
    return tuple(splices)
