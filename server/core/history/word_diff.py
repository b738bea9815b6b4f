"""Two texts compared as people read them: which words were added and removed. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from merge.diff_splices import diff_splices
from merge.splices import Splice, join

KEPT, ADDED, REMOVED = "kept", "added", "removed"

_WORD_BEFORE = re.compile(r"\w+\Z")
_WORD = re.compile(r"\w+")
_WORD_MAX = 100  # of a longer word only a part is replaced


class Part(NamedTuple):
    """A part of both texts, or of one; `start` is its position in the one it is taken from."""

    kind: str
    start: int
    text: str


def compare_words(before: str, after: str) -> Iterator[Part]:
    """Yield the parts of two texts in order; what was removed comes before what replaces it."""
    old = new = 0
    for start, deleted, inserted in word_splices(before, after):
        if start > old:
            yield Part(KEPT, new, before[old:start])
            new += start - old
        if deleted:
            yield Part(REMOVED, start, before[start : start + deleted])
        if inserted:
            yield Part(ADDED, new, inserted)
        old, new = start + deleted, new + len(inserted)
    if old < len(before):
        yield Part(KEPT, new, before[old:])


def word_splices(before: str, after: str) -> list[Splice]:
    """Return the splices from one text to the other, which replace whole words."""

    def belong(last: Splice, splice: Splice) -> bool:
        between = before[last.start + last.deleted : splice.start]
        return len(between) <= _WORD_MAX and _WORD.fullmatch(between) is not None

    return [
        _widened(before, splice) for splice in join(before, diff_splices(before, after), belong)
    ]


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
