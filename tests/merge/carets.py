"""The position of a caret after a change of the text; the twin of `mapPosition` on the page."""

from collections.abc import Sequence

from merge.splices import Splice


def map_position(splices: Sequence[Splice], position: int, *, after: bool = False) -> int:
    """Where a caret at `position` goes.

    Args:
        splices: what changes the text the caret is in.
        position: the caret, 0 to the length of the text.
        after: whether it goes behind text that is inserted exactly there (or that replaces
            what was around it) rather than staying in front.
    """
    shift = 0
    for start, deleted, inserted in splices:
        end = start + deleted
        in_front = position == start and (deleted or not after)
        if position < start or in_front:
            break
        if position < end:
            return start + shift + (len(inserted) if after else 0)
        shift += len(inserted) - deleted
    return position + shift
