"""What was typed a moment ago, read from the texts.

In a live document each side is a fraction of a second of typing: a few letters came or went, by
one person or (in master) by several. Where people type, backspace or paste at one spot, words are
too coarse: half a word is no word yet. So both sides are taken as changes of letters, and carried
out where they were made (`positional`).

A side's changes are read in two ways. Letter by letter first, if so no word has two changes, or
only insertions: that is plainly typing. Else all that a side did to one word is one change first,
so that a word that gave way to another stays whole; and only where the sides then collide letter by
letter, so that several may type inside one word (one that lost letters and got others stays one
replacement).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from merge.between import between, by_letters, is_between_words, settled, tears_nothing
from merge.pieces import Piece
from merge.placed import Placed, in_one_word, old_text, sticks
from merge.positional import merge_placed, pieces
from merge.splices import Splice
from merge.tokens import equal_prefix

# How far a change is slid: no moment of typing has more.
_SLIDE_MAX = 1_000
# More changes than this are no moment of typing.
_CHANGES_MAX = 1_000

_IsOne: TypeAlias = Callable[[str, Splice, Splice], bool]


def merge_typed(base: str, ours: str, theirs: str) -> list[Piece] | None:
    """Both sides' changes, or None where that is not plainly what both wanted.

    A side is read by words, where all that happened to one word is one change, and by letters,
    where several insertions into one word are several.
    """
    changes = between(base, ours), between(base, theirs)
    if max(map(len, changes)) > _CHANGES_MAX:
        return None
    by_words = [_read(base, change, in_one_word) for change in changes]
    by_letters = [
        _by_letters(base, side, change)
        for side, change in zip((ours, theirs), changes, strict=True)
    ]
    if any(_cuts_words(base, typed) for side in (*by_words, *by_letters) for typed in side):
        return None
    is_plain = all(_is_plain(typed) for side in by_letters for typed in side)
    for readings in (by_letters, by_words) if is_plain else (by_words, by_letters):
        merged = merge_placed(base, *readings)
        if merged is not None:
            return pieces(merged)
    return None


def _is_plain(typed: Placed) -> bool:
    """Whether it is plainly typing, and not a word that gave way to another."""
    return typed.is_insertion or (typed.is_alone and not typed.is_replacement)


def _cuts_words(base: str, typed: Placed) -> bool:
    """Whether lines came or went with a part of a word: nobody types so, it was read wrongly."""
    before, after = base[typed.start - 1 : typed.start], base[typed.end : typed.end + 1]
    return any(
        "\n" in text
        and ((before.isalnum() and text[0].isalnum()) or (text[-1].isalnum() and after.isalnum()))
        for text in (old_text(base, typed), typed.inserted)
    )


def _by_letters(base: str, side: str, by_words: Sequence[Splice]) -> list[Placed]:
    letters = by_letters(base, side)
    changes = by_words if letters is None else letters
    return _read(base, _slid_right(base, side, changes), _is_rewritten)


def _slid_right(base: str, side: str, changes: Sequence[Splice]) -> Iterator[Splice]:
    """Insertions between words if they can be there, else as far right as they can: as typed."""
    placed = list(settled(base, side, changes))
    ends = [*(each.start - 1 for each in placed[1:]), len(base)]
    shift = 0
    for change, end in zip(placed, ends, strict=True):
        start, deleted, inserted = change
        if deleted or is_between_words(base, start, start, inserted):
            yield change
        else:
            yield _rightmost(base, side, change, shift, end)
        shift += len(inserted) - deleted


def _rightmost(base: str, side: str, insertion: Splice, shift: int, end: int) -> Splice:
    """The same insertion as far right as it can be said to be, up to `end`, no cluster torn."""
    start, _, inserted = insertion
    behind = base[start : min(end, start + _SLIDE_MAX)]
    for distance in range(equal_prefix(behind, inserted + behind), 0, -1):
        turn = distance % len(inserted)
        slid = Splice(start + distance, 0, inserted[turn:] + inserted[:turn])
        if tears_nothing(slid, shift, base, side):
            return slid
    return insertion


def _read(base: str, changes: Iterable[Splice], is_one: _IsOne) -> list[Placed]:
    """The side's changes, those that are one put together."""
    found: list[Placed] = []
    joined = _joined(base, changes, is_one)
    together = [in_one_word(base, *pair) for pair in pairwise(joined)]
    for place, (start, deleted, inserted) in enumerate(joined):
        floor = found[-1].end if found else 0
        low = _low(base, joined[place], floor)
        before, after = [False, *together][place], [*together, False][place]
        stuck = sticks(inserted, before=before, after=after)
        found.append(Placed(start, start + deleted, inserted, low, not (before or after), stuck))
    return found


def _joined(base: str, changes: Iterable[Splice], is_one: _IsOne) -> list[Splice]:
    found: list[Splice] = []
    for change in changes:
        if found and is_one(base, found[-1], change):
            last = found.pop()
            kept = base[last.start + last.deleted : change.start]
            deleted = change.start + change.deleted - last.start
            found.append(Splice(last.start, deleted, last.inserted + kept + change.inserted))
        else:
            found.append(change)
    return found


def _is_rewritten(base: str, last: Splice, change: Splice) -> bool:
    """Whether a word lost letters and got others: one that gave way to another, not typing."""
    return bool(last.deleted or change.deleted) and in_one_word(base, last, change)


def _low(base: str, change: Splice, floor: int) -> int:
    """How far left it could be: an insertion or deletion slides along letters that repeat it."""
    start, deleted, inserted = change
    if deleted and inserted:
        return start
    moving = inserted or base[start : start + deleted]
    low = start
    while low > max(floor, start - _SLIDE_MAX):
        distance = start - low
        twin = moving[-1 - distance] if distance < len(moving) else base[low - 1 + len(moving)]
        if base[low - 1] != twin:
            break
        low -= 1
    return low
