r"""Conflict markers: what they look like, and a text cut into clean parts and conflicts.

    Dear all,                   clean
    <<<<<<< master              begins a conflict
    see you on Monday.          ours, in whole lines
    ||||||| base                (not in style `merge`)
    see you soon.               the base
    =======
    see you on Friday.          theirs
    >>>>>>> Bo                  ends it

Markers have seven characters. Where lines of the text look like markers themselves, all markers of
the text are longer than those (Git's `conflict-marker-size`), and the longest are the markers. A
line of `=` outside a conflict is text: headings are underlined so.

`marker_writer` makes such a text of a merge, `marker_reader` finds the parts again.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

# Git's own.
SIZE_MIN = 7


class Style(StrEnum):
    """What is shown of a conflict; the names are those of Git's `merge.conflictStyle`."""

    MERGE = "merge"
    DIFF3 = "diff3"
    ZDIFF3 = "zdiff3"


class Side(StrEnum):
    """One of the three texts of a conflict."""

    OURS = "ours"
    BASE = "base"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Lines on which the sides disagree.

    Attributes:
        ours: the lines of ours, as all of them without markers; may be empty.
        base: the lines of the base; None where they are not shown.
        theirs: the lines of theirs.
        ours_name: what stands behind the first marker.
        base_name: what stands behind the marker of the base; None where it is not shown.
        theirs_name: what stands behind the last marker.
    """

    ours: str
    base: str | None
    theirs: str
    ours_name: str
    base_name: str | None
    theirs_name: str


Part: TypeAlias = str | Conflict


class Kind(StrEnum):
    """What a marker is made of, and so what it means."""

    BEGIN = "<"
    BASE = "|"
    MIDDLE = "="
    END = ">"


def conflicts(parts: Iterable[Part]) -> list[Conflict]:
    """The conflicts that are left."""
    return [part for part in parts if isinstance(part, Conflict)]


def resolved(parts: Iterable[Part], side: Side) -> str:
    """The whole text with one side's lines at every conflict.

    In style `zdiff3` the base's text is not exact: lines that ours and theirs have in common are
    outside the conflict, whatever the base has there.

    Raises:
        ValueError: the base is asked for, and a conflict does not show it.
    """
    return "".join(part if isinstance(part, str) else lines_of(part, side) for part in parts)


def lines_of(conflict: Conflict, side: Side) -> str:
    if side is Side.OURS:
        return conflict.ours
    if side is Side.THEIRS:
        return conflict.theirs
    if conflict.base is None:
        raise ValueError("a conflict in style merge does not show its base")
    return conflict.base


def marker_line(kind: Kind, size: int, name: str) -> str:
    return f"{kind * size} {name}" if name else kind * size


# Possessive, so that a long row of one character is looked at once.
_MARKER = re.compile(
    r"^(?P<run>={7,}+|(?P<char>[<|>])(?P=char){6,}+(?: (?P<name>.*?))?)(?P<cr>\r?)$", re.MULTILINE
)


class Marker(NamedTuple):
    """A line that looks like a marker, from `start` to `end` with its line end."""

    kind: Kind
    size: int
    name: str
    end_of_line: str
    start: int
    end: int


def find_markers(text: str) -> Iterator[Marker]:
    for match in _MARKER.finditer(text):
        line = match["run"]
        kind = Kind(line[0])
        size = len(line) - len(line.lstrip(kind))
        line_feed = text[match.end() : match.end() + 1]
        end = match.end() + len(line_feed)
        name = match["name"] or ""
        yield Marker(kind, size, name, match["cr"] + line_feed, match.start(), end)


def longest(found: Iterable[Marker]) -> int:
    """The length of the longest marker, but for those that could be the underline of a heading."""
    return max((marker.size for marker in found if marker.kind is not Kind.MIDDLE), default=0)
