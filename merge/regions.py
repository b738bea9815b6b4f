"""Three texts side by side, divided into regions.

A three-way comparison, of lines or of words, results in a list of regions. Each of them either
merges (`merged` is the merged text) or is in conflict (`merged` is None):

    base    | Hello   | ·world | !
    ours    | Hello   | ·there | !            ours = in master already
    theirs  | Good·…  | ·people| !            theirs = incoming
    merged  | Good·…  | None   | !

Invariant: joining the regions' bases gives the base, and so for ours and theirs. So no character
of any side is lost between two regions, and both parts of a split merge are plain joins.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from merge.diff import Change

Texts: TypeAlias = tuple[str, str, str]  # base, ours, theirs


class Region(NamedTuple):
    """A stretch of the three texts, and the merged text (None for a conflict)."""

    base: str
    ours: str
    theirs: str
    merged: str | None


def agreed(base: str, ours: str, theirs: str) -> str | None:
    """Return the merge of a stretch that only one side changed, or both alike; else None."""
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    return None


def region(base: str, ours: str, theirs: str) -> Region:
    """Return the region of a stretch; it merges if only one side changed it, or both alike."""
    return Region(base, ours, theirs, agreed(base, ours, theirs))


@dataclass(slots=True)
class Group:
    """Changes that belong together: one of one side, or several that overlap or touch."""

    start: int
    end: int
    ours: list[Change] = field(default_factory=list)
    theirs: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Aligner:
    """Maps positions of the base to those of one side, given its changes in order."""

    shift: int = 0

    def span(self, start: int, end: int, changes: Iterable[Change]) -> tuple[int, int]:
        """Return the side's range for `start` to `end` of the base, in which the changes lie."""
        first = start + self.shift
        for change in changes:
            self.shift += (change.new_end - change.new_start) - (change.end - change.start)
        return first, end + self.shift


class Alignment:
    """Maps ranges of one text to another, given both as pairs of corresponding parts."""

    def __init__(self, parts: Iterable[tuple[str, str]]) -> None:
        self._kept: list[bool] = []
        self._starts, self._new_starts = [0], [0]
        for old, new in parts:
            self._kept.append(old == new)
            self._starts.append(self._starts[-1] + len(old))
            self._new_starts.append(self._new_starts[-1] + len(new))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the range for `start` to `end` in the other text, with changed parts whole."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_left(self._starts, end) - 1
        new_start, new_end = self._new_starts[first], self._new_starts[last + 1]
        if first < len(self._kept) and self._kept[first]:
            new_start += start - self._starts[first]
        if last >= 0 and self._kept[last]:
            new_end -= self._starts[last + 1] - end
        return new_start, max(new_start, new_end)


def touching(
    ours: Sequence[Change], theirs: Sequence[Change], joined: tuple[int, int] | None = None
) -> Iterator[Group]:
    """Group changes that overlap or touch, as `git merge-file` does.

    Args:
        ours: the changes of ours.
        theirs: the changes of theirs.
        joined: a range of the base whose changes form one group.
    """
    group: Group | None = None
    tagged = [(change, True) for change in ours] + [(change, False) for change in theirs]
    low, high = joined or (-1, -1)
    for change, is_ours in sorted(tagged):
        if group is None or (
            change.start > group.end and not (low < change.start <= high and low <= group.end)
        ):
            if group is not None:
                yield group
            group = Group(change.start, change.end)
        group.end = max(group.end, change.end)
        (group.ours if is_ours else group.theirs).append(change)
    if group is not None:
        yield group
