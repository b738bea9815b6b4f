"""The shortest way from one list of tokens to another, by Git's own diff (xdiff, Myers).

Where tokens repeat there may be several shortest ways, and one of them leaves each token the number
that it has ("- m" four times, the first and the last changed). That one is taken: Git's would say
that other lines changed than those where somebody wrote.

It must be Git's: the merge promises what `git merge-file` gives wherever that is clean, and only
the same diff keeps that promise. pygit2 is used for nothing but this: two buffers in, changed
ranges out; no repository is opened, here or anywhere in this package.

Tokens become one short line each (the place where they were seen first), so the same function
compares lines, words or anything hashable.
"""

from collections.abc import Sequence
from itertools import count, groupby
from typing import NamedTuple

from pygit2 import Patch
from pygit2.enums import DiffOption


class Change(NamedTuple):
    """`before[start:end]` gave way to `after[new_start:new_end]`."""

    start: int
    end: int
    new_start: int
    new_end: int


def diff(before: Sequence[str], after: Sequence[str]) -> list[Change]:
    """What changed, in order; between two changes lies at least one unchanged token."""
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
    """The change that leaves each token where it is, if it is no longer than the one found."""
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
    """Each item as the number of the place where it was seen first; lists of many are long."""
    return "\n".join([*map(str, map(numbers.setdefault, items, count(first))), ""]).encode()


def _change(start: int, length: int, new_start: int, new_length: int) -> Change:
    """From a unified diff's header: counts from 1, but names the line before an empty range."""
    start -= length > 0
    new_start -= new_length > 0
    return Change(start, start + length, new_start, new_start + new_length)
