"""The merge of two changes of one text, each applied at the place where it was made.

For live merges: the changes of both sides are known, or found by comparing (`live_merge`). No texts
are compared here, so no change can slide to another line that is equal.

The order of insertions of both sides at one point:

    whole lines              as `order` has them
    text on an empty line    each on a line of its own
    letters                  the one that could also have been made further left ("ab" to "abb")
                             first: a doubled letter stays beside its twin; else theirs first

People type from left to right: with theirs on the left, the next letters of the same person follow
theirs directly, and ours stay together on the right.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from merge.collisions import collide
from merge.order import comes_first
from merge.placed import Placed, has_word, is_empty_line, is_line_start, is_lines
from merge.regions import Region, region
from merge.splices import Splice

_LINE_ENDS = ("\n", "\r\n")


class Atom(NamedTuple):
    """A stretch of text, and which of the three texts contain it.

    The merged text has each insertion, and all of the base that neither side deleted.
    """

    text: str
    in_base: bool
    in_ours: bool
    in_theirs: bool

    @property
    def in_merged(self) -> bool:
        return (self.in_ours and self.in_theirs) if self.in_base else True


def merge_placed(base: str, ours: Sequence[Placed], theirs: Sequence[Placed]) -> list[Atom] | None:
    """Apply the changes of both sides.

    Args:
        base: the common ancestor.
        ours: the changes of ours, in order.
        theirs: the changes of theirs, in order.

    Returns:
        The stretches of the three texts in order; None if the changes collide.
    """
    return None if collide(base, ours, theirs) else list(_atoms(base, ours, theirs))


def regions_of(atoms: Iterable[Atom]) -> list[Region]:
    """Atoms as regions_of: changes with nothing untouched between them share one."""
    found: list[Region] = []
    group: list[Atom] = []
    for atom in atoms:
        if not (atom.in_base and atom.in_merged):
            group.append(atom)
            continue
        found += _grouped(group)
        group.clear()
        found.append(region(atom.text, atom.text, atom.text))
    return found + _grouped(group)


def _grouped(atoms: Sequence[Atom]) -> list[Region]:
    if not atoms:
        return []
    return [
        Region(
            "".join(atom.text for atom in atoms if atom.in_base),
            "".join(atom.text for atom in atoms if atom.in_ours),
            "".join(atom.text for atom in atoms if atom.in_theirs),
            "".join(atom.text for atom in atoms if atom.in_merged),
        )
    ]


def way_from(atoms: Iterable[Atom], *, ours: bool) -> tuple[Splice, ...]:
    """Return the splices from ours, or from theirs, to the merged text."""
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


def _atoms(base: str, ours: Sequence[Placed], theirs: Sequence[Placed]) -> Iterator[Atom]:
    """Yield the text from start to end, cut at the edges of all changes."""
    cuts = {0, len(base)}
    for change in (*ours, *theirs):
        cuts |= {change.start, change.end}
    deletes_at = [_deletes_at(side) for side in (ours, theirs)]
    inserted: dict[int, tuple[list[Placed], list[Placed]]] = {}
    for side, changes in enumerate((ours, theirs)):
        for change in changes:
            if change.inserted:
                inserted.setdefault(change.start, ([], []))[side].append(change)
    for start, end in pairwise([*sorted(cuts), len(base)]):
        if start in inserted:
            yield from _inserted(base, *inserted[start])
        if start < end:
            yield Atom(base[start:end], True, *(not deletes(start) for deletes in deletes_at))


def _deletes_at(changes: Iterable[Placed]) -> Callable[[int], bool]:
    """Return a function that says whether the changes delete the character at an offset."""
    deletions = [change for change in changes if change.start < change.end]
    starts = [change.start for change in deletions]

    def deletes(place: int) -> bool:
        last = bisect_right(starts, place) - 1
        return last >= 0 and place < deletions[last].end

    return deletes


def _inserted(base: str, ours: Sequence[Placed], theirs: Sequence[Placed]) -> Iterator[Atom]:
    """Yield all that was inserted at one point, in order."""
    if ours and theirs and (shared := _common_insertion(base, ours[0], theirs[0])):
        yield Atom(shared, False, True, True)
        ours = [ours[0]._replace(inserted=ours[0].inserted.removeprefix(shared)), *ours[1:]]
        theirs = [theirs[0]._replace(inserted=theirs[0].inserted.removeprefix(shared)), *theirs[1:]]
    tagged = [(change, True) for change in ours] + [(change, False) for change in theirs]
    in_order = [each for each in _ordered(base, tagged) if each[0].inserted]
    for place, (change, is_ours) in enumerate(in_order):
        if place and _needs_line_end(base, in_order[place - 1], (change, is_ours)):
            yield Atom(_line_end_of(base), False, False, False)
        yield Atom(change.inserted, False, is_ours, not is_ours)


def _needs_line_end(base: str, first: tuple[Placed, bool], last: tuple[Placed, bool]) -> bool:
    """Whether both sides began the same empty line: then each gets a line."""
    (before, is_ours), (after, is_ours_too) = first, last
    return (
        is_ours != is_ours_too
        and is_empty_line(base, before.start)
        and not before.inserted.endswith("\n")
        and not after.inserted.startswith(_LINE_ENDS)
    )


def _line_end_of(base: str) -> str:
    return "\r\n" if "\r\n" in base else "\n"


def _common_insertion(base: str, one: Placed, other: Placed) -> str:
    """Return what both insert alike: the whole change, or the line end that the text lacked."""
    if one.splice == other.splice and _is_same_intent(base, one):
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


def _is_same_intent(base: str, change: Placed) -> bool:
    """Whether equal changes mean the same thing; two equal beginnings of a line do not."""
    indents = is_line_start(base, change.start) and change.inserted.strip(" \t") == ""
    return change.is_replacement or indents or has_word(change.inserted)


def _ordered(base: str, tagged: list[tuple[Placed, bool]]) -> list[tuple[Placed, bool]]:
    """Sort insertions: whole lines, then the others; at the end of the text the others first."""
    lines = [each for each in tagged if each[0].is_insertion and is_lines(base, each[0])]
    if len(lines) == 2 and not comes_first(*(_as_lines(change) for change, _ in lines)):
        lines.reverse()
    others = sorted((each for each in tagged if each not in lines), key=partial(_order_key, base))
    if len(others) == 2 and is_empty_line(base, others[0][0].start):
        others.sort(key=lambda each: (each[0].inserted.startswith(_LINE_ENDS), not each[1]))
    behind = lines and not is_line_start(base, lines[0][0].start)
    return others + lines if behind else lines + others


def _as_lines(change: Placed) -> str:
    r"""Return whole lines with trailing line ends; at the end of the text "\nnew" is a line."""
    text = change.inserted
    return text if text.endswith("\n") else text.partition("\n")[2] + "\n"


def _order_key(base: str, tagged: tuple[Placed, bool]) -> tuple[bool, bool, int, int, bool]:
    """Return a sort key: replacements last; then who continues a word, who reaches left, theirs.

    Insertions around a letter of their side stay around it.
    """
    change, is_ours = tagged
    before, after = (
        base[max(change.start - 1, 0) : change.start],
        base[change.start : change.start + 1],
    )
    is_behind_word = bool(before) and not before.isspace()
    if is_behind_word or not after or after.isspace():
        leaves_word = is_behind_word and change.inserted[:1].isspace()
    else:
        leaves_word = not change.inserted[-1:].isspace()  # it continues the word behind it
    return change.is_replacement, leaves_word, change.attachment, change.low, is_ours
