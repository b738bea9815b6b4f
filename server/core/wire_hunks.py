"""The hunks of a merge in their wire form, with the lines as they were in the base. Pure."""

from collections.abc import Sequence

from merge.result import Hunk
from server.protocol import BaseLines, ConflictHunk

# Characters of the base's lines that are sent before and after the disputed words.
_AROUND_MAX = 160


def wire_hunks(hunks: Sequence[Hunk], base: str) -> list[ConflictHunk]:
    """Return the hunks of a merge in their wire form; `base` is the text of the merge base."""
    return [
        ConflictHunk(h.start, h.end, h.base, h.ours, h.theirs, _base_lines(base, *h.in_base))
        for h in hunks
    ]


def _base_lines(base: str, start: int, end: int) -> BaseLines:
    first = base.rfind("\n", 0, start) + 1
    if start == first and base.endswith("\n", start, end):
        last = end = end - 1  # whole lines
    else:
        found = base.find("\n", end)
        last = found if found >= 0 else len(base)
    near, far = max(first, start - _AROUND_MAX), min(last, end + _AROUND_MAX)
    before = "…" * (near > first) + base[near:start]
    after = base[end:far] + "…" * (far < last)
    words = base[start:end]
    text = f"{before}{words}{after}".removesuffix("\r")
    return BaseLines(text, len(before), min(len(text), len(before) + len(words)))
