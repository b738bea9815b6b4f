"""A text as words, and the edits of one side, each at its likeliest place.

A word carries the blank before it; only words are compared. Of an insertion or deletion beside
equal words one cannot know where it happened ("the [big] big house" or "the big [big] house"?). It
is anchored at the likeliest place: before a paragraph rather than a line, a line rather than a
sentence, a sentence rather than a word; and the edit remembers how far it could have been.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from merge.diff import Change, diff
from merge.tokens import is_blank, tokens


class Words(NamedTuple):
    """A text as words; `blanks[i]` stands before `words[i]`, the last one at the end."""

    words: list[str]
    blanks: list[str]

    def text(self, start: int, end: int) -> str:
        """These words, each with the blank before it."""
        return "".join(self.blanks[place] + self.words[place] for place in range(start, end))


def read(text: str) -> Words:
    words: list[str] = []
    blanks = [""]
    for token in tokens(text):
        if is_blank(token):
            blanks[-1] = token
        else:
            words.append(token)
            blanks.append("")
    return Words(words, blanks)


class Boundary(IntEnum):
    """What divides two words; the stronger, the likelier an insertion begins there."""

    NONE = 0
    BLANK = 1
    SENTENCE = 2
    LINE = 3
    PARAGRAPH = 4


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """A change of one side: base words `start` to `end` gave way to words `new_start` to `new_end`.

    Attributes:
        start: the first base word that it replaces.
        end: behind the last one.
        new_start: the first word of the side's text in their place.
        new_end: behind the last one.
        low: the leftmost base word at which it could also have been made.
        high: behind the rightmost one.
        before: the boundary before the new words; before the old ones of a deletion.
        after: the boundary behind them.
        old: the words that it replaces.
        new: the words in their place.
        added_words: the words among `new`, punctuation left out, that are not in `old`.
    """

    start: int
    end: int
    new_start: int
    new_end: int
    low: int
    high: int
    before: Boundary
    after: Boundary
    old: tuple[str, ...]
    new: tuple[str, ...]
    added_words: Counter[str]

    @property
    def is_insertion(self) -> bool:
        return self.start == self.end

    @property
    def is_deletion(self) -> bool:
        return not self.new

    @property
    def anchored(self) -> bool:
        return self.before >= Boundary.SENTENCE

    @property
    def begins_line(self) -> bool:
        return self.before >= Boundary.LINE

    @property
    def ends_line(self) -> bool:
        return self.after >= Boundary.LINE

    @property
    def whole_lines(self) -> bool:
        return self.begins_line and self.ends_line

    @property
    def is_paragraph(self) -> bool:
        """Whether it is whole lines, and a blank line stands before it."""
        return self.before is Boundary.PARAGRAPH and self.ends_line

    def is_same(self, other: "Edit") -> bool:
        """Whether both made the same words of the same words."""
        return (self.start, self.end, self.new) == (other.start, other.end, other.new)


def find_edits(b: Words, side: Words) -> list[Edit]:
    """What the side changed, each at its likeliest place, a kept word between any two."""
    changes = diff(b.words, side.words)
    edits: list[Edit] = []
    for place, change in enumerate(changes):
        floor = edits[-1].end + 1 if edits else 0
        following = changes[place + 1].start - 1 if place + 1 < len(changes) else len(b.words)
        edits.append(_place(change, b, side, floor, following))
    return edits


def _place(change: Change, b: Words, side: Words, floor: int, ceiling: int) -> Edit:
    start, end, new_start, new_end = change
    holder, first, last = (side, new_start, new_end) if new_start < new_end else (b, start, end)
    left = right = best = 0
    if start == end or new_start == new_end:
        left, right = _slide_range(holder.words, first, last, start - floor, ceiling - end)
        best = max(
            range(-left, right + 1),
            key=lambda by: (_edges(holder, first + by, last + by), by),
        )
    old = tuple(b.words[start + best : end + best])
    new = tuple(side.words[new_start + best : new_end + best])
    return Edit(
        start + best,
        end + best,
        new_start + best,
        new_end + best,
        start - left,
        end + right,
        _boundary(holder, first + best),
        _boundary(holder, last + best),
        old,
        new,
        _added_words(old, new),
    )


def _added_words(old: Iterable[str], new: Iterable[str]) -> Counter[str]:
    added = Counter(filter(is_word, new))
    added.subtract(old)
    return +added


def is_word(token: str) -> bool:
    """Whether it is a word or a number and no mark."""
    return token[0].isalnum()


def _slide_range(
    words: Sequence[str], first: int, last: int, left_max: int, right_max: int
) -> tuple[int, int]:
    """How far the run `first` to `last` can slide along equal words."""
    left = right = 0
    while left < left_max and words[first - 1 - left] == words[last - 1 - left]:
        left += 1
    while right < right_max and words[first + right] == words[last + right]:
        right += 1
    return left, right


def _edges(text: Words, first: int, last: int) -> int:
    return _boundary(text, first) + _boundary(text, last)


def _boundary(text: Words, place: int) -> Boundary:
    blank = text.blanks[place]
    if place == 0 or place == len(text.words) or blank.count("\n") > 1:
        return Boundary.PARAGRAPH
    if "\n" in blank:
        return Boundary.LINE
    if not blank:
        return Boundary.NONE
    return Boundary.SENTENCE if text.words[place - 1][-1] in ".!?。！？" else Boundary.BLANK
