"""The merge of one disputed stretch, word by word.

Called for the lines that both sides changed. The stretch is read as words with a blank before
each; only the words are compared, so a rewrapped paragraph and a changed word in it go together:

    1  compare the base's words with each side's, and settle each edit at its place (`edits`)
    2  find which edits of the two sides meet, and how (`disputes`)
    3  put the pieces together; the blank before each word is merged by itself (here)

Lines are read with the line end before each instead of the one behind it (`_turned`). A word then
carries all that divides it from the words before it, lines come and go with one line end each, and
what is left of them is whole lines again.

Two insertions at one point that are both kept stand in the order of `merge.order`, so that the
result is the same whichever side is ours.

Left out on purpose: anything finer than a word (letters make garbage of numbers and names; see
`typed` for the one place where letters are right), and any understanding of moved text.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from merge.diff import Change
from merge.disputes import Relation, Sides, Span, find_spans, goes_on_before
from merge.edits import Edit, Words, find_edits, is_word, read
from merge.order import comes_first
from merge.pieces import Aligner, Piece, agreed, piece
from merge.tokens import is_boundary

_Three: TypeAlias = tuple[str, str, str]  # the base's, ours, theirs


def merge_words(base: str, ours: str, theirs: str) -> list[Piece]:
    """Cut the three texts into pieces that merge and pieces in dispute."""
    texts = base, ours, theirs
    if not any("\n" in text for text in texts):
        return _by_words(texts)
    end = _line_end(texts)
    b, o, t = (_turned(text, end) for text in texts)
    return _turned_back(texts, _by_words((b, o, t)), end)


def _by_words(texts: _Three) -> list[Piece]:
    sides = Sides(*map(read, texts))
    b, o, t = sides
    return _Assembly(sides).pieces(find_spans(sides, find_edits(b, o), find_edits(b, t)))


# Lines with their line end in front


def _line_end(texts: _Three) -> str:
    """The line end that they end with."""
    return "\r\n" if any(text.endswith("\r\n") for text in texts) else "\n"


def _turned(lines: str, end: str) -> str:
    r"""The lines with the line end before each: "a\nb\n" as "\na\nb"."""
    return end + lines.removesuffix(end) if lines else ""


def _turned_back(texts: _Three, pieces: Sequence[Piece], end: str) -> list[Piece]:
    """The pieces of the turned texts as pieces of the texts."""
    if not all(texts):
        return [_as_one(pieces, texts, end)]
    b, o, t = (end if text.endswith(end) else "" for text in texts)
    is_gone = all(each.merged == "" for each in pieces)
    last = Piece(b, o, t, "") if is_gone else piece(b, o, t)
    return [*_unturned_front(pieces, len(end)), last]


def _as_one(pieces: Sequence[Piece], texts: _Three, end: str) -> Piece:
    """All of them as one piece. What was not empty decides whether the last line has an end."""
    if any(each.merged is None for each in pieces):
        return piece(*texts)
    merged = "".join(each.merged or "" for each in pieces)
    last = end if merged and any(text.endswith(end) for text in texts) else ""
    return Piece(*texts, merged[len(end) :] + last)


def _unturned_front(pieces: Sequence[Piece], size: int) -> list[Piece]:
    """Take away the line end that each text begins with.

    It may be in several pieces: what one side put there has one, and so has what follows. Then the
    line end moves behind each of them.
    """
    count = next(n for n in range(1, len(pieces) + 1) if all(_joined(pieces[:n])))
    front, rest = pieces[:count], pieces[count:]
    end = _joined(front)[0][:size]
    if not all(front[-1]) or not all(
        text.startswith(end) for each in front for text in each if text
    ):
        front = [_united(front)]
    moved = [_unturned(each, size, end) for each in front[:-1]]
    last = _unturned(front[-1], size, "")
    return [*moved, last, *rest]


def _unturned(turned: Piece, size: int, end: str) -> Piece:
    """A piece without the line end before each text, and with one behind it."""
    b, o, t, merged = (text and text[size:] + end for text in turned)
    return Piece(b or "", o or "", t or "", merged)


def _joined(pieces: Sequence[Piece]) -> _Three:
    b, o, t = ("".join(texts) for texts in zip(*(each[:3] for each in pieces), strict=True))
    return b, o, t


def _united(pieces: Sequence[Piece]) -> Piece:
    """Several pieces as one, in dispute if one of them is."""
    if any(each.merged is None for each in pieces):
        return piece(*_joined(pieces))
    return Piece(*_joined(pieces), "".join(each.merged or "" for each in pieces))


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
        gap, indentation = _merged_blank(*blanks)
        gap = max(gap, self._owed, key=_weight)
        self._owed = ""
        return gap + indentation if "\n" in gap else gap

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
            in_order = comes_first(_inserted_lines(*mine), _inserted_lines(*yours))
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
        if not blanks[mine] and not self._owed and not is_word(edit.new[0]):
            return texts[mine]  # a mark that was put right behind the word before it
        return self._merged_blank(blanks) + texts[mine].removeprefix(blanks[mine])

    def _insertion(self, edit: Edit, text: str, behind: str) -> str:
        """Behind deleted lines it begins where they began; it brings the blank behind it along."""
        self._inserted = edit.start, behind
        after, before = self._deleted
        if after != edit.start:
            return text
        self._owed = _gap(behind)
        return text if before is None else _gap(before) + text.removeprefix(_gap(_leading(text)))

    def _deletion(self, edit: Edit, before: str) -> None:
        """What was inserted in front of it brings the blank behind it along, if words follow."""
        self._deleted = edit.end, before if edit.begins_line else None
        place, behind = self._inserted
        if place == edit.start and edit.end < len(self._b.words):
            self._owed = _gap(behind)

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


def _inserted_lines(text: Words, edit: Edit) -> str:
    """The lines that an edit brings, blank lines before and behind them included."""
    behind = text.blanks[edit.new_end] or "\n"
    lines = text.text(edit.new_start, edit.new_end) + _gap(behind)
    return lines.partition("\n")[2]


def _joined_lines(first: tuple[Words, Edit], last: tuple[Words, Edit]) -> str:
    """One insertion and then the other, which keeps its indentation and blank lines before it."""
    (left, before), (right, behind) = first, last
    begins = _gap(right.blanks[behind.new_start])
    between = max(_gap(left.blanks[before.new_end]), begins, key=_weight)
    text = right.text(behind.new_start, behind.new_end)
    return left.text(before.new_start, before.new_end) + between + text[len(begins) :]


def _leading(text: str) -> str:
    """The blank that a text begins with."""
    return text[: len(text) - len(text.lstrip())]


def _gap(blank: str) -> str:
    """What of a blank divides; behind the last line end begins the indentation of the next line."""
    return blank[: blank.rfind("\n") + 1] or blank


def _weight(blank: str) -> tuple[int, int, str]:
    """Orders blanks by how much they separate, whichever side they are of."""
    return blank.count("\n"), len(blank), blank


def _changes(edits: Iterable[Edit]) -> list[Change]:
    return [Change(edit.start, edit.end, edit.new_start, edit.new_end) for edit in edits]


def _merged_blank(*blanks: str) -> tuple[str, str]:
    """The gap and the indentation, each merged by itself.

    Of a gap that both changed, the one that separates more: the same for any order of sides.
    """
    gaps = [_gap(blank) for blank in blanks]
    indentations = [blank.removeprefix(gap) for blank, gap in zip(blanks, gaps, strict=True)]
    return _merged(*gaps), _merged(*indentations)


def _merged(base: str, ours: str, theirs: str) -> str:
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
