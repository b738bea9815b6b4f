"""The shortest edit script between two lists of tokens, by Git's own diff (xdiff, Myers).

It is Git's because the merge promises the result of `git merge-file` wherever that is clean. pygit2
is used for nothing else: two buffers in, changed ranges out; no repository is opened here or
anywhere in this package.

If tokens repeat there may be several shortest scripts. If one of them keeps every token at its
index ("- m" four times, the first and the last changed), it is preferred: Git's may change other
lines than the edited ones.

Each token is passed as one short line (the index of its first occurrence), so the same function
compares lines, words or anything hashable.
"""

from collections.abc import Sequence
from itertools import count, groupby
from typing import NamedTuple

from pygit2 import Patch
from pygit2.enums import DiffOption


class Change(NamedTuple):
    """A replacement of `before[start:end]` with `after[new_start:new_end]`."""

    start: int
    end: int
    new_start: int
    new_end: int


def diff(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """Return the changes in order, with at least one unchanged token between any two."""
    if before == after:
        return []
    if not before or not after:
        return [Change(0, len(before), 0, len(after))]
    numbers: dict[str, int] = {}
    patch = Patch.create_from(
        _numbered(before, numbers, 0),
        _numbered(after, numbers, len(before)),
        flag=DiffOption.FORCE_TEXT,
        context_lines=0,
        interhunk_lines=0,
    )
    found = [
        _change(hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines)
        for hunk in patch.hunks
    ]
    return _in_place(before, after, found) if len(before) == len(after) else found


def _in_place(before: Sequence[str], after: Sequence[str], found: list[Change]) -> list[Change]:
    """Return the changes that keep every index if they are no longer than those found."""
    if all(end - start == new_end - new_start for start, end, new_start, new_end in found):
        return found
    is_kept = [one == other for one, other in zip(before, after, strict=True)]
    if is_kept.count(False) > sum(change.end - change.start for change in found):
        return found
    changes = []
    place = 0
    for kept, run in groupby(is_kept):
        start, place = place, place + sum(1 for _ in run)
        if not kept:
            changes.append(Change(start, place, start, place))
    return changes


def _numbered(items: Sequence[str], numbers: dict[str, int], first: int) -> bytes:
    """Return a line for each item: the index of its first occurrence in both lists."""
    return "\n".join([*map(str, map(numbers.setdefault, items, count(first))), ""]).encode()


def _change(start: int, length: int, new_start: int, new_length: int) -> Change:
    """Convert a hunk header: it counts from 1, and names the line before an empty range."""
    start -= length > 0
    new_start -= new_length > 0
    return Change(start, start + length, new_start, new_start + new_length)
