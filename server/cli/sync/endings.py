r"""The line endings of a file and of the document that it is synced with.

Both have the same lines, but a file may have line endings of its own: an editor on Windows saves
CRLF where the document has LF. A save is therefore compared with the document line by line, and an
unchanged line keeps the ending that it has in the document:

    document        one\n     two\r\n   three\n
    saved           one\r\n   2\r\n     three\r\n   four\r\n
    from_file       one\n     2\r\n     three\n     four\n

Invariants:
    `from_file` changes line endings only.
    A save of what `to_file` returned, also with all line endings converted, is no change of the
    document. So files with different line endings can share one.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from merge.diff import diff

# Several CR before an LF are one ending: converting them to LF and back is not a change.
# The lookbehind keeps a long run of CR without an LF linear.
_END = re.compile(r"(?<!\r)\r*+\n")


class Endings(StrEnum):
    """The line endings of a file. The values are stored in the state beside it."""

    AS_THEY_ARE = "as they are"  # those of the document
    CRLF = "crlf"  # on every line, whatever the document has
    LF = "lf"  # likewise


class FileText(NamedTuple):
    """The text of a file with the document's line endings, and the line endings of the file."""

    text: str
    endings: Endings


def from_file(saved: str, before: FileText) -> FileText:
    """Return the text of a save, with the document's line endings.

    Args:
        saved: the content of the file.
        before: the text of the file before the save.
    """
    document, endings = before
    own = _uniform_ending(saved) or endings
    if own is Endings.AS_THEY_ARE:
        return FileText(saved, own)
    text = _with_endings_of(document, saved)
    if text == saved and own is not endings:
        own = Endings.AS_THEY_ARE  # the document byte for byte: follow it from now on
    return FileText(text, own)


def to_file(text: str, endings: Endings) -> str:
    """Return a text of the document as the content of a file with these line endings."""
    if endings is Endings.AS_THEY_ARE:
        return text
    return _END.sub("\r\n" if endings is Endings.CRLF else "\n", text)


def _uniform_ending(text: str) -> Endings | None:
    """Return the line ending of all lines of a text; None if there is none, or they differ."""
    ends = set(_END.findall(text))
    if ends == {"\n"}:
        return Endings.LF
    return Endings.CRLF if ends == {"\r\n"} else None


class _Line(NamedTuple):
    content: str
    ending: str  # empty for a last line without one


def _with_endings_of(document: str, saved: str) -> str:
    """Return the saved text, with the document's ending on each line that the document has.

    A new line gets the ending of the line above it, or else that of the document's first line.
    """
    lines, new_lines = _lines(document), _lines(saved)
    previous = next((line.ending for line in lines if line.ending), "")
    found = []
    for line, place in zip(new_lines, _places(lines, new_lines), strict=True):
        ending = (lines[place].ending if place is not None else "") or previous[-2:] or line.ending
        found.append(line.content + (ending if line.ending else ""))
        previous = ending
    return "".join(found)


def _places(lines: Sequence[_Line], new_lines: Sequence[_Line]) -> list[int | None]:
    """Return the index of each new line among the old ones; None for an added line.

    Replaced lines correspond to their replacements, one by one.
    """
    before, after = [it.content for it in lines], [it.content for it in new_lines]
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
