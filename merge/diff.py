"""The shortest way from one list of tokens to another, by Git's own diff (xdiff, Myers).

It must be Git's: the merge promises what `git merge-file` gives wherever that is clean, and only
the same diff keeps that promise. pygit2 is used for nothing but this: two buffers in, changed
ranges out; no repository is opened, here or anywhere in this package.

Tokens become one short line each (their number in order of first sight), so the same function
compares lines, words or anything hashable.
"""

from collections.abc import Sequence
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
        _numbered(before, numbers),
        _numbered(after, numbers),
        flag=DiffOption.FORCE_TEXT,
        context_lines=0,
        interhunk_lines=0,
    )
    return [
        _change(hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines)
        for hunk in patch.hunks
    ]


def _numbered(items: Sequence[str], numbers: dict[str, int]) -> bytes:
    return "".join([f"{numbers.setdefault(item, len(numbers))}\n" for item in items]).encode()


def _change(start: int, length: int, new_start: int, new_length: int) -> Change:
    """From a unified diff's header: counts from 1, but names the line before an empty range."""
    start -= length > 0
    new_start -= new_length > 0
    return Change(start, start + length, new_start, new_start + new_length)
