"""The shortest way from one list of tokens to another, by Git's own diff (xdiff, Myers).

It must be Git's: the merge promises what `git merge-file` gives wherever that is clean, and only
the same diff keeps that promise. pygit2 is used for nothing but this: two buffers in, changed
ranges out; no repository is opened, here or anywhere in this package.

Tokens become one short line each (the place where they were seen first), so the same function
compares lines, words or anything hashable.
"""

from collections.abc import Sequence
from itertools import count
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
    return [
        _change(hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines)
        for hunk in patch.hunks
    ]


def _numbered(items: Sequence[str], numbers: dict[str, int], first: int) -> bytes:
    """Each item as the number of the place where it was seen first; lists of many are long."""
    return "\n".join([*map(str, map(numbers.setdefault, items, count(first))), ""]).encode()


def _change(start: int, length: int, new_start: int, new_length: int) -> Change:
    """From a unified diff's header: counts from 1, but names the line before an empty range."""
    start -= length > 0
    new_start -= new_length > 0
    return Change(start, start + length, new_start, new_start + new_length)
