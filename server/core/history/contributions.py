"""A version as one step of each author, from the text of the last version to the new one.

Who changed least comes first, so that the last step, by who changed most, ends in the new text.
What was added and deleted again since the last version is in none of the texts. A word or an emoji
that several authors have changed is changed by the last of them as a whole: otherwise a text in
between would have a word that nobody wrote. Pure.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import regex

from merge.splices import Splice, apply
from server.core.history.authorship import ADDED, Run

_WORD = re.compile(r"\w+")
_NEVER = math.inf

# Neither blanks nor ASCII punctuation: letters of all scripts, and emoji with all that joins them.
_IN_WORD = regex.compile(r"[^\s!-/:-@\[-`{-~]")
_MARK = regex.compile(r"[\p{M}\p{Cf}\p{Emoji_Modifier}]")
_WORD_MAX = 200  # a longer word is cut
_WORD_AT_START = regex.compile(r"[^\s!-/:-@\[-`{-~]{1,200}")
_WORD_AT_END = regex.compile(r"(?:[^\s!-/:-@\[-`{-~]|\r)+\Z")


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one author has changed; `splices` lead from the text before it to `text`."""

    author: int
    text: str
    splices: tuple[Splice, ...]
    words_added: int
    words_removed: int


class _Part(NamedTuple):
    """Characters that are in the texts from one step until another; text 0 is the last version."""

    text: str
    start: float
    end: float


@dataclass(slots=True)
class _Change:
    """From one text to the next: splices, and the numbers of words that they add and remove."""

    splices: list[Splice] = field(default_factory=list)
    added: int = 0
    removed: int = 0

    def add(self, position: int, deleted: str, inserted: str) -> None:
        """Add a splice; one that touches the last one becomes a part of it."""
        self.added += len(_WORD.findall(inserted))
        self.removed += len(_WORD.findall(deleted))
        splice = Splice(position, len(deleted), inserted)
        last = self.splices[-1] if self.splices else None
        if last and last.start + last.deleted == position:
            self.splices[-1] = Splice(
                last.start, last.deleted + splice.deleted, last.inserted + inserted
            )
        else:
            self.splices.append(splice)


def contributions(before: str, after: str, runs: Iterable[Run]) -> list[Contribution]:
    """Return what each author has changed; empty if the texts are equal.

    Args:
        before: the text of the last version.
        after: the new text.
        runs: those of both texts.
    """
    runs = list(runs)
    authors = _by_amount(runs)
    steps = {author: step for step, author in enumerate(authors, 1)}
    parts = list(_parts(before, after, runs, steps))
    if len(authors) > 1:
        parts = list(_by_words(parts))
    made: list[Contribution] = []
    text = before
    for author, change in zip(authors, _changes(parts, len(authors)), strict=True):
        if change.splices:
            text = apply(text, change.splices)
            splices = tuple(change.splices)
            made.append(Contribution(author, text, splices, change.added, change.removed))
    return made


def _by_amount(runs: Iterable[Run]) -> list[int]:
    """Return the authors, who changed fewest characters first."""
    amounts: Counter[int] = Counter()
    for length, author, state in runs:
        if state == ADDED:
            amounts[author] += length
        elif state >= 0:
            amounts[state] += length
    return sorted(amounts, key=lambda author: (amounts[author], author))


def _parts(before: str, after: str, runs: Iterable[Run], steps: dict[int, int]) -> Iterator[_Part]:
    old = new = 0
    for length, author, state in runs:
        if state == ADDED:
            yield _Part(after[new : new + length], steps[author], _NEVER)
        else:
            yield _Part(before[old : old + length], 0, steps.get(state, _NEVER))
            old += length
        if state < 0:
            new += length


def _by_words(parts: Iterable[_Part]) -> Iterator[_Part]:
    """Yield the parts, with each word that several authors have changed changed in one step."""
    for group in _grouped(part for part in parts if part.text):
        if _steps_in(group) < 2:
            yield from group
            continue
        for word in _grouped(chain.from_iterable(map(_pieces, group))):
            yield from _in_one_step(word)


def _grouped(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Yield parts together that have a word in common."""
    group: list[_Part] = []
    for part in parts:
        if group and not _joins(group[-1].text[-1], part.text[0]):
            yield group
            group = []
        group.append(part)
    yield group


def _steps_in(parts: Iterable[_Part]) -> int:
    """Return the number of authors who have changed one of the parts."""
    return len({part.start or part.end for part in parts} - {_NEVER})


def _pieces(part: _Part) -> Iterator[_Part]:
    """Yield a part in up to three pieces: words at both ends, which may go on, and the rest."""
    text = part.text
    head = _WORD_AT_START.match(text)
    start = head.end() if head else 0
    tail = _WORD_AT_END.search(text, max(start, len(text) - _WORD_MAX))
    end = max(tail.start(), start) if tail else len(text)
    for first, last in ((0, start), (start, end), (end, len(text))):
        if first < last:
            yield part._replace(text=text[first:last])


def _joins(left: str, right: str) -> bool:
    """Return whether two characters beside each other are in one word, emoji or line end."""
    if left.isascii() and right.isascii():
        return (left.isalnum() and right.isalnum()) or (left, right) == ("\r", "\n")
    return bool(_MARK.match(right) or (_IN_WORD.match(left) and _IN_WORD.match(right)))


def _in_one_step(word: Sequence[_Part]) -> Iterator[_Part]:
    """Yield the pieces of a word; what is changed in it is changed by the last of its authors."""
    last = max(
        (part.start or part.end for part in word if part.start or part.end != _NEVER), default=0
    )
    for part in word:
        if part.start:
            yield part._replace(start=last)
        else:
            yield part if part.end == _NEVER else part._replace(end=last)


def _changes(parts: Iterable[_Part], steps: int) -> list[_Change]:
    """Return the changes from each text to the next."""
    changes = [_Change() for _ in range(steps)]
    common = 0  # the length so far of what is in all texts
    others = [0] * (steps + 1)  # by text: the length of everything else in it
    for text, start, end in parts:
        length = len(text)
        if start:
            step = int(start)
            changes[step - 1].add(common + others[step - 1], "", text)
            for at in range(step, steps + 1):
                others[at] += length
        elif end != _NEVER:
            step = int(end)
            changes[step - 1].add(common + others[step - 1], text, "")
            for at in range(step):
                others[at] += length
        else:
            common += length
    return changes
