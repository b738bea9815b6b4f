"""Changes shown to people: by lines, as Git shows them, or by words. Shows, decides nothing.

It must not know what a change is for: whose it is, whether it merges, where it will be shown.

Invariants, for `runs = word_diff(before, after)`:
    joining what was kept and removed gives `before`; what was kept and added, `after`
    no run is empty, no two neighbours are of one kind, and what was removed stands before what
    was added in its place
    no grapheme cluster is cut
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from merge.diff import Change, diff
from merge.tokens import common_prefix, common_suffix, is_blank, lines, shared_ends, tokens

# Unchanged lines shown around each change, as `git diff` does.
_CONTEXT = 3
# A longer changed stretch (in characters, in lines, both sides together) is narrowed to what
# differs, and if that is as long it is shown as a whole: the time must stay bounded.
_LENGTH_MAX = 200_000
_LINES_MAX = 100_000


class Kind(StrEnum):
    """What became of a stretch of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


class Run(NamedTuple):
    """A stretch of text, and what became of it."""

    kind: Kind
    text: str


def unified_diff(before: str, after: str, before_name: str, after_name: str) -> str:
    """A unified diff by whole lines, as `diff -u` and `git diff` write it.

    Returns:
        The diff with a `---` and a `+++` line, or an empty string for equal texts.
    """
    old, new = lines(before), lines(after)
    changes = diff(old, new)
    if not changes:
        return ""
    parts = [f"--- {before_name}\n+++ {after_name}\n"]
    for together in _together(changes):
        parts += _section(together, old, new)
    return "".join(parts)


def word_diff(before: str, after: str) -> list[Run]:
    """What changed between two texts, word by word where lines changed.

    Changes with nothing but a blank between them are one, unless the blank ends a line.

    Returns:
        The runs in order; empty for two empty texts.
    """
    runs: list[Run] = []
    for is_kept, old, new in _joined(_pairs(before, after)):
        if is_kept:
            runs.append(Run(Kind.KEPT, old))
        else:
            runs += (Run(Kind.REMOVED, old), Run(Kind.ADDED, new))
    return [run for run in runs if run.text]


def marked(runs: Iterable[Run]) -> str:
    """Runs as plain text: `[-removed-]{+added+}`, as `git diff --word-diff=plain` writes it.

    As there, no mark reaches over a line end; a removed line end is shown like any other.
    """
    parts: list[str] = []
    for kind, text in runs:
        opening, closing = _MARKS[kind]
        for line in lines(text):
            words = line.rstrip("\r\n")
            parts += (opening + words + closing if words else "", line[len(words) :])
    return "".join(parts)


# unified_diff: sections of lines


def _together(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes whose contexts meet share a section."""
    section: list[Change] = []
    for change in changes:
        if section and change.start - section[-1].end > 2 * _CONTEXT:
            yield section
            section = []
        section.append(change)
    yield section


def _section(changes: Sequence[Change], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    first, last = changes[0], changes[-1]
    lead = min(_CONTEXT, first.start)
    trail = min(_CONTEXT, len(old) - last.end)
    old_range = _range(first.start - lead, last.end + trail)
    new_range = _range(first.new_start - lead, last.new_end + trail)
    yield f"@@ -{old_range} +{new_range} @@\n"
    position = first.start - lead
    for change in changes:
        yield from _marked(" ", old[position : change.start])
        yield from _marked("-", old[change.start : change.end])
        yield from _marked("+", new[change.new_start : change.new_end])
        position = change.end
    yield from _marked(" ", old[position : last.end + trail])


def _range(start: int, end: int) -> str:
    """Line numbers count from 1; an empty range names the line before it."""
    length = end - start
    first = start + 1 if length else start
    return str(first) if length == 1 else f"{first},{length}"


def _marked(mark: str, shown: Sequence[str]) -> Iterator[str]:
    for line in shown:
        yield mark + line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


# word_diff: from lines to words

# What a stretch was and what it became; the same twice where it was kept.
_Pair: TypeAlias = tuple[str, str]

_MARKS = {Kind.KEPT: ("", ""), Kind.REMOVED: ("[-", "-]"), Kind.ADDED: ("{+", "+}")}


def _pairs(before: str, after: str) -> Iterator[_Pair]:
    """Lines first; words within the lines that changed."""
    front, back = shared_ends(before, before, after, "\n")
    old, new = before[front : len(before) - back], after[front : len(after) - back]
    yield before[:front], before[:front]
    for old_lines, new_lines in _lines(old, new):
        yield from _narrowed(old_lines, new_lines)
    yield before[len(before) - back :], before[len(before) - back :]


def _lines(old: str, new: str) -> Iterable[_Pair]:
    if old.count("\n") + new.count("\n") > _LINES_MAX:
        return [(old, new)]
    return _aligned(lines(old), lines(new))


def _narrowed(old: str, new: str) -> Iterable[_Pair]:
    """Words; of a long stretch only those between what both begin and end with."""
    if old == new or len(old) + len(new) <= _LENGTH_MAX:
        return _words(old, new)
    front = common_prefix(old, new)
    back = common_suffix(old[front:], new[front:])
    words = _words(old[front : len(old) - back], new[front : len(new) - back])
    end = old[len(old) - back :]
    return [(old[:front], old[:front]), *words, (end, end)]


def _words(old: str, new: str) -> Iterable[_Pair]:
    if old == new or len(old) + len(new) > _LENGTH_MAX:
        return [(old, new)]
    return _aligned(tokens(old), tokens(new))


def _aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[_Pair]:
    """What was kept and what changed, in turns."""
    position = 0
    for start, end, new_start, new_end in diff(old, new):
        kept = "".join(old[position:start])
        yield kept, kept
        yield "".join(old[start:end]), "".join(new[new_start:new_end])
        position = end
    kept = "".join(old[position:])
    yield kept, kept


class _Stretch(NamedTuple):
    """What was kept, or what was removed and added in one place."""

    is_kept: bool
    old: str
    new: str


def _joined(pairs: Iterable[_Pair]) -> Iterator[_Stretch]:
    """Kept and changed in turns; a blank within a line belongs to the changes around it."""
    stretches = list(_grouped(_Stretch(old == new, old, new) for old, new in pairs if old or new))
    inner = slice(1, -1)
    stretches[inner] = [
        stretch._replace(is_kept=stretch.is_kept and not _parts_words(stretch.old))
        for stretch in stretches[inner]
    ]
    return _grouped(stretches)


def _grouped(stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """Neighbours that are both kept, or both not, as one."""
    for is_kept, group in groupby(stretches, key=attrgetter("is_kept")):
        _, old, new = zip(*group, strict=True)
        yield _Stretch(is_kept, "".join(old), "".join(new))


def _parts_words(text: str) -> bool:
    """Whether it is a blank, and does not end a line: changes line by line are easy to read."""
    return is_blank(text) and "\n" not in text
