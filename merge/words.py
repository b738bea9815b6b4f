"""The merge of one disputed stretch, word by word.

Called for the lines that both sides changed. The stretch is read as words with a blank before
each; only the words are compared, so a rewrapped paragraph and a changed word in it go together:

    1  compare the base's words with each side's, and settle each edit at its place (`edits`)
    2  find which edits of the two sides meet, and how (`disputes`)
    3  put the pieces together; the blank before each word is merged by itself (here)

Two insertions at one point that are both kept stand in alphabetical order, so that the result is
the same whichever side is ours; in a live merge the incoming one comes first, as in `typed`. A
paragraph always comes behind the line that is gone on with.

Left out on purpose: anything finer than a word (letters make garbage of numbers and names; see
`typed` for the one place where letters are right), and any understanding of moved text.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from merge.diff import Change
from merge.disputes import Relation, Sides, Span, find_spans, goes_on_before
from merge.edits import Edit, Words, find_edits, read
from merge.pieces import Aligner, Piece, agreed, piece
from merge.tokens import is_boundary


def merge_words(base: str, ours: str, theirs: str, *, live: bool = False) -> list[Piece]:
    """Cut the three texts into pieces that merge and pieces in dispute."""
    b, o, t = read(base), read(ours), read(theirs)
    sides = Sides(b, o, t)
    return _Assembly(sides, live).pieces(find_spans(sides, find_edits(b, o), find_edits(b, t)))


_Three: TypeAlias = tuple[str, str, str]  # the base's, ours, theirs


class _Assembly:
    """Makes pieces of spans; every word carries the blank before it."""

    def __init__(self, sides: Sides, live: bool) -> None:
        self._b, self._o, self._t = sides
        self._live = live
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
            self._blank(self._blanks(-1, -1, -1))
        return self._pieces

    def _kept(self, start: int, end: int, blank_done: bool) -> None:
        """Words that neither side changed, each with the blank before it."""
        o_start, _ = self._ours.span(start, end, ())
        t_start, _ = self._theirs.span(start, end, ())
        alike: list[str] = []
        for step in range(end - start):
            if step or not blank_done:
                blanks = self._blanks(start + step, o_start + step, t_start + step)
                if self._owed or not blanks[0] == blanks[1] == blanks[2]:
                    self._alike(alike)
                    self._blank(blanks)
                else:
                    alike.append(blanks[0])
            alike.append(self._b.words[start + step])
        self._alike(alike)

    def _alike(self, parts: list[str]) -> None:
        text = "".join(parts)
        self._pieces.append(piece(text, text, text))
        parts.clear()

    def _blanks(self, b: int, o: int, t: int) -> _Three:
        return self._b.blanks[b], self._o.blanks[o], self._t.blanks[t]

    def _blank(self, blanks: _Three) -> None:
        self._pieces.append(Piece(*blanks, self._merged_blank(blanks)))

    def _merged_blank(self, blanks: _Three) -> str:
        """Where one side deleted what the other inserted at, words must not run together."""
        merged = max(_merged_blank(*blanks), self._owed, key=_weight)
        self._owed = ""
        return merged

    def _span(self, span: Span) -> bool:
        """Whether the blank behind the span is taken care of."""
        mine, yours = _changes(span.ours.values()), _changes(span.theirs.values())
        o_start, o_end = self._ours.span(span.start, span.end, mine)
        t_start, t_end = self._theirs.span(span.start, span.end, yours)
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
            merged = self._both(*span.ours.values(), *span.theirs.values())
        elif span.relation is Relation.SAME:
            merged = max(texts[1], texts[2], key=_weight)  # they may differ in their blanks
        else:
            behind = self._o.blanks[o_end] if span.ours else self._t.blanks[t_end]
            merged = self._one_sided(span, texts, blanks, behind)
        self._pieces.append(Piece(*texts, merged))
        return False

    def _both(self, ours: Edit, theirs: Edit) -> str:
        """Two insertions at one point, in their order."""
        mine, yours = (self._o, ours), (self._t, theirs)
        if goes_on_before(ours, theirs):
            in_order = not ours.begins_line
        else:
            in_order = not self._live and _alphabetical(ours) < _alphabetical(theirs)
        return _joined_lines(mine, yours) if in_order else _joined_lines(yours, mine)

    def _one_sided(self, span: Span, texts: _Three, blanks: _Three, behind: str) -> str:
        """The text of the side that changed it; where it replaces words, their blank is merged."""
        mine = 1 if span.ours else 2
        [edit] = (span.ours or span.theirs).values()
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
        before, behind_it = _common_blanks(texts)
        b, o, t = (text[before : len(text) - behind_it] for text in texts)
        front, back = texts[0][:before], texts[0][before + len(b) :]
        self._pieces += (piece(front, front, front), piece(b, o, t), piece(back, back, back))
        return takes_blank


def _alphabetical(edit: Edit) -> tuple[str, tuple[str, ...]]:
    return " ".join(edit.new).casefold(), edit.new


def _joined_lines(first: tuple[Words, Edit], last: tuple[Words, Edit]) -> str:
    """One insertion and then the other, which keeps its indentation and blank lines before it."""
    (left, before), (right, behind) = first, last
    text = right.text(behind.new_start, behind.new_end)
    indented = text[text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1 :]
    ends = _line_ends(left.blanks[before.new_end])
    begins = _line_ends(right.blanks[behind.new_start])
    if behind.new_start == 0:  # a line begins there, but does not say so
        begins = ends[: ends.find("\n") + 1] + begins
    between = max(ends, begins, key=_weight)
    return left.text(before.new_start, before.new_end) + between + indented


def _line_ends(blank: str) -> str:
    """The blank without the indentation at its end."""
    return blank[: blank.rfind("\n") + 1]


def _weight(blank: str) -> tuple[int, int, str]:
    """Orders blanks by how much they separate, whichever side they are of."""
    return blank.count("\n"), len(blank), blank


def _changes(edits: Iterable[Edit]) -> list[Change]:
    return [Change(edit.start, edit.end, edit.new_start, edit.new_end) for edit in edits]


def _merged_blank(base: str, ours: str, theirs: str) -> str:
    """Where both changed it, the one that separates more: the same for any order of sides."""
    merged = agreed(base, ours, theirs)
    return max(ours, theirs, key=_weight) if merged is None else merged


def _common_blanks(texts: _Three) -> tuple[int, int]:
    """How long a blank all three begin and end with; not one that carries an accent."""
    front = _equal_blanks(texts)
    while not all(is_boundary(text, front) for text in texts):
        front -= 1
    back = _equal_blanks([text[front:][::-1] for text in texts])
    while not all(is_boundary(text, len(text) - back) for text in texts):
        back -= 1
    return front, back


def _equal_blanks(texts: Sequence[str]) -> int:
    length = 0
    for characters in zip(*texts, strict=False):
        if len(set(characters)) > 1 or not characters[0].isspace():
            break
        length += 1
    return length
