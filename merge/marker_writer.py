"""A merge as one text with conflict markers, for people who resolve it in an editor.

Hunks are as fine as words, markers are lines. So each hunk is widened to whole lines, and hunks
that share a line or lie on neighbouring lines become one conflict. The lines that its sides begin
and end with are moved out of it again: those that all three have in common, and in the styles
`merge` and `zdiff3` those of ours and theirs, as Git does it.

The last line. Where it lacks its line end and is in conflict, Git gives it one, and nobody can
tell any more. Here, if a side of the last conflict lacks its final line end, so does the last
marker, and each side of that conflict that has any lines was given one line end more. Where all
sides lack it that is what Git writes, without the line end of the whole. Otherwise the sides that
have one show an empty line, as an editor shows it. A file that loses its final line end on the way
loses that of each side.

Line ends of markers are those of the lines around them: CRLF if the line before the conflict (or
else the first line of both sides) and the first line of the base have it.

Invariants, for every merge `m` and style, with `parts = read(write(m, ...), size=marker_size(m))`:
    resolved(parts, Side.OURS) == m.text
    resolved(parts, Side.THEIRS) is m.text with theirs at each hunk
    resolved(parts, Side.BASE) is m.text with the base at each hunk, in style `diff3`
The size need not be given if there are hunks, or if no line of the text looks like a marker.

Not here: what is right. It merges nothing, and knows neither files nor people, only their names.
Style `merge` does not cut a conflict in two at lines that ours and theirs share in its middle.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import NamedTuple

from merge.markers import (
    SIZE_MIN,
    Conflict,
    Kind,
    Part,
    Side,
    Style,
    find_markers,
    lines_of,
    longest,
    marker_line,
    resolved,
)
from merge.result import Hunk, Merge
from merge.tokens import lines

# Longer markers are written once only, around all conflicts together: a line of half a million `<`
# and thousands of conflicts would make gigabytes.
_SIZE_MAX = 50


def write(merge: Merge, *, style: Style, ours_name: str, base_name: str, theirs_name: str) -> str:
    """The text of a merge with a conflict in markers at each hunk.

    Args:
        merge: what to write; of a clean one, just its text.
        style: what is shown of each conflict.
        ours_name: stands behind `<<<<<<<`; may be empty.
        base_name: stands behind `|||||||`.
        theirs_name: stands behind `>>>>>>>`.

    Raises:
        ValueError: a name has more than one line.
    """
    names = _Names(ours_name, base_name, theirs_name)
    if any("\n" in name or "\r" in name for name in names):
        raise ValueError("a name in a conflict marker must be one line")
    whole = _parts(merge, names)
    size = _free_size(whole)
    if size > _SIZE_MAX:
        whole = _parts(merge, names, together=True)
    ends = _FirstEnds(*(_first_line_end(resolved(whole, side)) for side in Side))
    return "".join(_written(_shown(whole, style), size, ends))


def marker_size(merge: Merge) -> int:
    """How many characters the markers of this merge have, in every style."""
    return _free_size(_parts(merge, _Names("", "", "")))


# from hunks to conflicts of whole lines


class _Names(NamedTuple):
    ours: str
    base: str
    theirs: str


def _parts(merge: Merge, names: _Names, *, together: bool = False) -> list[Part]:
    """The conflicts as wide as their lines, with all sides, and what lies between."""
    parts: list[Part] = []
    position = 0
    for block in _blocks(merge.text, merge.hunks, together=together):
        parts += (merge.text[position : block.start], block.conflict(names))
        position = block.end
    parts.append(merge.text[position:])
    return parts


class _Block:
    """The lines around some hunks; begins at a line and grows hunk by hunk."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self.start = self.end = start
        self._ours: list[str] = []
        self._base: list[str] = []
        self._theirs: list[str] = []

    def take_in(self, hunk: Hunk) -> None:
        kept = self._text[self.end : hunk.start]
        self._ours += filter(None, (kept, hunk.ours))
        self._base += filter(None, (kept, hunk.base))
        self._theirs += filter(None, (kept, hunk.theirs))
        self.end = hunk.end

    def next_line(self, limit: int) -> int:
        """Where a line next begins on all sides, from the end on; the limit if that is first."""
        sides = (self._ours, self._base, self._theirs)
        if all(not parts or parts[-1].endswith("\n") for parts in sides):
            return self.end
        return self._text.find("\n", self.end, limit) + 1 or limit

    def close(self) -> None:
        """Take in the rest of the line."""
        end = self.next_line(len(self._text))
        rest = self._text[self.end : end]
        for parts in (self._ours, self._base, self._theirs):
            parts.append(rest)
        self.end = end

    def conflict(self, names: _Names) -> Conflict:
        return Conflict(
            ours="".join(self._ours),
            base="".join(self._base),
            theirs="".join(self._theirs),
            ours_name=names.ours,
            base_name=names.base,
            theirs_name=names.theirs,
        )


def _blocks(text: str, hunks: Sequence[Hunk], *, together: bool) -> Iterator[_Block]:
    """Hunks without a whole clean line between them share a block."""
    block: _Block | None = None
    for hunk in hunks:
        # Looks no further back than the hunk before, so that all the looking is linear.
        line = text.rfind("\n", block.end if block else 0, hunk.start) + 1
        if block and not together and line > block.next_line(hunk.start):
            block.close()
            yield block
            block = None
        block = block or _Block(text, line)
        block.take_in(hunk)
    if block:
        block.close()
        yield block


def _free_size(parts: Iterable[Part]) -> int:
    """Longer than any line that looks like `<`, `|` or `>`, and no line of `=` is as long."""
    taken = [marker for text in _texts(parts) for marker in find_markers(text)]
    size = max(SIZE_MIN, longest(taken) + 1)
    middles = {marker.size for marker in taken if marker.kind is Kind.MIDDLE}
    while size in middles:
        size += 1
    return size


def _texts(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        else:
            yield from (lines_of(part, side) for side in Side)


# what is shown of a conflict


def _shown(parts: Iterable[Part], style: Style) -> list[Part]:
    """Conflicts as small as the style has them, with the base only where it shows it."""
    clean = ""
    shown: list[Part] = []
    for part in parts:
        if isinstance(part, str):
            clean += part
            continue
        before, conflict, after = _narrowed(part, style)
        shown += (clean + before, conflict)
        clean = after
    shown.append(clean)
    return [part for part in shown if part != ""]


def _narrowed(conflict: Conflict, style: Style) -> tuple[str, Conflict, str]:
    """The lines it begins with that are in no dispute, the conflict, the lines it ends with."""
    ours, theirs = lines(conflict.ours), lines(conflict.theirs)
    base = lines(lines_of(conflict, Side.BASE))
    front, back = _shared_ends(ours, base, theirs)
    base = base[front : len(base) - back]
    if style is not Style.DIFF3:
        front, back = _shared_ends(ours, theirs)
    before, after = ours[:front], ours[len(ours) - back :]
    narrow = replace(
        conflict,
        ours="".join(ours[front : len(ours) - back]),
        base=None if style is Style.MERGE else "".join(base),
        theirs="".join(theirs[front : len(theirs) - back]),
        base_name=None if style is Style.MERGE else conflict.base_name,
    )
    return "".join(before), narrow, "".join(after)


def _shared_ends(*sides: Sequence[str]) -> tuple[int, int]:
    """How many lines they have in common at the start, and of the rest at the end."""
    front = _shared(zip(*sides, strict=False))
    rest = min(map(len, sides)) - front
    back = _shared(islice(zip(*map(reversed, sides), strict=False), rest))
    return front, back


def _shared(rows: Iterable[tuple[str, ...]]) -> int:
    return sum(1 for _ in takewhile(lambda row: len(set(row)) == 1, rows))


# the lines


class _FirstEnds(NamedTuple):
    """How the first line of each text ends; empty for an only line without an end."""

    ours: str
    base: str
    theirs: str


def _first_line_end(text: str) -> str:
    return _line_end(text[: text.find("\n") + 1])


def _line_end(text: str) -> str:
    """How the text's last line ends."""
    if text.endswith("\r\n"):
        return "\r\n"
    return "\n" if text.endswith("\n") else ""


def _written(parts: Sequence[Part], size: int, ends: _FirstEnds) -> Iterator[str]:
    before = ""
    for part in parts:
        if isinstance(part, str):
            before = part
            yield part
        else:
            end = _end_of_markers(before, ends)
            yield from _marked(part, size, end, is_last=part is parts[-1])


def _end_of_markers(before: str, ends: _FirstEnds) -> str:
    """CRLF if all lines looked at end so.

    Git looks at the same lines, but takes LF wherever the base cannot say. Here every document
    begins empty, so that would be often.
    """
    near = [_line_end(before)] if before else [ends.ours, ends.theirs]
    return "\r\n" if {*near, ends.base} - {""} == {"\r\n"} else "\n"


def _marked(conflict: Conflict, size: int, end: str, *, is_last: bool) -> Iterator[str]:
    """The conflict's lines with its markers."""
    sections = [(Kind.BEGIN, conflict.ours_name, conflict.ours)]
    if conflict.base is not None:
        sections.append((Kind.BASE, conflict.base_name or "", conflict.base))
    sections.append((Kind.MIDDLE, "", conflict.theirs))
    open_ended = is_last and any(_lacks_end(section) for _, _, section in sections)
    for kind, name, section in sections:
        yield marker_line(kind, size, name) + end
        yield section
        # Of an earlier conflict only a base can lack it: the `zdiff3` one whose last line was not
        # in common.
        if section and (open_ended or _lacks_end(section)):
            yield end
    yield marker_line(Kind.END, size, conflict.theirs_name) + ("" if open_ended else end)


def _lacks_end(section: str) -> bool:
    return bool(section) and not section.endswith("\n")
