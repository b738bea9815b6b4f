"""A parser for texts with conflict markers that may have been edited.

It reads Git's markers as well as those of `marker_writer`, which describes a last line without a
line end. It knows no merge.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from merge.markers import SIZE_MIN, Conflict, Kind, Marker, Part, find_markers, longest

# The last marker is the state of the parser; at the start of the text it is that after an END.
_MAY_FOLLOW = {
    Kind.END: (Kind.BEGIN,),
    Kind.BEGIN: (Kind.BASE, Kind.MIDDLE),
    Kind.BASE: (Kind.MIDDLE,),
    Kind.MIDDLE: (Kind.END,),
}


class MarkerError(ValueError):
    """The markers of a text are not in order.

    Attributes:
        line: the number of the line, from 1.
    """

    def __init__(self, line: int, advice: str) -> None:
        super().__init__(f"line {line}: {advice}")
        self.line = line


def read(text: str, *, size: int | None = None) -> tuple[Part, ...]:
    """Parse the clean parts and the conflicts of a text with markers.

    Args:
        text: the output of `write` or Git, perhaps edited since.
        size: the length of the markers; by default that of the longest line that looks like a
            marker of `<`, `|` or `>`.

    Returns:
        The parts in order; no clean part is empty. A text without markers is one clean part.

    Raises:
        MarkerError: a conflict has no end or is inside another, or its markers are out of order.
    """
    found = list(find_markers(text))
    if size is None:
        size = longest(found) or SIZE_MIN
    parts: list[Part] = []
    position = 0
    for group in _groups(text, [marker for marker in found if marker.size == size]):
        parts += (text[position : group[0].start], _conflict(text, group))
        position = group[-1].end
    parts.append(text[position:])
    return tuple(part for part in parts if part != "")


def _groups(text: str, found: Iterable[Marker]) -> Iterator[list[Marker]]:
    """Yield the markers of each conflict."""
    group: list[Marker] = []
    for marker in found:
        if not group and marker.kind is Kind.MIDDLE:
            continue
        last = group[-1].kind if group else Kind.END
        if marker.kind not in _MAY_FOLLOW[last]:
            raise _misplaced(text, marker, group)
        group.append(marker)
        if marker.kind is Kind.END:
            yield group
            group = []
    if group:
        raise _unfinished(text, group)


def _conflict(text: str, group: Sequence[Marker]) -> Conflict:
    sections = [text[left.end : right.start] for left, right in pairwise(group)]
    if not group[-1].end_of_line:
        sections = [_without_end(section, group[0].end_of_line) for section in sections]
    has_base = group[1].kind is Kind.BASE
    return Conflict(
        ours=sections[0],
        base=sections[1] if has_base else None,
        theirs=sections[-1],
        ours_name=group[0].name,
        base_name=group[1].name if has_base else None,
        theirs_name=group[-1].name,
    )


def _without_end(section: str, end: str) -> str:
    """Remove the line end that `write` added; the user may have typed another one."""
    shorter = section.removesuffix("\n")
    return shorter.removesuffix("\r") if end == "\r\n" else shorter


def _misplaced(text: str, marker: Marker, group: Sequence[Marker]) -> MarkerError:
    shown = marker.kind * marker.size
    line = _line_number(text, marker)
    if not group:
        opening = Kind.BEGIN * marker.size
        return MarkerError(
            line,
            f"{shown} belongs to a conflict that does not begin; delete this line, or put the "
            f"line {opening} back above it",
        )
    return MarkerError(
        line,
        f"{shown} comes too early in the conflict of line {_line_number(text, group[0])}; put "
        f"{_missing(group)} above it, or delete this line",
    )


def _unfinished(text: str, group: Sequence[Marker]) -> MarkerError:
    return MarkerError(
        _line_number(text, group[0]),
        f"the conflict that begins here does not end; put {_missing(group)} back below it, or "
        "delete what is left of its markers",
    )


def _missing(group: Sequence[Marker]) -> str:
    """Describe the marker that must come next."""
    *_, needed = _MAY_FOLLOW[group[-1].kind]
    return f"the line {needed * group[-1].size}"


def _line_number(text: str, marker: Marker) -> int:
    return text.count("\n", 0, marker.start) + 1
