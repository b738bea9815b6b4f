"""The subject of a version's commit: what somebody did, and where, in the words of a commit log.

    Write 2 paragraphs under "Decisions" (+84 -12 words)
    Edit line 3 under "Agenda" (+1 -1 words)
    Delete 4 lines (-31 words)

Pure.
"""

import re
from collections.abc import Sequence

from merge.splices import Splice, inserted_ranges
from server.core.names import one_line

# A heading is looked for so far back from a change.
_LOOKED_BACK = 100_000
_HEADING_CHARACTERS_MAX = 40
_PLACES_MAX = 100  # of more changes, no lines are counted
# One side outweighs the other from this many times as many words.
_OUTWEIGHS = 3

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_COUNTS = re.compile(r" \((?:\+(\d+) ?)?(?:-(\d+) )?words?\)$")
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*\n)+")


def subject_of(before: str, after: str, splices: Sequence[Splice], added: int, removed: int) -> str:
    """Return the subject of a change.

    Args:
        before: the text before it.
        after: the text after it.
        splices: those that lead from one to the other.
        added: the number of words that it adds.
        removed: the number of words that it removes.
    """
    if not splices:
        return "Change nothing"
    places = inserted_ranges(splices)
    what = _what(before, after, splices, places, added, removed)
    return f"{what}{_where(after, places)}{_counts(added, removed)}"


def _what(
    before: str,
    after: str,
    splices: Sequence[Splice],
    places: Sequence[tuple[int, int]],
    added: int,
    removed: int,
) -> str:
    if len(places) > _PLACES_MAX:
        return _edit_lines(after, places)
    written = [lines for place in places if (lines := _whole_lines(after, *place))]
    if written and added >= _OUTWEIGHS * removed:
        blocks = [block for lines in written for block in _BLANK_LINES.split(lines)]
        paragraphs = sum(not _HEADING.fullmatch(block) for block in blocks)
        if paragraphs > 1 and len(written) == 1:
            return f"Write {paragraphs} paragraphs"
        return f"Write {_lines(written)}"
    ranges = ((start, start + deleted) for start, deleted, _ in splices)
    deleted = [lines for place in ranges if (lines := _whole_lines(before, *place))]
    if deleted and removed >= _OUTWEIGHS * added:
        return f"Delete {_lines(deleted)}"
    return _edit_lines(after, places)


def _edit_lines(after: str, places: Sequence[tuple[int, int]]) -> str:
    (start, _), (_, end) = places[0], places[-1]
    first = after.count("\n", 0, start) + 1
    last = first + after.count("\n", start, max(end - 1, start))
    return f"Edit lines {first}-{last}" if last > first else f"Edit line {first}"


def _whole_lines(text: str, start: int, end: int) -> str:
    """Return the lines that lie completely in a range, without blank ones around them."""
    if start > 0 and text[start - 1] != "\n":
        start = text.find("\n", start, end) + 1 or end
    if end < len(text) and text[end - 1] != "\n":
        end = text.rfind("\n", start, end) + 1 or start
    return text[start:end].strip()


def _lines(stretches: Sequence[str]) -> str:
    count = sum(1 for lines in stretches for line in lines.split("\n") if line.strip())
    return "a line" if count == 1 else f"{count} lines"


def _where(after: str, places: Sequence[tuple[int, int]]) -> str:
    """Return the heading that all places are under, or nothing."""
    first, last = (_heading_of(after, *place) for place in (places[0], places[-1]))
    return f' under "{first}"' if first and first == last else ""


def _heading_of(text: str, start: int, end: int) -> str:
    """Return the nearest Markdown heading before a range, or at its beginning."""
    found = _HEADING.match(_whole_lines(text, start, end).partition("\n")[0])
    return _shortened(found[1]) if found else _heading_above(text, start)


def _heading_above(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    found = list(_HEADING.finditer(text, max(0, start - _LOOKED_BACK), start))
    return _shortened(found[-1][1]) if found else ""


def _shortened(heading: str) -> str:
    heading = one_line(heading)
    if len(heading) <= _HEADING_CHARACTERS_MAX:
        return heading
    return f"{heading[: _HEADING_CHARACTERS_MAX - 1].rstrip()}…"


def words_in(subject: str) -> tuple[str, int, int]:
    """Return a subject without its counts of words, and those: added and removed."""
    found = _COUNTS.search(subject)
    if found is None:
        return subject, 0, 0
    return subject[: found.start()], int(found[1] or 0), int(found[2] or 0)


def counts_in(subject: str) -> str:
    """Return the counts of words at the end of a subject, with the blank before them."""
    found = _COUNTS.search(subject)
    return found.group() if found else ""


def _counts(added: int, removed: int) -> str:
    counts = [f"+{added}"] * bool(added) + [f"-{removed}"] * bool(removed)
    if not counts:
        return ""
    return f" ({' '.join(counts)} {'word' if added + removed == 1 else 'words'})"
