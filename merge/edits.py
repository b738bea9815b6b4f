"""A text as words, and the edits of one side, each at its likeliest place.

Each word has the blank before it; only words are compared. The place of an insertion or deletion
beside equal words is ambiguous ("the [big] big house" or "the big [big] house"). Each edit is
placed at the strongest boundary: of a paragraph, else a line, a sentence, a word. It keeps the
range in which it could be.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from merge.diff import Change, diff
from merge.tokens import is_blank, tokens


class Words(NamedTuple):
    """A text as words; `blanks[i]` is before `words[i]`, the last blank at the end."""

    words: list[str]
    blanks: list[str]

    def text(self, start: int, end: int) -> str:
        """Return the words from `start` to `end`, each with the blank before it."""
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
    """A boundary between two words; the stronger, the likelier an edit begins there."""

    NONE = 0
    BLANK = 1
    SENTENCE = 2
    LINE = 3
    PARAGRAPH = 4


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """A replacement of words of the base with words of one side.

    Attributes:
        start: index of the first word in the base.
        end: index behind the last word in the base.
        new_start: index of the first word in the side.
        new_end: index behind the last word in the side.
        low: the lowest `start` that it could have as well.
        high: the highest `end` that it could have as well.
        before: the boundary before the new words, or before the old ones of a deletion.
        after: the boundary behind them.
        old: the words in the base.
        new: the words in the side.
        added_words: the words in `new`, without punctuation, that are not in `old`.
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
        """Whether its place is certain enough to disregard `low` and `high`."""
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
        """Whether it is whole lines with a blank line before them."""
        return self.before is Boundary.PARAGRAPH and self.ends_line

    def is_same(self, other: "Edit") -> bool:
        """Whether both replace the same words with the same words."""
        return (self.start, self.end, self.new) == (other.start, other.end, other.new)


def find_edits(b: Words, side: Words) -> list[Edit]:
    """Return the edits of a side in order, with at least one unchanged word between any two."""
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
            key=lambda by: (_strength(holder, first + by, last + by), by),
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
    """Whether a token is a word or number, and no punctuation."""
    return token.lstrip("_")[:1].isalnum()


def _slide_range(
    words: Sequence[str], first: int, last: int, left_max: int, right_max: int
) -> tuple[int, int]:
    """Return how far the words `first` to `last` can slide left and right along equal words."""
    left = right = 0
    while left < left_max and words[first - 1 - left] == words[last - 1 - left]:
        left += 1
    while right < right_max and words[first + right] == words[last + right]:
        right += 1
    return left, right


def _strength(text: Words, first: int, last: int) -> int:
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
