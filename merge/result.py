"""What a three-way merge comes to: the text, what is in dispute, and what was decided how.

Made of the regions that the three texts were cut in. Knows no rule of the merge.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from merge.regions import Alignment, Region
from merge.splices import Splice, apply


class Range(NamedTuple):
    """From where to where in a text, in characters."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hunk:
    """Where the sides disagree; `text[start:end] == ours` in the text of the merge.

    The line ends in it are those of that text, also where a side has others.

    Attributes:
        start: in the text of the merge.
        end: in the text of the merge.
        base: what stood there, with what merges of theirs in place already.
        ours: what is there now.
        theirs: what comes in; `theirs[in_theirs.start:in_theirs.end]` of the input.
        in_base: the place in the base.
        in_ours: the place in our text.
        in_theirs: the place in theirs.
    """

    start: int
    end: int
    base: str
    ours: str
    theirs: str
    in_base: Range
    in_ours: Range
    in_theirs: Range


class How(Enum):
    """How a stretch of a merged text came about."""

    OURS = auto()  # only ours changed it
    THEIRS = auto()  # only theirs changed it
    SAME = auto()  # both did the same
    BOTH = auto()  # each did something else, and both was kept


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided without asking; an empty place is one where something was deleted."""

    start: int
    end: int
    how: How


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge came to.

    Attributes:
        text: the merged text, with ours at each hunk.
        hunks: where the sides disagree, in order; empty when clean.
        theirs_clean: the base with only those changes of theirs that nobody disputes.
        ours_clean: the base with only those changes of ours that nobody disputes.
        decisions: what was decided how, in order; what is in none of them nor in a hunk is as it
            was in the base.
    """

    text: str
    hunks: tuple[Hunk, ...]
    theirs_clean: str
    ours_clean: str
    decisions: tuple[Decision, ...]

    @property
    def clean(self) -> bool:
        """Whether there is nothing to ask."""
        return not self.hunks


def assembled(regions: Iterable[Region]) -> Merge:
    """Put the regions together; where they disagree is a hunk."""
    text: list[str] = []
    cleans: tuple[list[str], list[str]] = [], []
    hunks: list[Hunk] = []
    decisions: list[Decision] = []
    at = b_at = o_at = t_at = 0
    for base, ours, theirs, merged in regions:
        b_end, o_end, t_end = b_at + len(base), o_at + len(ours), t_at + len(theirs)
        if merged is None:
            places = Range(b_at, b_end), Range(o_at, o_end), Range(t_at, t_end)
            hunks.append(Hunk(at, at + len(ours), base, ours, theirs, *places))
            merged, ours, theirs = ours, base, base
        elif ours != base or theirs != base:
            _note(decisions, at, at + len(merged), _how(base, ours, theirs))
        text.append(merged)
        cleans[0].append(theirs)
        cleans[1].append(ours)
        at, b_at, o_at, t_at = at + len(merged), b_end, o_end, t_end
    theirs_clean, ours_clean = map("".join, cleans)
    return Merge("".join(text), tuple(hunks), theirs_clean, ours_clean, tuple(decisions))


def _how(base: str, ours: str, theirs: str) -> How:
    if ours == theirs:
        return How.SAME
    if theirs == base:
        return How.OURS
    return How.THEIRS if ours == base else How.BOTH


def _note(decisions: list[Decision], start: int, end: int, how: How) -> None:
    """A word and the blank before it are one decision."""
    if decisions and decisions[-1].end == start and decisions[-1].how is how:
        start = decisions.pop().start
    decisions.append(Decision(start, end, how))


def placed_back(hunks: Iterable[Hunk], regions: Sequence[Region]) -> tuple[Hunk, ...]:
    """Place hunks in the inputs of an earlier merge, of which these are the regions.

    Args:
        hunks: of a merge whose base was the earlier one's theirs, and its ours the earlier text.
        regions: all of them merged.
    """
    to_base = Alignment((each.theirs, each.base) for each in regions)
    to_ours = Alignment((each.merged or "", each.ours) for each in regions)
    return tuple(
        replace(
            hunk,
            in_base=Range(*to_base.place(*hunk.in_base)),
            in_ours=Range(*to_ours.place(*hunk.in_ours)),
        )
        for hunk in hunks
    )


def with_theirs(text: str, hunks: Sequence[Hunk]) -> str:
    """A merged text in which the hunks are placed, with their side at each: theirs, complete."""
    return apply(text, [Splice(h.start, h.end - h.start, h.theirs) for h in hunks])
