"""The merge of two changes that are known as splices; it reads only the lines around theirs.

    base   ────────A────────────────────────B─────────────     A, B: changes of ours
    theirs ──────────────────────[··· C ···]───────────────     C: the incoming change

The window around C consists of whole lines, and includes every change of ours that it touches. It
is merged like a text of its own. Outside it only ours has changes, so the text is that of ours. The
cost of a merge is that of its window, independent of the length of the text and of the changes of
ours elsewhere.

A careful merge compares the texts of the window, with the same result as a merge of the whole
texts. A live merge applies each change where it was made: if lines or letters repeat, a comparison
can only guess which of them were changed. (Two people type words with the same first letter at one
spot, "pa|p|print": no comparison can tell whose letter is whose.)
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from merge.diff_splices import diff_splices
from merge.line_ends import conversion
from merge.placed import place_in_lines
from merge.positional import merge_placed, way_from
from merge.splices import Splice, apply
from merge.three_way import merge

# This many unchanged lines on either side separate two changes; for a line merge one is enough.
_MARGIN = 2


class LocalMerge(NamedTuple):
    """A clean merge.

    Attributes:
        text: the merged text.
        from_ours: the splices from ours to the merged text.
        from_theirs: the splices from theirs to the merged text.
    """

    text: str
    from_ours: tuple[Splice, ...]
    from_theirs: tuple[Splice, ...]


def merge_local(
    base: str,
    ours: str,
    ours_change: Sequence[Splice],
    theirs_change: Sequence[Splice],
    *,
    live: bool = False,
) -> LocalMerge | None:
    """Merge two changes of one text.

    Args:
        base: the common ancestor.
        ours: the text in master, `apply(base, ours_change)`.
        ours_change: the splices from the base to ours.
        theirs_change: the splices from the base to theirs.
        live: as in `merge`.

    Returns:
        The merge; None if there is a conflict, or a side converts the line ends.
    """
    if not theirs_change:
        return LocalMerge(ours, (), tuple(ours_change))
    if _converts(base, ours, ours_change, theirs_change):
        return None
    low, high = _window(base, ours_change, theirs_change)
    before = [splice for splice in ours_change if splice.start + splice.deleted < low]
    after = [splice for splice in ours_change if splice.start > high]
    inside = ours_change[len(before) : len(ours_change) - len(after)]
    if inside:
        b, o, t = base[low:high], _moved(inside, -low), _moved(theirs_change, -low)
        ways = _placed(b, o, t) if live else _compared(b, o, t)
        if ways is None:
            return None
        from_ours, from_theirs = (_moved(way, low) for way in ways)
    else:
        from_ours, from_theirs = tuple(theirs_change), ()
    from_ours = _moved(from_ours, _growth(before))
    from_theirs = (*before, *from_theirs, *_moved(after, _growth(theirs_change)))
    return LocalMerge(apply(ours, from_ours), from_ours, from_theirs)


def _converts(
    base: str, ours: str, ours_change: Iterable[Splice], theirs_change: Sequence[Splice]
) -> bool:
    """Whether a side converts all line ends."""
    touched = any(
        "\r" in inserted or "\r" in base[start : start + deleted]
        for start, deleted, inserted in (*ours_change, *theirs_change)
    )
    return touched and conversion(base, ours, apply(base, theirs_change)) is not None


_Ways: TypeAlias = tuple[tuple[Splice, ...], tuple[Splice, ...]]  # from ours, from theirs


def _placed(base: str, ours: Sequence[Splice], theirs: Sequence[Splice]) -> _Ways | None:
    """Apply each change where it was made."""
    atoms = merge_placed(base, place_in_lines(base, ours), place_in_lines(base, theirs))
    if atoms is None:
        return None
    return way_from(atoms, ours=True), way_from(atoms, ours=False)


def _compared(base: str, ours: Sequence[Splice], theirs: Sequence[Splice]) -> _Ways | None:
    o, t = apply(base, ours), apply(base, theirs)
    merged = merge(base, o, t)
    return (diff_splices(o, merged.text), diff_splices(t, merged.text)) if merged.clean else None


def _window(
    base: str, ours_change: Sequence[Splice], theirs_change: Sequence[Splice]
) -> tuple[int, int]:
    """Return the range of whole lines around theirs, with every change of ours that it touches."""
    last = theirs_change[-1]
    start, end = theirs_change[0].start, last.start + last.deleted
    while True:
        low, high = _lines_around(base, start, end)
        reached = [s for s in ours_change if s.start <= high and s.start + s.deleted >= low]
        wider = (
            min([start, *(splice.start for splice in reached)]),
            max([end, *(splice.start + splice.deleted for splice in reached)]),
        )
        if wider == (start, end):
            return low, high
        start, end = wider


def _lines_around(base: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the lines that contain `start` to `end`, with the margin."""
    low = base.rfind("\n", 0, start) + 1
    high = base.find("\n", end) + 1 or len(base)
    for _ in range(_MARGIN):
        low = base.rfind("\n", 0, max(low - 1, 0)) + 1
        high = base.find("\n", high) + 1 or len(base)
    return low, high


def _moved(splices: Iterable[Splice], by: int) -> tuple[Splice, ...]:
    return tuple(Splice(start + by, deleted, inserted) for start, deleted, inserted in splices)


def _growth(splices: Iterable[Splice]) -> int:
    return sum(len(inserted) - deleted for _, deleted, inserted in splices)
