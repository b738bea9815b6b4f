"""The result of a three-way merge: the text, the conflicts, and the decisions without a conflict.

It is assembled from regions. This module knows no rule of the merge.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from merge.regions import Alignment, Region
from merge.splices import Splice, apply


class Range(NamedTuple):
    """A range of a text, in characters."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hunk:
    """A conflict; `text[start:end] == ours` in the text of the merge.

    Its line ends are those of that text, even if a side has others.

    Attributes:
        start: in the text of the merge.
        end: in the text of the merge.
        base: the text of the base, with those changes of theirs that merge.
        ours: the text of ours.
        theirs: the text of theirs, `theirs[in_theirs.start:in_theirs.end]` of the input.
        in_base: the range in the base.
        in_ours: the range in ours.
        in_theirs: the range in theirs.
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
    """The origin of a stretch of merged text."""

    OURS = auto()  # only ours changed it
    THEIRS = auto()  # only theirs changed it
    SAME = auto()  # both changed it alike
    BOTH = auto()  # both changed it differently, and both changes are kept


@dataclass(frozen=True, slots=True)
class Decision:
    """A change that merged without a conflict; the range of a deletion is empty."""

    start: int
    end: int
    how: How


@dataclass(frozen=True, slots=True)
class Merge:
    """The result of a merge.

    Attributes:
        text: the merged text, with ours at each hunk.
        hunks: the conflicts in order; empty when clean.
        theirs_clean: the base with only those changes of theirs that are in no conflict.
        ours_clean: the base with only those changes of ours that are in no conflict.
        decisions: the changes without a conflict, in order; all text outside of decisions and
            hunks is that of the base.
    """

    text: str
    hunks: tuple[Hunk, ...]
    theirs_clean: str
    ours_clean: str
    decisions: tuple[Decision, ...]

    @property
    def clean(self) -> bool:
        """Whether there is no conflict."""
        return not self.hunks


def assembled(regions: Iterable[Region]) -> Merge:
    """Assemble a merge from its regions; each conflict is a hunk."""
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
    """Append a decision; adjacent ones of the same origin are joined, as a word and its blank."""
    if decisions and decisions[-1].end == start and decisions[-1].how is how:
        start = decisions.pop().start
    decisions.append(Decision(start, end, how))


def placed_back(hunks: Iterable[Hunk], regions: Sequence[Region]) -> tuple[Hunk, ...]:
    """Map the ranges of hunks to the inputs of an earlier merge.

    Args:
        hunks: those of a merge with `theirs` and the text of the earlier one as its base and ours.
        regions: the regions of the earlier merge, none in conflict.
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
    """Return the merged text with theirs at each hunk."""
    return apply(text, [Splice(h.start, h.end - h.start, h.theirs) for h in hunks])
