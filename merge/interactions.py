"""The interactions of the edits of the two sides, and the conflicts among them.

Two edits of the two sides that are near each other are apart, the same, both kept, or in conflict.
They are in conflict if merging both could silently corrupt the text:

    overlap       both changed the same words, or one changed words that the other deleted
    one point     two insertions at one point, unless they are whole lines with few words in common,
                  or a paragraph behind the rest of a line
    touching      no unchanged word between them, with the exceptions in `_may_touch`
    sliding       their places are ambiguous, and could be the same
    one mark      two insertions beside one punctuation mark, without a blank or word between
    duplicates    both say the same (`duplicates`)
    indented      one inserted lines between two lines that the other indented

docs/merge.md has the rules with examples.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from merge.duplicates import duplicates_nearby, find_duplicates
from merge.edits import Edit, Words, is_word
from merge.order import has_order

# Edits with at most this many unchanged words between them are near each other.
_NEAR = 3
# Lines that both insert at one point have at most this share of their words in common.
_COMMON_SHARE_MAX = 0.3
# A line inserted behind a replacement of more words than this is in conflict with it.
_REPLACED_MAX = 1


class Sides(NamedTuple):
    """The three texts as words."""

    base: Words
    ours: Words
    theirs: Words


class Relation(IntEnum):
    """The relation of an edit of ours to one of theirs; the more severe wins."""

    APART = 0
    SAME = 1
    BOTH = 2
    CONFLICT = 3


def _relation(sides: Sides, ours: Edit, theirs: Edit) -> Relation:
    if ours.is_same(theirs):
        return Relation.SAME
    first, last = sorted((ours, theirs), key=lambda edit: (edit.start, edit.end))
    if ours.start < theirs.end and theirs.start < ours.end:
        return Relation.CONFLICT
    if ours.is_insertion and theirs.is_insertion and ours.start == theirs.start:
        return Relation.BOTH if _belong_both(sides, ours, theirs) else Relation.CONFLICT
    if first.end == last.start and not _may_touch(sides.base, first, last):
        return Relation.CONFLICT
    if _may_meet(ours, theirs) or _at_one_mark(sides.base, first, last):
        return Relation.CONFLICT
    return Relation.CONFLICT if duplicates_nearby(ours, theirs) else Relation.APART


def _belong_both(sides: Sides, ours: Edit, theirs: Edit) -> bool:
    """Whether two insertions at one point are both kept."""
    if not (_are_separate_lines(sides, ours, theirs) or continues_line_before(ours, theirs)):
        return False
    texts = _text(sides.ours, ours), _text(sides.theirs, theirs)
    return (
        _are_other_words(ours.added_words, theirs.added_words)
        and _are_other_words(_parts(ours.added_words), _parts(theirs.added_words))
        and _lines(texts[0]).isdisjoint(_lines(texts[1]))
        and (continues_line_before(ours, theirs) or has_order(*texts))
    )


def _are_other_words(ours: Counter[str], theirs: Counter[str]) -> bool:
    return (ours & theirs).total() <= _COMMON_SHARE_MAX * min(ours.total(), theirs.total())


def _parts(words: Counter[str]) -> Counter[str]:
    """Return words with identifiers cut: `_git_hooks` is a variant of `_hooks`."""
    parts: Counter[str] = Counter()
    for word, count in words.items():
        for part in filter(None, word.split("_")):
            parts[part] += count
    return parts


def _are_separate_lines(sides: Sides, ours: Edit, theirs: Edit) -> bool:
    """Whether both are whole lines, with a line end between them in either order."""
    o, t = sides.ours, sides.theirs
    return (
        ours.whole_lines
        and theirs.whole_lines
        and "\n" in t.blanks[theirs.new_end] + o.blanks[ours.new_start]
        and "\n" in o.blanks[ours.new_end] + t.blanks[theirs.new_start]
    )


def continues_line_before(ours: Edit, theirs: Edit) -> bool:
    """Whether one continues a line and the other is a paragraph behind that line."""
    inline, paragraph = (theirs, ours) if ours.begins_line else (ours, theirs)
    return inline.ends_line and not inline.begins_line and paragraph.is_paragraph


def _text(side: Words, edit: Edit) -> str:
    """Return the new words of an edit, each with the blank before it."""
    return side.text(edit.new_start, edit.new_end)


def _lines(text: str) -> set[str]:
    """Return the lines that have a letter or digit."""
    return {line.strip() for line in text.split("\n") if any(map(str.isalnum, line))}


def _may_touch(b: Words, first: Edit, last: Edit) -> bool:
    """Whether two edits side by side can both be kept.

    A line inserted before replaced words cannot: it may lead over to the old words.
    """
    if not (first.is_insertion or last.is_insertion):
        return _is_divided(b, last.start)
    if first.is_insertion:
        return first.ends_line and last.is_deletion and last.whole_lines
    if last.is_paragraph:
        return True
    if first.is_deletion:
        return first.whole_lines and last.begins_line
    return last.whole_lines and len(first.old) <= _REPLACED_MAX


def _is_divided(b: Words, place: int) -> bool:
    """Whether there is a blank before a word; the end of the text counts as one."""
    return bool(b.blanks[place]) or place == len(b.words)


def _may_meet(ours: Edit, theirs: Edit) -> bool:
    """Whether two edits could have been made at one place."""
    certain = all(edit.anchored or edit.low == edit.start for edit in (ours, theirs))
    return not certain and ours.low < theirs.high and theirs.low < ours.high


def _at_one_mark(b: Words, first: Edit, last: Edit) -> bool:
    return (
        first.is_insertion
        and last.is_insertion
        and not any(_is_divided(b, place) for place in range(first.start, last.start + 1))
        and not any(is_word(word) for word in b.words[first.start : last.start])
    )


@dataclass(slots=True)
class Span:
    """A range of base words, the edits in it and their relation; edits by `start`."""

    start: int
    end: int
    relation: Relation
    ours: dict[int, Edit] = field(default_factory=dict)
    theirs: dict[int, Edit] = field(default_factory=dict)

    def touches(self, other: "Span") -> bool:
        return self.start <= other.end and other.start <= self.end

    def shares_edit(self, other: "Span") -> bool:
        return not (
            self.ours.keys().isdisjoint(other.ours) and self.theirs.keys().isdisjoint(other.theirs)
        )

    def take_in(self, other: "Span") -> None:
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.relation = max(self.relation, other.relation)
        self.ours = _union(self.ours, other.ours)
        self.theirs = _union(self.theirs, other.theirs)


def _union(one: dict[int, Edit], other: dict[int, Edit]) -> dict[int, Edit]:
    """Add the smaller to the larger: many spans may become one."""
    small, large = (one, other) if len(one) < len(other) else (other, one)
    large.update(small)
    return large


def find_spans(sides: Sides, ours: Sequence[Edit], theirs: Sequence[Edit]) -> list[Span]:
    """Return all edits as spans in order; a conflict and all that touches it is one span."""
    apart = Relation.APART
    spans = [Span(edit.start, edit.end, apart, {edit.start: edit}, {}) for edit in ours]
    spans += [Span(edit.start, edit.end, apart, {}, {edit.start: edit}) for edit in theirs]
    spans += _related(sides, ours, theirs)
    spans.sort(key=lambda span: (span.start, span.end))
    done: list[Span] = []
    for span in spans:
        while done and _belong_together(done[-1], span):
            span.take_in(done.pop())
        done.append(span)
    return done


def _belong_together(before: Span, span: Span) -> bool:
    if not before.touches(span):
        return False
    return Relation.CONFLICT in (before.relation, span.relation) or before.shares_edit(span)


def _related(sides: Sides, ours: Sequence[Edit], theirs: Sequence[Edit]) -> Iterator[Span]:
    for pair in _near(ours, theirs):
        relation = _relation(sides, *pair)
        if relation is not Relation.APART:
            yield _span_of(relation, *pair)
    for pair in find_duplicates(sides.base, (sides.ours, ours), (sides.theirs, theirs)):
        yield _span_of(Relation.CONFLICT, *pair)
    for edit in _indented_around(sides.base, ours, sides.theirs, theirs):
        yield Span(edit.start, edit.end + 1, Relation.CONFLICT, {edit.start: edit}, {})
    for edit in _indented_around(sides.base, theirs, sides.ours, ours):
        yield Span(edit.start, edit.end + 1, Relation.CONFLICT, {}, {edit.start: edit})


def _indented_around(
    b: Words, edits: Sequence[Edit], other: Words, others: Sequence[Edit]
) -> Iterator[Edit]:
    """Yield the insertions of lines between two lines that the other side indents."""
    ends = [edit.end for edit in others]

    def is_indented(place: int) -> bool:
        count = bisect_right(ends, place)
        if count < len(others) and others[count].start <= place:
            return False
        shift = others[count - 1].new_end - others[count - 1].end if count else 0
        before, after = b.blanks[place], other.blanks[place + shift]
        lines = before.rpartition("\n"), after.rpartition("\n")
        return all(end for _, end, _ in lines) and lines[0][2] != lines[1][2]

    for edit in edits:
        place = edit.start
        if edit.is_insertion and edit.whole_lines and 0 < place < len(b.words):
            above = place - 1
            while above > 0 and "\n" not in b.blanks[above]:
                above -= 1
            if is_indented(place) and is_indented(above):
                yield edit


def _span_of(relation: Relation, ours: Edit, theirs: Edit) -> Span:
    start, end = min(ours.start, theirs.start), max(ours.end, theirs.end)
    return Span(start, end, relation, {ours.start: ours}, {theirs.start: theirs})


def _near(ours: Sequence[Edit], theirs: Sequence[Edit]) -> Iterator[tuple[Edit, Edit]]:
    highs = [edit.high for edit in theirs]
    for edit in ours:
        place = bisect_left(highs, edit.low - _NEAR)
        while place < len(theirs) and theirs[place].low <= edit.high + _NEAR:
            yield edit, theirs[place]
            place += 1
