"""The merge of what was typed a moment ago, letter by letter.

In a live document each side is a fraction of a second of typing: a few letters came or went, by
one person or (in master) by several. Where people type, backspace or paste at one spot, words are
too coarse: half a word is no word yet. So both sides are taken as changes of letters:

    insertion and insertion         both, unless into one word that one of the sides rewrote
    insertion beside anything       both, unless it falls inside what the other side removed
    deletion and deletion           both
    replacement and another change  both, if an untouched blank lies between them
    replacement and insertion       both in one word as well, if neither brings a blank, or the
                                    insertion is of whole words, or each is its side's only change
                                    there (else words that share letters by chance are torn)
    anything else                   no answer here: the words decide

A side's changes are read in two ways. Letter by letter first, if so no word has two changes, or
only insertions: that is plainly typing. Else all that a side did to one word is one change first,
so that a word that gave way to another stays whole; and only where the sides then collide letter by
letter, so that several may type inside one word (one that lost letters and got others stays one
replacement).

Two insertions at one point: the incoming one goes to the left. Typing runs left to right, and
what somebody has typed must stay left of their next letters; so the other's letters move right,
each time, and each one's stay together. Where an insertion could as well be said to have happened
further left ("ab" to "abb"), the one that reaches further left goes left: that keeps a doubled
letter beside its twin.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, product
from typing import NamedTuple

from merge.pieces import Piece, piece
from merge.splices import Splice, between, is_between_words, letters, settled, tears_nothing
from merge.tokens import equal_prefix

# Pairs of changes that are looked at, and how far one is slid: no moment of typing has more.
_PAIRS_MAX = 10_000
_SLIDE_MAX = 1_000


class _Typed(NamedTuple):
    """`base[start:end]` gave way to `inserted`; it could as well be as far left as `low`."""

    start: int
    end: int
    inserted: str
    low: int
    is_alone: bool = True  # no other change of its side in the same word
    sticks: int = 0  # -1, 1: to the letter before, behind it, as a part of one word

    @property
    def is_insertion(self) -> bool:
        return self.start == self.end

    @property
    def is_replacement(self) -> bool:
        return self.start < self.end and bool(self.inserted)


def merge_typed(base: str, ours: str, theirs: str) -> list[Piece] | None:
    """Both sides' changes, or None where that is not plainly what both wanted."""
    readings = [
        (_by_words(base, ours), _by_words(base, theirs)),
        (_by_letters(base, ours), _by_letters(base, theirs)),
    ]
    if all(_is_plain(typed) for side in readings[1] for typed in side):
        readings.reverse()
    for mine, yours in readings:
        if len(mine) * len(yours) <= _PAIRS_MAX and all(
            _go_together(base, *pair) for pair in product(mine, yours)
        ):
            return list(_both(base, mine, yours))
    return None


def _is_plain(typed: _Typed) -> bool:
    """Whether it is plainly typing, and not a word that gave way to another."""
    return typed.is_insertion or (typed.is_alone and not typed.is_replacement)


def _by_words(base: str, side: str) -> list[_Typed]:
    """All that happened to one word is one change."""
    return _read(base, between(base, side), _in_one_word)


def _by_letters(base: str, side: str) -> list[_Typed]:
    """Several insertions into one word are several changes."""
    return _read(base, _slid_right(base, side, letters(base, side)), _is_rewritten)


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


_IsOne = Callable[[str, Splice, Splice], bool]


def _read(base: str, changes: Iterable[Splice], is_one: _IsOne) -> list[_Typed]:
    """The side's changes, those that are one put together."""
    found: list[_Typed] = []
    joined = _joined(base, changes, is_one)
    together = [_in_one_word(base, *pair) for pair in pairwise(joined)]
    for place, (start, deleted, inserted) in enumerate(joined):
        floor = found[-1].end if found else 0
        low = _low(base, joined[place], floor)
        before, after = [False, *together][place], [*together, False][place]
        sticks = _sticks(inserted, before=before, after=after)
        is_alone = not (before or after)
        found.append(_Typed(start, start + deleted, inserted, low, is_alone, sticks))
    return found


def _sticks(inserted: str, *, before: bool, after: bool) -> int:
    """Of a change in one word with the one before it, or behind it."""
    if before and not inserted[:1].isspace():
        return -1
    return 1 if after and not inserted[-1:].isspace() else 0


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


def _in_one_word(base: str, last: Splice, change: Splice) -> bool:
    """Whether no untouched blank lies between two changes of one side."""
    return not any(map(str.isspace, base[last.start + last.deleted : change.start]))


def _is_rewritten(base: str, last: Splice, change: Splice) -> bool:
    """Whether a word lost letters and got others: one that gave way to another, not typing."""
    return bool(last.deleted or change.deleted) and _in_one_word(base, last, change)


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


def _go_together(base: str, one: _Typed, other: _Typed) -> bool:
    first, last = sorted((one, other))
    if not (one.is_insertion or other.is_insertion):
        return not (one.is_replacement or other.is_replacement) or _is_apart(base, first, last)
    if first.end > last.start and first.start != last.start:
        return False
    if one.start == other.start and _tears_words(base, one, other):
        return False
    return (
        not (one.is_replacement or other.is_replacement)
        or (one.is_alone and other.is_alone)
        or _is_apart(base, first, last)
        or not any(map(str.isspace, one.inserted + other.inserted))
        or any(
            is_between_words(base, each.start, each.end, each.inserted)
            for each in (one, other)
            if each.is_insertion
        )
    )


def _tears_words(base: str, one: _Typed, other: _Typed) -> bool:
    """Whether both put words into one word, which more happened to than that."""
    around = base[max(one.start - 1, 0) : one.start], base[one.start : one.start + 1]
    return (
        all(part and not part.isspace() for part in around)
        and not (one.is_alone and other.is_alone)
        and all(any(map(str.isspace, each.inserted)) for each in (one, other))
    )


def _is_apart(base: str, first: _Typed, last: _Typed) -> bool:
    """Whether an untouched blank lies between them."""
    return any(map(str.isspace, base[first.end : last.start]))


def _both(base: str, mine: Sequence[_Typed], yours: Sequence[_Typed]) -> Iterator[Piece]:
    """The text in pieces: changes that overlap or touch share one."""
    position = 0
    for group in _groups(mine, yours):
        start, end = group[0][0].start, max(typed.end for typed, _ in group)
        kept = base[position:start]
        yield piece(kept, kept, kept)
        yield Piece(
            base[start:end],
            _applied(base, start, end, [typed for typed, is_mine in group if is_mine]),
            _applied(base, start, end, [typed for typed, is_mine in group if not is_mine]),
            _applied(base, start, end, [typed for typed, _ in group]),
        )
        position = end
    kept = base[position:]
    yield piece(kept, kept, kept)


def _groups(mine: Sequence[_Typed], yours: Sequence[_Typed]) -> Iterator[list[tuple[_Typed, bool]]]:
    """In order; at one point insertions, who reaches further left, theirs, then replacements.

    What was typed around a letter stays around it.
    """
    tagged = [(typed, True) for typed in mine] + [(typed, False) for typed in yours]
    tagged.sort(key=_order)
    group: list[tuple[_Typed, bool]] = []
    end = 0
    for typed, is_mine in tagged:
        if group and typed.start > end:
            yield group
            group = []
        group.append((typed, is_mine))
        end = max(end, typed.end) if len(group) > 1 else typed.end
    if group:
        yield group


def _order(tagged: tuple[_Typed, bool]) -> tuple[int, bool, int, int, bool]:
    typed, is_mine = tagged
    return typed.start, typed.is_replacement, typed.sticks, typed.low, is_mine


def _applied(base: str, start: int, end: int, changes: Iterable[_Typed]) -> str:
    """This stretch of the base with these changes carried out."""
    parts: list[str] = []
    position = start
    for typed in changes:
        parts += (base[position : typed.start], typed.inserted)
        position = max(position, typed.end)
    return "".join([*parts, base[position:end]])
