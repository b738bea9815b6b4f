"""A version as one step of each author, from the text of the last version to the new one.

Who changed least comes first, so that the last step, by who changed most, ends in the new text.
What was added and deleted again since the last version is in none of the texts. No step cuts a
grapheme cluster that several authors have made: the last of them brings, or deletes, all of it.
Pure.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from merge.splices import Splice, apply
from merge.tokens import boundary_after, boundary_before, is_boundary
from server.core.history.authorship import ADDED, Run

_WORD = re.compile(r"\w+")
_NEVER = math.inf


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
    """Return what each author has changed; nobody, if the texts are equal.

    Args:
        before: the text of the last version.
        after: the new text.
        runs: those of both texts.
    """
    runs = list(runs)
    authors = _by_amount(runs)
    steps = {author: step for step, author in enumerate(authors, 1)}
    parts = list(_parts(before, after, runs, steps))
    if not (before.isascii() and after.isascii()):
        parts = _uncut(parts, after, is_new=True)
        parts = _uncut(parts, before, is_new=False)
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


def _uncut(parts: Sequence[_Part], text: str, *, is_new: bool) -> list[_Part]:
    """Let the last of its authors bring, or delete, each grapheme cluster of a text as a whole.

    Args:
        parts: the parts.
        text: the new text, or that of the last version.
        is_new: whether it is the new one.
    """

    def is_in_text(part: _Part) -> bool:
        return part.end == _NEVER if is_new else part.start == 0

    def is_changed(part: _Part) -> bool:
        return part.start > 0 if is_new else part.start == 0 and part.end != _NEVER

    lengths = [len(part.text) if is_in_text(part) else 0 for part in parts]
    clusters = _clusters_at(text, accumulate(lengths))
    if not clusters:
        return list(parts)
    edges = sorted({edge for cluster in clusters for edge in cluster})
    pieces: list[tuple[_Part, int]] = []
    position = 0
    for part, length in zip(parts, lengths, strict=True):
        for piece in _split(part, position, edges) if length else (part,):
            pieces.append((piece, position))
            position += len(piece.text) if length else 0
    starts = [start for start, _ in clusters]
    steps: dict[int, float] = {}

    def cluster_of(piece: _Part, at: int) -> int | None:
        index = bisect_right(starts, at) - 1
        return index if is_changed(piece) and index >= 0 and at < clusters[index][1] else None

    found = [(piece, cluster_of(piece, at)) for piece, at in pieces]
    for piece, cluster in found:
        if cluster is not None:
            steps[cluster] = max(steps.get(cluster, 0), piece.start if is_new else piece.end)
    return [
        piece
        if cluster is None
        else (
            piece._replace(start=steps[cluster]) if is_new else piece._replace(end=steps[cluster])
        )
        for piece, cluster in found
    ]


def _clusters_at(text: str, positions: Iterable[int]) -> list[tuple[int, int]]:
    """Return start and end of the grapheme clusters that these positions cut."""
    found: list[tuple[int, int]] = []
    for position in positions:
        is_met = found and position < found[-1][1]
        if is_met or position >= len(text) or is_boundary(text, position):
            continue
        found.append((boundary_before(text, position), boundary_after(text, position)))
    return found


def _split(part: _Part, position: int, edges: Sequence[int]) -> Iterator[_Part]:
    """Yield a part, whose text is at a position, in pieces that end at the edges."""
    start, end = position, position + len(part.text)
    for edge in edges[bisect_right(edges, start) : bisect_left(edges, end)]:
        yield part._replace(text=part.text[start - position : edge - position])
        start = edge
    yield part._replace(text=part.text[start - position :])


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
