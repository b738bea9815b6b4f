"""Which edits of the two sides belong together, and which of those are in dispute.

Two edits, one of either side, that come near each other are apart, the same, both kept, or in
dispute. They are in dispute where merging could silently make garbage:

    overlap      both changed the same words, or one changed what the other deleted
    one point    both inserted there; but whole lines that share no word are both kept
    touching     no untouched word between them. Fine are: a replacement (or deletion) beside
                 another with a blank between; a whole line inserted beside one replaced word;
                 an insertion and a deletion with a line end between
    sliding      their places are not certain, and could be the same place
    one atom     both inserted into one run without blanks: a path, a number with its unit
    doubling     both inserted the same word side by side, the same words nearby, or much the same
                 words anywhere (something was moved, or both had the same idea), unless both
                 replaced the same words by the same words
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from merge.edits import Edit, Words

# Edits with this many untouched words between them are still near each other.
_NEAR = 3
# Both sides inserting this many of the same words, and this share of all that the one of them
# inserted, is doubling, however far apart.
_ALIKE = 3
_ALIKE_SHARE = 0.6
_HOLDERS_MAX = 50  # of edits that hold one word, so that the time stays bounded
# A line that somebody put beside more words than these which somebody rewrote is in doubt.
_REWRITTEN = 1


class Sides(NamedTuple):
    """The three texts, read."""

    base: Words
    ours: Words
    theirs: Words


class Relation(IntEnum):
    """How an edit of ours and one of theirs stand to each other; the graver wins."""

    APART = 0
    SAME = 1
    BOTH = 2
    DISPUTE = 3


def _relation(sides: Sides, ours: Edit, theirs: Edit) -> Relation:
    if (ours.start, ours.end, ours.new) == (theirs.start, theirs.end, theirs.new):
        return Relation.SAME
    first, last = sorted((ours, theirs), key=lambda edit: (edit.start, edit.end))
    if ours.start < theirs.end and theirs.start < ours.end:
        return Relation.DISPUTE
    if ours.is_insertion and theirs.is_insertion and ours.start == theirs.start:
        return Relation.BOTH if _are_separate_lines(sides, ours, theirs) else Relation.DISPUTE
    if first.end == last.start and not _may_touch(sides.base, first, last):
        return Relation.DISPUTE
    if _may_meet(ours, theirs) or _in_one_atom(sides.base, first, last) or _doubles(ours, theirs):
        return Relation.DISPUTE
    return Relation.APART


def _are_separate_lines(sides: Sides, ours: Edit, theirs: Edit) -> bool:
    """Whether they are whole lines, a line end between them in either order, no word shared."""
    o, t = sides.ours, sides.theirs
    return (
        ours.whole_lines
        and theirs.whole_lines
        and "\n" in between_lines(t, theirs.new_end, o, ours.new_start)
        and "\n" in between_lines(o, ours.new_end, t, theirs.new_start)
        and not _new_words(ours) & _new_words(theirs)
    )


def between_lines(left: Words, left_end: int, right: Words, right_start: int) -> str:
    """The blank between an insertion that ends here and another that starts there."""
    return max(left.blanks[left_end], right.blanks[right_start], key=blank_weight)


def blank_weight(blank: str) -> tuple[int, int, str]:
    """Orders blanks by how much they separate, whichever side they are of."""
    return blank.count("\n"), len(blank), blank


def _may_touch(b: Words, first: Edit, last: Edit) -> bool:
    if not (first.is_insertion or last.is_insertion):
        return bool(b.blanks[last.start])
    if first.is_deletion or last.is_deletion:
        return first.ends_line and last.begins_line
    insertion, other = (first, last) if first.is_insertion else (last, first)
    return insertion.whole_lines and len(other.old) <= _REWRITTEN


def _may_meet(ours: Edit, theirs: Edit) -> bool:
    """Whether the two could be said to have happened at one place."""
    certain = all(edit.settled or edit.low == edit.start for edit in (ours, theirs))
    return not certain and ours.low < theirs.high and theirs.low < ours.high


def _in_one_atom(b: Words, first: Edit, last: Edit) -> bool:
    return (
        first.is_insertion and last.is_insertion and not any(b.blanks[first.start : last.start + 1])
    )


def _doubles(ours: Edit, theirs: Edit) -> bool:
    """Whether one side's new words are all among the other's; a single word only very near."""
    if _is_same_replacement(ours, theirs):
        return False
    mine, yours = _new_words(ours), _new_words(theirs)
    if not (mine and yours and (mine <= yours or yours <= mine)):
        return False
    gap = max(ours.start, theirs.start) - min(ours.end, theirs.end)
    return (mine & yours).total() > 1 or gap <= 1


def _is_same_replacement(ours: Edit, theirs: Edit) -> bool:
    """Whether both renamed the same thing, perhaps in two places; insertions replace nothing."""
    return bool(ours.old) and (ours.old, ours.new) == (theirs.old, theirs.new)


def _new_words(edit: Edit) -> Counter[str]:
    added = Counter(edit.new) - Counter(edit.old)
    return Counter({word: count for word, count in added.items() if word[0].isalnum()})


@dataclass(slots=True)
class Span:
    """A stretch of base words with the edits in it, and how they stand to each other."""

    start: int
    end: int
    relation: Relation
    ours: list[Edit] = field(default_factory=list)
    theirs: list[Edit] = field(default_factory=list)

    def touches(self, other: "Span") -> bool:
        return self.start <= other.end and other.start <= self.end

    def take_in(self, other: "Span") -> None:
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.ours += [edit for edit in other.ours if edit not in self.ours]
        self.theirs += [edit for edit in other.theirs if edit not in self.theirs]


def find_spans(sides: Sides, ours: Sequence[Edit], theirs: Sequence[Edit]) -> list[Span]:
    """All edits, in order; those in dispute with each other and what touches them as one span."""
    spans = [Span(edit.start, edit.end, Relation.APART, [edit], []) for edit in ours]
    spans += [Span(edit.start, edit.end, Relation.APART, [], [edit]) for edit in theirs]
    spans += _related(sides, ours, theirs)
    spans.sort(key=lambda span: (span.start, span.end))
    done: list[Span] = []
    for span in spans:
        while done and _belongs(done[-1], span):
            before = done.pop()
            span.relation = max(span.relation, before.relation)
            before.relation = span.relation
            before.take_in(span)
            span = before
        done.append(span)
    return done


def _belongs(before: Span, span: Span) -> bool:
    if not before.touches(span):
        return False
    if Relation.DISPUTE in (before.relation, span.relation):
        return True
    return any(edit in before.ours for edit in span.ours) or any(
        edit in before.theirs for edit in span.theirs
    )


def _related(sides: Sides, ours: Sequence[Edit], theirs: Sequence[Edit]) -> Iterator[Span]:
    for mine, yours in _near(ours, theirs):
        relation = _relation(sides, mine, yours)
        if relation is not Relation.APART:
            yield _joined(relation, mine, yours)
    for mine, yours in _alike(ours, theirs):
        yield _joined(Relation.DISPUTE, mine, yours)


def _joined(relation: Relation, mine: Edit, yours: Edit) -> Span:
    start, end = min(mine.start, yours.start), max(mine.end, yours.end)
    return Span(start, end, relation, [mine], [yours])


def _near(ours: Sequence[Edit], theirs: Sequence[Edit]) -> Iterator[tuple[Edit, Edit]]:
    highs = [edit.high for edit in theirs]
    for mine in ours:
        place = bisect_left(highs, mine.low - _NEAR)
        while place < len(theirs) and theirs[place].low <= mine.high + _NEAR:
            yield mine, theirs[place]
            place += 1


def _alike(ours: Sequence[Edit], theirs: Sequence[Edit]) -> Iterator[tuple[Edit, Edit]]:
    """Pairs that insert much the same words, wherever they are."""
    yours = [(edit, words) for edit in theirs if (words := _new_words(edit)).total() >= _ALIKE]
    holders: dict[str, list[int]] = {}
    for place, (_, words) in enumerate(yours):
        for word in words:
            holders.setdefault(word, []).append(place)
    for edit in ours:
        mine = _new_words(edit)
        shared: Counter[int] = Counter()
        for word, count in mine.items() if mine.total() >= _ALIKE else ():
            for place in holders.get(word, ())[:_HOLDERS_MAX]:
                shared[place] += min(count, yours[place][1][word])
        for place, count in shared.items():
            other, words = yours[place]
            least = max(_ALIKE, _ALIKE_SHARE * min(mine.total(), words.total()))
            if count >= least and not _is_same_replacement(edit, other):
                yield edit, other
