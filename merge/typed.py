"""The merge of what was typed a moment ago, letter by letter.

In a live document each side is a fraction of a second of typing: a few letters came or went, by
one person or (in master) by several. Where people type, backspace or paste at one spot, words are
too coarse: half a word is no word yet. So both sides are taken as changes of letters:

    insertion and insertion         both
    insertion beside anything       both, unless it falls inside what the other side removed
    deletion and deletion           both
    replacement and another change  both, if an untouched blank lies between them
    anything else                   no answer here: the words decide

A side is several changes only if each is an insertion or a deletion, as typing makes them
(`splices.letters`); a word that gave way to another is one replacement.

Two insertions at one point: the incoming one goes to the left. Typing runs left to right, and
what somebody has typed must stay left of their next letters; so the other's letters move right,
each time, and each one's stay together. Where an insertion could as well be said to have happened
further left ("ab" to "abb"), the one that reaches further left goes left: that keeps a doubled
letter beside its twin.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from merge.splices import Splice, letters


class _Typed(NamedTuple):
    """`base[start:end]` gave way to `inserted`; it could as well be as far left as `low`."""

    start: int
    end: int
    inserted: str
    low: int

    @property
    def is_insertion(self) -> bool:
        return self.start == self.end

    @property
    def is_replacement(self) -> bool:
        return self.start < self.end and bool(self.inserted)


def merge_typed(base: str, ours: str, theirs: str) -> str | None:
    """Both changes, or None where that is not plainly what both wanted."""
    mine, yours = _read(base, ours), _read(base, theirs)
    if not all(_go_together(base, one, other) for one in mine for other in yours):
        return None
    return _both(base, mine, yours)


def _read(base: str, side: str) -> list[_Typed]:
    """The side's changes, each as far right as it can be said to be."""
    found: list[_Typed] = []
    for start, deleted, inserted in _whole_words(base, letters(base, side)):
        floor = found[-1].end if found else 0
        found.append(_with_low(base, _Typed(start, start + deleted, inserted, start), floor))
    return found


def _whole_words(base: str, changes: Iterable[Splice]) -> list[Splice]:
    """Changes with no untouched blank between them are one: a word that gave way to another."""
    found: list[Splice] = []
    for change in changes:
        if found:
            last = found[-1]
            end = last.start + last.deleted
            kept = base[end : change.start]
            is_typing = not (last.deleted or change.deleted)
            if not is_typing and not any(letter.isspace() for letter in kept):
                deleted = change.start + change.deleted - last.start
                found[-1] = Splice(last.start, deleted, last.inserted + kept + change.inserted)
                continue
        found.append(change)
    return found


def _with_low(base: str, typed: _Typed, floor: int) -> _Typed:
    """An insertion or deletion slides left along letters that repeat it."""
    start, end, inserted, _ = typed
    if typed.is_replacement:
        return typed
    moving = inserted or base[start:end]
    low = start
    while low > floor:
        distance = start - low
        twin = moving[-1 - distance] if distance < len(moving) else base[low - 1 + len(moving)]
        if base[low - 1] != twin:
            break
        low -= 1
    return typed._replace(low=low)


def _go_together(base: str, one: _Typed, other: _Typed) -> bool:
    first, last = sorted((one, other))
    if one.is_insertion or other.is_insertion:
        return first.end <= last.start or first.start == last.start
    if one.is_replacement or other.is_replacement:
        return any(between.isspace() for between in base[first.end : last.start])
    return True


def _both(base: str, mine: Sequence[_Typed], yours: Sequence[_Typed]) -> str:
    # At one point: insertions before a replacement, then who reaches further left, then theirs.
    order = [(typed.start, typed.is_replacement, typed.low, 1, typed) for typed in mine]
    order += [(typed.start, typed.is_replacement, typed.low, 0, typed) for typed in yours]
    parts: list[str] = []
    position = 0
    for *_, typed in sorted(order):
        parts += (base[position : typed.start], typed.inserted)
        position = max(position, typed.end)
    return "".join([*parts, base[position:]])
