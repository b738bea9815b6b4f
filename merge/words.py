"""The merge of one disputed stretch, word by word.

Called for the lines that both sides changed. The stretch is read as words with a blank before
each; only the words are compared, so a rewrapped paragraph and a changed word in it go together:

    1  compare the base's words with each side's, and settle each edit at its place (`edits`)
    2  find which edits of the two sides meet, and how (`disputes`)
    3  put the pieces together; the blank before each word is merged by itself (here)

Left out on purpose: anything finer than a word (letters make garbage of numbers and names; see
`typed` for the one place where letters are right), and any understanding of moved text.
"""

from collections.abc import Sequence
from typing import TypeAlias

from merge.diff import Change
from merge.disputes import Relation, Sides, Span, between_lines, blank_weight, find_spans
from merge.edits import Edit, find_edits, read
from merge.pieces import Aligner, Piece, agreed, piece
from merge.tokens import shared_ends

# A longer stretch (in characters, the three sides together) is narrowed to what differs, and if
# that is as long it is one dispute: the time must stay bounded.
_LENGTH_MAX = 120_000


def merge_words(base: str, ours: str, theirs: str) -> list[Piece]:
    """Cut the three texts into pieces that merge and pieces in dispute."""
    if len(base) + len(ours) + len(theirs) > _LENGTH_MAX:
        return _merge_middle(base, ours, theirs)
    b, o, t = read(base), read(ours), read(theirs)
    sides = Sides(b, o, t)
    return _Assembly(sides).pieces(find_spans(sides, find_edits(b, o), find_edits(b, t)))


def _merge_middle(base: str, ours: str, theirs: str) -> list[Piece]:
    """Leave alone what the three begin and end with, up to a blank."""
    front, back = shared_ends(base, ours, theirs, " ")
    b, o, t = (text[front : len(text) - back] for text in (base, ours, theirs))
    if len(b) + len(o) + len(t) > _LENGTH_MAX:
        return [Piece(base, ours, theirs, None)]
    before, after = base[:front], base[len(base) - back :]
    return [piece(before, before, before), *merge_words(b, o, t), piece(after, after, after)]


_Three: TypeAlias = tuple[str, str, str]  # the base's, ours, theirs


class _Assembly:
    """Makes pieces of spans; every word carries the blank before it."""

    def __init__(self, sides: Sides) -> None:
        self._b, self._o, self._t = sides
        self._ours, self._theirs = Aligner(), Aligner()
        self._pieces: list[Piece] = []
        self._inserted = -1, ""  # where last, and the blank behind it
        self._deleted: tuple[int, str | None] = -1, None  # up to where, and the blank before a line
        self._owed = ""

    def pieces(self, spans: Sequence[Span]) -> list[Piece]:
        position = 0
        blank_done = False
        for span in spans:
            self._kept(position, span.start, blank_done)
            blank_done = self._span(span)
            position = span.end
        self._kept(position, len(self._b.words), blank_done)
        if position < len(self._b.words) or not blank_done:
            self._blank(-1, -1, -1)
        return self._pieces

    def _kept(self, start: int, end: int, blank_done: bool) -> None:
        """Words that neither side changed, each with the blank before it."""
        o_start, _ = self._ours.span(start, end, ())
        t_start, _ = self._theirs.span(start, end, ())
        for step in range(end - start):
            if step or not blank_done:
                self._blank(start + step, o_start + step, t_start + step)
            word = self._b.words[start + step]
            self._pieces.append(piece(word, word, word))

    def _blank(self, b: int, o: int, t: int) -> None:
        blanks = self._b.blanks[b], self._o.blanks[o], self._t.blanks[t]
        self._pieces.append(Piece(*blanks, self._merged_blank(blanks)))

    def _merged_blank(self, blanks: _Three) -> str:
        """Where one side deleted what the other inserted at, words must not run together."""
        merged = max(_merged_blank(*blanks), self._owed, key=blank_weight)
        self._owed = ""
        return merged

    def _span(self, span: Span) -> bool:
        """Whether the blank behind the span is taken care of."""
        o_start, o_end = self._ours.span(span.start, span.end, map(_as_change, span.ours))
        t_start, t_end = self._theirs.span(span.start, span.end, map(_as_change, span.theirs))
        texts = (
            self._b.text(span.start, span.end),
            self._o.text(o_start, o_end),
            self._t.text(t_start, t_end),
        )
        if span.relation is Relation.DISPUTE:
            all_behind = self._b.blanks[span.end], self._o.blanks[o_end], self._t.blanks[t_end]
            return self._dispute(texts, all_behind)
        blanks = self._b.blanks[span.start], self._o.blanks[o_start], self._t.blanks[t_start]
        if span.relation is Relation.BOTH:
            merged = texts[2] + between_lines(self._t, t_end, self._o, o_start)
            merged += texts[1][len(blanks[1]) :]
        elif span.relation is Relation.SAME:
            merged = max(texts[1], texts[2], key=blank_weight)  # they may differ in their blanks
        else:
            behind = self._o.blanks[o_end] if span.ours else self._t.blanks[t_end]
            merged = self._one_sided(span, texts, blanks, behind)
        self._pieces.append(Piece(*texts, merged))
        return False

    def _one_sided(self, span: Span, texts: _Three, blanks: _Three, behind: str) -> str:
        """The text of the side that changed it; where it replaces words, their blank is merged."""
        mine = 1 if span.ours else 2
        [edit] = span.ours or span.theirs
        if edit.is_insertion:
            return self._insertion(edit, texts[mine], behind)
        if edit.is_deletion:
            self._deletion(edit, blanks[3 - mine])
            return texts[mine]
        return self._merged_blank(blanks) + texts[mine][len(blanks[mine]) :]

    def _insertion(self, edit: Edit, text: str, behind: str) -> str:
        """Behind deleted lines it begins where they began; it brings the blank behind it along."""
        self._inserted = edit.start, behind
        after, before = self._deleted
        if after != edit.start:
            return text
        self._owed = behind
        return text if before is None else before + text.lstrip()

    def _deletion(self, edit: Edit, before: str) -> None:
        """What was inserted in front of it brings the blank behind it along."""
        self._deleted = edit.end, before if edit.begins_line else None
        place, behind = self._inserted
        if place == edit.start:
            self._owed = behind

    def _dispute(self, texts: _Three, behind: _Three) -> bool:
        """A dispute takes in the blank behind it where the sides differ in that, too."""
        takes_blank = len(set(behind)) > 1
        if takes_blank:
            texts = (texts[0] + behind[0], texts[1] + behind[1], texts[2] + behind[2])
        front = _common_blank(texts)
        rest = (texts[0][len(front) :], texts[1][len(front) :], texts[2][len(front) :])
        back = _common_blank((rest[0][::-1], rest[1][::-1], rest[2][::-1]))[::-1]
        b, o, t = (text[: len(text) - len(back)] for text in rest)
        self._pieces += (piece(front, front, front), piece(b, o, t), piece(back, back, back))
        return takes_blank


def _as_change(edit: Edit) -> Change:
    return Change(edit.start, edit.end, edit.new_start, edit.new_end)


def _merged_blank(base: str, ours: str, theirs: str) -> str:
    """Where both changed it, the one that separates more: the same for any order of sides."""
    merged = agreed(base, ours, theirs)
    return max(ours, theirs, key=blank_weight) if merged is None else merged


def _common_blank(texts: _Three) -> str:
    """The blank that all three begin with."""
    length = 0
    shortest = min(texts, key=len)
    while length < len(shortest) and shortest[length].isspace():
        if len({text[length] for text in texts}) > 1:
            break
        length += 1
    return shortest[:length]
