"""Rows whose second commit only reverts an edit of the first: no merge can detect that.

    base      one two three
    ours      one TWO three         the first commit
    theirs    one two three, four   the second commit, with the base's word again

In the three texts only our side has changed `two`, so a merge keeps `TWO` without a conflict, and
is wrong.

A diff may place an edit here or at a neighbouring place. So two diffs must agree that theirs has no
edit there: Git's (Myers) and one that starts from rare words (histogram).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from merge.diff import diff
from merge.tokens import tokens

# A more frequent word is no anchor.
_PLACES_MAX = 64

# `before[start:end]` was changed; if `start == end`, something was inserted there.
_Span = tuple[int, int]


class _Run(NamedTuple):
    """A run of items that two lists have in common."""

    start: int
    new_start: int
    length: int


def is_taken_back(base: str, ours: str, theirs: str) -> bool:
    """Whether an edit of ours neither overlaps nor touches an edit of theirs."""
    before, after, after_theirs = map(_words, (base, ours, theirs))
    return all(
        _has_edit_alone(find(before, after), find(before, after_theirs))
        for find in (_myers, _histogram)
    )


def _words(text: str) -> list[str]:
    return [token for token in tokens(text) if not token.isspace()]


def _has_edit_alone(ours: Sequence[_Span], theirs: Sequence[_Span]) -> bool:
    return any(
        all(their_end < start or end < their_start for their_start, their_end in theirs)
        for start, end in ours
    )


def _myers(before: Sequence[str], after: Sequence[str]) -> list[_Span]:
    return [(change.start, change.end) for change in diff(before, after)]


def _histogram(before: Sequence[str], after: Sequence[str]) -> list[_Span]:
    return list(_split(before, after, 0))


def _split(before: Sequence[str], after: Sequence[str], offset: int) -> Iterator[_Span]:
    """Yield the changes before and after the rarest common run."""
    head = _common_prefix(before, after)
    tail = _common_prefix(before[head:][::-1], after[head:][::-1])
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    offset += head
    run = _rarest_run(before, after)
    if run is None:
        yield from ((offset + start, offset + end) for start, end in _myers(before, after))
        return
    start, new_start, length = run
    yield from _split(before[:start], after[:new_start], offset)
    end, new_end = start + length, new_start + length
    yield from _split(before[end:], after[new_end:], offset + end)


def _rarest_run(before: Sequence[str], after: Sequence[str]) -> _Run | None:
    """Return the longest of the runs with the rarest word; None if all words are frequent."""
    places = defaultdict[str, list[int]](list)
    for place, word in enumerate(before):
        places[word].append(place)
    runs: list[_Run] = []
    at = 0
    while at < len(after):
        of_word = places.get(after[at], [])
        found = [_around(before, after, it, at) for it in of_word if len(of_word) <= _PLACES_MAX]
        at = max([at + 1, *(run.new_start + run.length for run in found)])
        runs += found

    def rarity(run: _Run) -> tuple[int, int]:
        words = before[run.start : run.start + run.length]
        return min(len(places[word]) for word in words), -run.length

    return min(runs, key=rarity, default=None)


def _around(before: Sequence[str], after: Sequence[str], place: int, new_place: int) -> _Run:
    """Return the common run around a common word."""
    back = _common_prefix(before[:place][::-1], after[:new_place][::-1])
    ahead = _common_prefix(before[place:], after[new_place:])
    return _Run(place - back, new_place - back, back + ahead)


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the common prefix."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (left, right) in pairs if left != right), min(len(one), len(other)))
