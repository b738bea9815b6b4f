"""The merge of two changes of one text, each carried out at the place where it was made.

For a moment of typing, where it is known what each side changed (or read from the texts, see
`typed`). Nothing is compared, so nothing can slide to another line that happens to look the same.

What both sides put at one point stands in this order: whole lines as `order` has them, each on a
line of its own what two people begin on an empty line, and of letters the incoming ones to the
left. Typing runs left to right, and what somebody has typed must stay left of their next letters;
so the other's letters move right, each time, and each one's stay together. Where an insertion could
as well be said to have happened further left ("ab" to "abb"), the one that reaches further left
goes left: that keeps a doubled letter beside its twin.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from merge.collisions import collide
from merge.order import comes_first
from merge.pieces import Piece, piece
from merge.placed import Placed, is_empty_line, is_line_start, is_lines, says_something
from merge.splices import Splice

_LINE_ENDS = ("\n", "\r\n")


class Atom(NamedTuple):
    """A stretch of text, and which of the three texts have it.

    The merged text has what the base has and neither side deleted, and all that was inserted.
    """

    text: str
    in_base: bool
    in_ours: bool
    in_theirs: bool

    @property
    def in_merged(self) -> bool:
        return (self.in_ours and self.in_theirs) if self.in_base else True


def merge_placed(base: str, mine: Sequence[Placed], yours: Sequence[Placed]) -> list[Atom] | None:
    """Carry out both sides' changes; None if it is not plain what they come to together.

    Args:
        base: what both sides started from.
        mine: the changes of ours, in order.
        yours: the changes of theirs, in order.
    """
    return None if collide(base, mine, yours) else list(_atoms(base, mine, yours))


def pieces(atoms: Iterable[Atom]) -> list[Piece]:
    """Atoms as pieces: changes with nothing untouched between them share one."""
    found: list[Piece] = []
    group: list[Atom] = []
    for atom in atoms:
        if not (atom.in_base and atom.in_merged):
            group.append(atom)
            continue
        found += _grouped(group)
        group.clear()
        found.append(piece(atom.text, atom.text, atom.text))
    return found + _grouped(group)


def _grouped(atoms: Sequence[Atom]) -> list[Piece]:
    if not atoms:
        return []
    return [
        Piece(
            "".join(atom.text for atom in atoms if atom.in_base),
            "".join(atom.text for atom in atoms if atom.in_ours),
            "".join(atom.text for atom in atoms if atom.in_theirs),
            "".join(atom.text for atom in atoms if atom.in_merged),
        )
    ]


def way_from(atoms: Iterable[Atom], *, ours: bool) -> tuple[Splice, ...]:
    """What makes the merged text of ours, or of theirs."""
    found: list[Splice] = []
    position, start, deleted = 0, 0, 0
    inserted: list[str] = []
    for atom in atoms:
        is_there = atom.in_ours if ours else atom.in_theirs
        if is_there and atom.in_merged:
            if deleted or inserted:
                found.append(Splice(start, deleted, "".join(inserted)))
                deleted = 0
                inserted.clear()
            position += len(atom.text)
            start = position
        elif is_there:
            position += len(atom.text)
            deleted += len(atom.text)
        elif atom.in_merged:
            inserted.append(atom.text)
    if deleted or inserted:
        found.append(Splice(start, deleted, "".join(inserted)))
    return tuple(found)


# What they come to


def _atoms(base: str, mine: Sequence[Placed], yours: Sequence[Placed]) -> Iterator[Atom]:
    """The text from the start to the end, cut where something changes."""
    cuts = {0, len(base)}
    for change in (*mine, *yours):
        cuts |= {change.start, change.end}
    gone = [_gone(side) for side in (mine, yours)]
    inserted: dict[int, tuple[list[Placed], list[Placed]]] = {}
    for side, changes in enumerate((mine, yours)):
        for change in changes:
            if change.inserted:
                inserted.setdefault(change.start, ([], []))[side].append(change)
    for start, end in pairwise([*sorted(cuts), len(base)]):
        if start in inserted:
            yield from _inserted(base, *inserted[start])
        if start < end:
            yield Atom(base[start:end], True, *(not is_gone(start) for is_gone in gone))


def _gone(changes: Iterable[Placed]) -> Callable[[int], bool]:
    """Tells whether the changes remove the character at a place."""
    removing = [change for change in changes if change.start < change.end]
    starts = [change.start for change in removing]

    def is_gone(place: int) -> bool:
        last = bisect_right(starts, place) - 1
        return last >= 0 and place < removing[last].end

    return is_gone


def _inserted(base: str, mine: Sequence[Placed], yours: Sequence[Placed]) -> Iterator[Atom]:
    """All that was put at one point, in order."""
    if mine and yours and (shared := _shared(base, mine[0], yours[0])):
        yield Atom(shared, False, True, True)
        mine = [mine[0]._replace(inserted=mine[0].inserted.removeprefix(shared)), *mine[1:]]
        yours = [yours[0]._replace(inserted=yours[0].inserted.removeprefix(shared)), *yours[1:]]
    tagged = [(change, True) for change in mine] + [(change, False) for change in yours]
    in_order = [each for each in _in_order(base, tagged) if each[0].inserted]
    for place, (change, is_mine) in enumerate(in_order):
        if place and _needs_line_end(base, in_order[place - 1], (change, is_mine)):
            yield Atom(_line_end_of(base), False, False, False)
        yield Atom(change.inserted, False, is_mine, not is_mine)


def _needs_line_end(base: str, first: tuple[Placed, bool], last: tuple[Placed, bool]) -> bool:
    """Whether two people began one empty line: each gets a line."""
    (before, is_mine), (after, is_mine_too) = first, last
    return (
        is_mine != is_mine_too
        and is_empty_line(base, before.start)
        and not before.inserted.endswith("\n")
        and not after.inserted.startswith(_LINE_ENDS)
    )


def _line_end_of(base: str) -> str:
    return "\r\n" if "\r\n" in base else "\n"


def _shared(base: str, one: Placed, other: Placed) -> str:
    """What both did: the same change, or the line end that the text lacked."""
    if one.splice == other.splice and _is_one_act(base, one):
        return one.inserted
    if (
        one.start < len(base)
        or base.endswith("\n")
        or not (one.is_insertion and other.is_insertion)
    ):
        return ""
    both = one.inserted, other.inserted
    for line_end in _LINE_ENDS:
        if line_end in both and all(text.startswith(line_end) for text in both):
            return line_end
    return ""


def _is_one_act(base: str, change: Placed) -> bool:
    """Whether two people who did the same meant the same: not so of an item that both began."""
    indents = is_line_start(base, change.start) and change.inserted.strip(" \t") == ""
    return change.is_replacement or indents or says_something(change.inserted)


def _in_order(base: str, tagged: list[tuple[Placed, bool]]) -> list[tuple[Placed, bool]]:
    """Whole lines by their order; then, or at the end of the text before, what is no line."""
    lines = [each for each in tagged if each[0].is_insertion and is_lines(base, each[0])]
    if len(lines) == 2 and not comes_first(*(_as_lines(change) for change, _ in lines)):
        lines.reverse()
    others = sorted((each for each in tagged if each not in lines), key=partial(_order, base))
    if len(others) == 2 and is_empty_line(base, others[0][0].start):
        others.sort(key=lambda each: (each[0].inserted.startswith(_LINE_ENDS), not each[1]))
    behind = lines and not is_line_start(base, lines[0][0].start)
    return others + lines if behind else lines + others


def _as_lines(change: Placed) -> str:
    r"""Whole lines with their line ends behind them; "\nnew" is one at the end of the text."""
    text = change.inserted
    return text if text.endswith("\n") else text.partition("\n")[2] + "\n"


def _order(base: str, tagged: tuple[Placed, bool]) -> tuple[bool, bool, int, int, bool]:
    """Insertions, who goes on with a word, who reaches further left, theirs, then replacements.

    What was typed around a letter stays around it.
    """
    change, is_mine = tagged
    before, after = (
        base[max(change.start - 1, 0) : change.start],
        base[change.start : change.start + 1],
    )
    is_behind_word = bool(before) and not before.isspace()
    if is_behind_word or not after or after.isspace():
        leaves_word = is_behind_word and change.inserted[:1].isspace()
    else:
        leaves_word = not change.inserted[-1:].isspace()  # and goes on with the word behind it
    return change.is_replacement, leaves_word, change.sticks, change.low, is_mine
