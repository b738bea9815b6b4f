"""Two texts compared as people read them: which words were added and removed. Pure."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from merge.diff_splices import diff_splices
from merge.splices import Splice, inserted_ranges, join

KEPT, ADDED, REMOVED = "kept", "added", "removed"

_WORD_BEFORE = re.compile(r"\w+\Z")
_WORD = re.compile(r"\w+")
_WORD_MAX = 100  # of a longer word only a part is replaced


class Part(NamedTuple):
    """A part of both texts, or of one; `start` is its position in the one it is taken from.

    Of an added part `letters` are the ranges of what is really new: of a word that was corrected,
    most letters are not.
    """

    kind: str
    start: int
    text: str
    letters: tuple[tuple[int, int], ...] = ()


def compare_words(before: str, after: str) -> Iterator[Part]:
    """Yield the parts of two texts in order; what was removed comes before what replaces it."""
    found = diff_splices(before, after)
    letters = deque(place for place in inserted_ranges(found) if place[0] < place[1])
    old = new = 0
    for start, deleted, inserted in _word_splices(before, found):
        if start > old:
            yield Part(KEPT, new, before[old:start])
            new += start - old
        if deleted:
            yield Part(REMOVED, start, before[start : start + deleted])
        if inserted:
            end = new + len(inserted)
            yield Part(ADDED, new, inserted, tuple(_taken(letters, end)))
        old, new = start + deleted, new + len(inserted)
    if old < len(before):
        yield Part(KEPT, new, before[old:])


def _taken(ranges: deque[tuple[int, int]], end: int) -> Iterator[tuple[int, int]]:
    """Take the ranges that end by a position."""
    while ranges and ranges[0][1] <= end:
        yield ranges.popleft()


def _word_splices(before: str, splices: Sequence[Splice]) -> list[Splice]:
    """Return the splices with those that change one word as one that replaces the word."""

    def belong(last: Splice, splice: Splice) -> bool:
        between = before[last.start + last.deleted : splice.start]
        return len(between) <= _WORD_MAX and _WORD.fullmatch(between) is not None

    return [_widened(before, splice) for splice in join(before, splices, belong)]


def _widened(before: str, splice: Splice) -> Splice:
    """Return a splice that replaces the words completely which it changes."""
    start, deleted, inserted = splice
    end = start + deleted
    changed = before[start:end], inserted
    head = tail = ""
    if any(_WORD.match(text) for text in changed):
        found = _WORD_BEFORE.search(before, max(0, start - _WORD_MAX), start)
        head = found.group() if found else ""
    if any(_WORD_BEFORE.search(text[-1:]) for text in changed):
        found = _WORD.match(before, end, end + _WORD_MAX)
        tail = found.group() if found else ""
    return Splice(start - len(head), len(head) + deleted + len(tail), f"{head}{inserted}{tail}")
