r"""The line ends of a file and of the document that it is kept in step with.

Both hold the same lines, but a file may end all of them in its own way: an editor on Windows saves
CRLF where the document has LF. A save is therefore compared with the document line by line, and a
line that stays keeps the end that it has in the document:

    document   one\n     two\r\n   three\n
    saved      one\r\n   2\r\n     three\r\n   four\r\n
    taken      one\n     2\r\n     three\n     four\n

Invariants:
    Line ends apart, the text that is taken is what was saved.
    A file that holds what `written` gave, or the same with all its line ends converted, is no
    change of the document. So files with different line ends can share one.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from merge.diff import diff

# Several CR before an LF are one end: converted to LF and back they must not count as a change.
# The lookbehind keeps a long run of CR without an LF linear.
_END = re.compile(r"(?<!\r)\r*+\n")


class Endings(StrEnum):
    """How a file ends its lines. The values are in the state beside the file."""

    AS_THEY_ARE = "as they are"  # each line as in the document
    CRLF = "crlf"  # all of them so, whatever the document has
    LF = "lf"  # likewise


class FileText(NamedTuple):
    """What a file holds: the text as the document has it, and how the file ends its lines."""

    text: str
    endings: Endings


def taken(saved: str, before: FileText) -> FileText:
    """Read what was saved as an edit of what the file held before.

    Args:
        saved: the file's new content, with its own line ends.
        before: what it held; the line ends of that text are the document's.
    """
    document, endings = before
    own = _kind(saved) or endings
    if own is Endings.AS_THEY_ARE:
        return FileText(saved, own)
    text = _with_ends_of(document, saved)
    if text == saved and own is not endings:
        own = Endings.AS_THEY_ARE  # byte for byte the document: the file follows it from now on
    return FileText(text, own)


def written(text: str, endings: Endings) -> str:
    """The content of a file that ends its lines so and should hold the document's text."""
    if endings is Endings.AS_THEY_ARE:
        return text
    return _END.sub("\r\n" if endings is Endings.CRLF else "\n", text)


def _kind(text: str) -> Endings | None:
    """The one line end that a text has; None if it has none, or several kinds."""
    ends = set(_END.findall(text))
    if ends == {"\n"}:
        return Endings.LF
    return Endings.CRLF if ends == {"\r\n"} else None


class _Line(NamedTuple):
    words: str
    end: str  # empty for a last line without one


def _with_ends_of(document: str, saved: str) -> str:
    """What was saved, with the document's end on each line that the document has too.

    A new line ends like the one above it, or else like the document's first.
    """
    lines, new_lines = _lines(document), _lines(saved)
    previous = next((line.end for line in lines if line.end), "")
    found = []
    for line, place in zip(new_lines, _places(lines, new_lines), strict=True):
        end = (lines[place].end if place is not None else "") or previous[-2:] or line.end
        found.append(line.words + (end if line.end else ""))
        previous = end
    return "".join(found)


def _places(lines: Sequence[_Line], new_lines: Sequence[_Line]) -> list[int | None]:
    """Where each new line is among the old ones; None for those that were added.

    Lines that gave way to others are taken for the same lines, one by one.
    """
    before, after = [it.words for it in lines], [it.words for it in new_lines]
    places: list[int | None] = []
    at = 0
    for old, old_end, new, new_end in diff(before, after):
        common = min(old_end - old, new_end - new)
        places += range(at, old + common)
        places += [None] * (new_end - new - common)
        at = old_end
    return [*places, *range(at, len(lines))]


def _lines(text: str) -> list[_Line]:
    found = []
    position = 0
    for match in _END.finditer(text):
        found.append(_Line(text[position : match.start()], match.group()))
        position = match.end()
    return [*found, _Line(text[position:], "")] if position < len(text) else found
