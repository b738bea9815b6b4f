"""Three texts side by side, cut in regions.

Whatever the grain (lines, words), a three-way comparison ends as a list of regions. In each, the
three texts either merge (and `merged` says to what) or they disagree (`merged` is None):

    base    | Hello   | ·world | !
    ours    | Hello   | ·there | !            ours = what is in master already
    theirs  | Good·…  | ·people| !            theirs = what comes in
    merged  | Good·…  | None   | !

Invariant: the regions' bases joined are the base, and so for ours and for theirs. So no character
of any side can get lost between two regions, and the texts that a conflict is split into are
simple joins.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from merge.diff import Change


class Region(NamedTuple):
    """One stretch of the three texts, and what they merge to (None: they disagree)."""

    base: str
    ours: str
    theirs: str
    merged: str | None


def agreed(base: str, ours: str, theirs: str) -> str | None:
    """The merge of one stretch by the three rules that need no look inside; None without one."""
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    return None


def region(base: str, ours: str, theirs: str) -> Region:
    """The stretch merged as a whole where one side left it alone or both agree."""
    return Region(base, ours, theirs, agreed(base, ours, theirs))


@dataclass(slots=True)
class Group:
    """Changes that have to be looked at together: those of one side, or touching ones of both."""

    start: int
    end: int
    ours: list[Change] = field(default_factory=list)
    theirs: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Aligner:
    """Follows one side's positions along the base's, given the changes in order."""

    shift: int = 0

    def span(self, start: int, end: int, changes: Iterable[Change]) -> tuple[int, int]:
        """The side's range for the base's `start` to `end`, which these changes lie in."""
        first = start + self.shift
        for change in changes:
            self.shift += (change.new_end - change.new_start) - (change.end - change.start)
        return first, end + self.shift


class Alignment:
    """Finds the places of one text in another, given both as regions that go together."""

    def __init__(self, regions: Iterable[tuple[str, str]]) -> None:
        self._kept: list[bool] = []
        self._starts, self._new_starts = [0], [0]
        for old, new in regions:
            self._kept.append(old == new)
            self._starts.append(self._starts[-1] + len(old))
            self._new_starts.append(self._new_starts[-1] + len(new))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where `start` to `end` is in the other text; a changed region counts as a whole."""
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
        ours: what our side changed.
        theirs: what their side changed.
        joined: a range of the base whose changes are one group.
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
