"""The merge of whole texts in a live document, by letters, each change where it was made.

Each side is a moment of typing: a few letters inserted or deleted, by one person or (in master) by
several. Words are too coarse where people type, delete or paste at one spot. So the changes of both
sides are found by comparing, and applied in place (`positional`).

There are two ways to read the changes of a side:

    by letters   several insertions into one word are several changes; a word that lost letters and
                 got others is one replacement
    by words     all changes of one word are one change, so that a replaced word stays whole

By letters comes first if all changes are plainly typing: each an insertion, or a deletion that is
the only change of its word. Else by words comes first. The other reading is tried if the changes of
the first one collide.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from merge.diff_splices import (
    by_letters,
    diff_splices,
    is_between_words,
    keeps_graphemes,
    slide_splices,
)
from merge.placed import Placed, in_one_word, old_text, place
from merge.positional import merge_placed, regions_of
from merge.regions import Region
from merge.splices import Splice, join
from merge.tokens import equal_prefix

# How far a change is slid, in characters.
_SLIDE_MAX = 1_000
# More changes than this are no moment of typing.
_CHANGES_MAX = 1_000

_IsOne: TypeAlias = Callable[[str, Splice, Splice], bool]


def merge_live(base: str, ours: str, theirs: str) -> list[Region] | None:
    """Merge two sides of typing; None if the changes collide, or are no typing."""
    changes = diff_splices(base, ours), diff_splices(base, theirs)
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
            return regions_of(merged)
    return None


def _is_plain(typed: Placed) -> bool:
    """Whether a change is plainly typing, and no part of the replacement of a word."""
    return typed.is_insertion or (typed.is_alone and not typed.is_replacement)


def _cuts_words(base: str, typed: Placed) -> bool:
    """Whether a change has a line end and cuts a word: an unlikely reading of what was typed."""
    before, after = base[typed.start - 1 : typed.start], base[typed.end : typed.end + 1]
    return any(
        "\n" in text
        and ((before.isalnum() and text[0].isalnum()) or (text[-1].isalnum() and after.isalnum()))
        for text in (old_text(base, typed), typed.inserted)
    )


def _by_letters(base: str, side: str, by_words: Sequence[Splice]) -> list[Placed]:
    letters = by_letters(base, side)
    changes = by_words if letters is None else letters
    return _read(base, _slide_right(base, side, changes), _is_rewritten)


def _slide_right(base: str, side: str, changes: Sequence[Splice]) -> Iterator[Splice]:
    """Move insertions between words if they can be there, else as far right as possible."""
    placed = list(slide_splices(base, side, changes))
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
    """Move an insertion as far right as possible, up to `end`, without cutting a grapheme."""
    start, _, inserted = insertion
    behind = base[start : min(end, start + _SLIDE_MAX)]
    for distance in range(equal_prefix(behind, inserted + behind), 0, -1):
        turn = distance % len(inserted)
        slid = Splice(start + distance, 0, inserted[turn:] + inserted[:turn])
        if keeps_graphemes(slid, shift, base, side):
            return slid
    return insertion


def _read(base: str, changes: Iterable[Splice], is_one: _IsOne) -> list[Placed]:
    """Place the changes of a side, after joining those that are one."""
    found: list[Placed] = []
    for change in place(base, join(base, changes, partial(is_one, base))):
        floor = found[-1].end if found else 0
        found.append(change._replace(low=_low(base, change, floor)))
    return found


def _is_rewritten(base: str, last: Splice, change: Splice) -> bool:
    """Whether a word lost letters and got others: it was replaced."""
    return bool(last.deleted or change.deleted) and in_one_word(base, last, change)


def _low(base: str, change: Placed, floor: int) -> int:
    """Return the leftmost offset to which a change can slide along equal letters."""
    if change.is_replacement:
        return change.start
    moving = change.inserted or old_text(base, change)
    start = low = change.start
    while low > max(floor, start - _SLIDE_MAX):
        distance = start - low
        twin = moving[-1 - distance] if distance < len(moving) else base[low - 1 + len(moving)]
        if base[low - 1] != twin:
            break
        low -= 1
    return low
