"""The merge of lines that both sides changed, word by word.

The lines are read as words with a blank before each. Only the words are compared, so a paragraph
that one side rewrapped and a word that the other side changed in it merge:

    1  compare the words of the base with those of each side, and find each edit's place (`edits`)
    2  find the edits of the two sides that interact, and how (`interactions`)
    3  assemble the regions; the blank before each word is merged on its own (here)

Lines are read with leading line ends (`leading_ends`). Two insertions at one point that are both
kept are ordered by `merge.order`, so the result does not depend on which side is ours.

Left out on purpose: anything finer than a word (merging letters corrupts numbers and names; see
`live_merge` for the one case where letters are right), and tracking of moved text.
"""

from collections.abc import Iterable, Sequence

from merge.diff import Change
from merge.edits import Edit, Words, find_edits, is_word, read
from merge.interactions import Relation, Sides, Span, continues_line_before, find_spans
from merge.leading_ends import common_end, from_leading, to_leading
from merge.order import comes_first
from merge.regions import Aligner, Region, Texts, agreed, region
from merge.tokens import is_boundary


def merge_words(base: str, ours: str, theirs: str) -> list[Region]:
    """Divide the three texts into regions that merge and regions in conflict."""
    texts = base, ours, theirs
    if not any("\n" in text for text in texts):
        return _by_words(texts)
    end = common_end(texts)
    b, o, t = (to_leading(text, end) for text in texts)
    return from_leading(texts, _by_words((b, o, t)), end)


def _by_words(texts: Texts) -> list[Region]:
    sides = Sides(*map(read, texts))
    b, o, t = sides
    return _Assembly(sides).regions(find_spans(sides, find_edits(b, o), find_edits(b, t)))


class _Assembly:
    """Builds the regions from the spans; every word carries the blank before it."""

    def __init__(self, sides: Sides) -> None:
        self._b, self._o, self._t = sides
        self._ours, self._theirs = Aligner(), Aligner()
        self._regions: list[Region] = []
        self._inserted = -1, ""  # the place of the last insertion, and the blank behind it
        # The end of the last deletion, and the blank before it if it begins a line.
        self._deleted: tuple[int, str | None] = -1, None
        self._owed = ""  # what the next blank must contain at least

    def regions(self, spans: Sequence[Span]) -> list[Region]:
        position = 0
        blank_done = False
        for span in spans:
            self._add_kept(position, span.start, blank_done)
            blank_done = self._add_span(span)
            position = span.end
        self._add_kept(position, len(self._b.words), blank_done)
        if position < len(self._b.words) or not blank_done:
            self._add_blank(self._blanks(-1, -1, -1))
        return self._regions

    def _add_kept(self, start: int, end: int, blank_done: bool) -> None:
        """Add the words that neither side changed, each with the blank before it."""
        o_start, _ = self._ours.span(start, end, ())
        t_start, _ = self._theirs.span(start, end, ())
        unchanged: list[str] = []
        for step in range(end - start):
            if step or not blank_done:
                blanks = self._blanks(start + step, o_start + step, t_start + step)
                if self._owed or not blanks[0] == blanks[1] == blanks[2]:
                    self._add_unchanged(unchanged)
                    self._add_blank(blanks)
                else:
                    unchanged.append(blanks[0])
            unchanged.append(self._b.words[start + step])
        self._add_unchanged(unchanged)

    def _add_unchanged(self, parts: list[str]) -> None:
        text = "".join(parts)
        self._regions.append(region(text, text, text))
        parts.clear()

    def _blanks(self, b: int, o: int, t: int) -> Texts:
        return self._b.blanks[b], self._o.blanks[o], self._t.blanks[t]

    def _add_blank(self, blanks: Texts) -> None:
        self._regions.append(Region(*blanks, self._merged_blank(blanks)))

    def _merged_blank(self, blanks: Texts) -> str:
        """Merge a blank; words must not run together where an insertion meets a deletion."""
        gap, indentation = _merged_blank(*blanks)
        gap = max(gap, self._owed, key=_weight)
        self._owed = ""
        return gap + indentation if "\n" in gap else gap

    def _add_span(self, span: Span) -> bool:
        """Add a span; return whether the blank behind it is done, too."""
        ours, theirs = _changes(span.ours.values()), _changes(span.theirs.values())
        o_start, o_end = self._ours.span(span.start, span.end, ours)
        t_start, t_end = self._theirs.span(span.start, span.end, theirs)
        texts = (
            self._b.text(span.start, span.end),
            self._o.text(o_start, o_end),
            self._t.text(t_start, t_end),
        )
        if span.relation is Relation.CONFLICT:
            all_behind = self._b.blanks[span.end], self._o.blanks[o_end], self._t.blanks[t_end]
            return self._add_conflict(texts, all_behind)
        blanks = self._b.blanks[span.start], self._o.blanks[o_start], self._t.blanks[t_start]
        if span.relation is Relation.BOTH:
            merged = self._both(*span.ours.values(), *span.theirs.values())
        elif span.relation is Relation.SAME:
            merged = max(texts[1], texts[2], key=_weight)  # their blanks may differ
        else:
            behind = self._o.blanks[o_end] if span.ours else self._t.blanks[t_end]
            merged = self._one_sided(span, texts, blanks, behind)
        self._regions.append(Region(*texts, merged))
        return False

    def _both(self, ours: Edit, theirs: Edit) -> str:
        """Join two insertions at one point in order."""
        ours_side, theirs_side = (self._o, ours), (self._t, theirs)
        if continues_line_before(ours, theirs):
            in_order = not ours.begins_line
        else:
            in_order = comes_first(_inserted_lines(*ours_side), _inserted_lines(*theirs_side))
        first, last = (ours_side, theirs_side) if in_order else (theirs_side, ours_side)
        return _joined_lines(first, last)

    def _one_sided(self, span: Span, texts: Texts, blanks: Texts, behind: str) -> str:
        """Return the text of the side that made the edit; the blank of a replacement is merged."""
        side = 1 if span.ours else 2
        [edit] = (span.ours or span.theirs).values()
        if edit.is_insertion:
            return self._insertion(edit, texts[side], behind)
        if edit.is_deletion:
            self._deletion(edit, blanks[3 - side])
            return texts[side]
        if not blanks[side] and not self._owed and not is_word(edit.new[0]):
            return texts[side]  # punctuation right behind the word before it
        return self._merged_blank(blanks) + texts[side].removeprefix(blanks[side])

    def _insertion(self, edit: Edit, text: str, behind: str) -> str:
        """Return an insertion, with the gap that preceded lines deleted right before it."""
        self._inserted = edit.start, behind
        after, before = self._deleted
        if after != edit.start:
            return text
        self._owed = _gap(behind)
        return text if before is None else _gap(before) + text.removeprefix(_gap(_leading(text)))

    def _deletion(self, edit: Edit, before: str) -> None:
        """Note a deletion; an insertion right before it keeps its blank if words follow."""
        self._deleted = edit.end, before if edit.begins_line else None
        place, behind = self._inserted
        if place == edit.start and edit.end < len(self._b.words):
            self._owed = _gap(behind)

    def _add_conflict(self, texts: Texts, behind: Texts) -> bool:
        """Add a conflict; it includes the blank behind it if the texts differ in that, too."""
        takes_blank = len(set(behind)) > 1
        if takes_blank:
            texts = (texts[0] + behind[0], texts[1] + behind[1], texts[2] + behind[2])
        before, behind_it = _common_blanks(texts)
        b, o, t = (text[before : len(text) - behind_it] for text in texts)
        front, back = texts[0][:before], texts[0][before + len(b) :]
        self._regions += (region(front, front, front), region(b, o, t), region(back, back, back))
        return takes_blank


def _inserted_lines(text: Words, edit: Edit) -> str:
    """Return the lines that an edit inserts, with the blank lines before and behind them."""
    behind = text.blanks[edit.new_end] or "\n"
    lines = text.text(edit.new_start, edit.new_end) + _gap(behind)
    return lines.partition("\n")[2]


def _joined_lines(first: tuple[Words, Edit], last: tuple[Words, Edit]) -> str:
    """Join two insertions; the second one keeps its indentation and the blank lines before it."""
    (left, before), (right, behind) = first, last
    begins = _gap(right.blanks[behind.new_start])
    between = max(_gap(left.blanks[before.new_end]), begins, key=_weight)
    text = right.text(behind.new_start, behind.new_end)
    return left.text(before.new_start, before.new_end) + between + text[len(begins) :]


def _leading(text: str) -> str:
    """Return the blank that a text begins with."""
    return text[: len(text) - len(text.lstrip())]


def _gap(blank: str) -> str:
    """Return a blank without the indentation behind its last line end."""
    return blank[: blank.rfind("\n") + 1] or blank


def _weight(blank: str) -> tuple[int, int, str]:
    """Return a sort key: how much a blank separates."""
    return blank.count("\n"), len(blank), blank


def _changes(edits: Iterable[Edit]) -> list[Change]:
    return [Change(edit.start, edit.end, edit.new_start, edit.new_end) for edit in edits]


def _merged_blank(*blanks: str) -> tuple[str, str]:
    """Merge the gap and the indentation of a blank, each on its own.

    If both sides changed one, the one that separates more wins, whichever side it is of.
    """
    gaps = [_gap(blank) for blank in blanks]
    indentations = [blank.removeprefix(gap) for blank, gap in zip(blanks, gaps, strict=True)]
    return _merged(*gaps), _merged(*indentations)


def _merged(base: str, ours: str, theirs: str) -> str:
    merged = agreed(base, ours, theirs)
    return max(ours, theirs, key=_weight) if merged is None else merged


def _common_blanks(texts: Texts) -> tuple[int, int]:
    """Return the lengths of the blanks that all three begin and end with, in whole graphemes."""
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
