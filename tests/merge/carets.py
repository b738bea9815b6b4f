"""The position of a caret after a change of the text; the twin of `mapPosition` on the page."""

from collections.abc import Sequence

from merge.splices import Splice


def map_position(splices: Sequence[Splice], position: int, *, after: bool = False) -> int:
    """Return the position of a caret after the splices.

    Args:
        splices: the change of the text.
        position: the caret, 0 to the length of the text.
        after: whether the caret moves behind text that is inserted at it, or that replaces the
            text around it, instead of staying in front.
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
