r"""Conflict markers, and the clean parts and conflicts of a text that has them.

    Dear all,                   clean
    <<<<<<< master              begins a conflict
    see you on Monday.          ours, whole lines
    ||||||| base                (not in style `merge`)
    see you soon.               the base
    =======
    see you on Friday.          theirs
    >>>>>>> Bo                  ends it

Markers have seven characters. If lines of the text look like markers, all markers are longer than
these (Git's `conflict-marker-size`). A line of `=` outside a conflict is text: the underline of a
heading.

`marker_writer` writes such a text, `marker_reader` parses it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

# As in Git.
SIZE_MIN = 7


class Style(StrEnum):
    """What a conflict shows; the names are those of Git's `merge.conflictStyle`."""

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
    """A conflict of whole lines.

    Attributes:
        ours: the lines of ours, without markers; may be empty.
        base: the lines of the base; None if the style does not show them.
        theirs: the lines of theirs.
        ours_name: the name behind the first marker.
        base_name: the name behind the marker of the base; None if the style does not show it.
        theirs_name: the name behind the last marker.
    """

    ours: str
    base: str | None
    theirs: str
    ours_name: str
    base_name: str | None
    theirs_name: str


Part: TypeAlias = str | Conflict


class Kind(StrEnum):
    """The character of a marker, which says what it begins."""

    BEGIN = "<"
    BASE = "|"
    MIDDLE = "="
    END = ">"


def conflicts(parts: Iterable[Part]) -> list[Conflict]:
    """Return the conflicts among the parts."""
    return [part for part in parts if isinstance(part, Conflict)]


def resolved(parts: Iterable[Part], side: Side) -> str:
    """Return the whole text with one side's lines at every conflict.

    In style `zdiff3` the text of the base is not exact: common lines of ours and theirs are outside
    the conflict, even if the base has others.

    Raises:
        ValueError: the side is the base, and a conflict does not show it.
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


# Possessive, so that a long row of one character is scanned once.
_MARKER = re.compile(
    r"^(?P<run>={7,}+|(?P<char>[<|>])(?P=char){6,}+(?: (?P<name>.*?))?)(?P<cr>\r?)$", re.MULTILINE
)


class Marker(NamedTuple):
    """A line that looks like a marker; `start` to `end` includes its line end."""

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
    """Return the length of the longest marker, apart from those of `=`; 0 without any."""
    return max((marker.size for marker in found if marker.kind is not Kind.MIDDLE), default=0)
