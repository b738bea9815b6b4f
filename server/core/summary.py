"""What a commit's message says: which lines an edit touched, and how many words came and went."""

import re
from collections.abc import Sequence

from merge.diff_splices import diff_splices
from merge.splices import Splice

_WORD = re.compile(r"\w+")


def describe(before: str, after: str, splices: Sequence[Splice] | None = None) -> str:
    """Say in a few words what turns one text into the other: `Edit lines 3-5 (+12 -3 words)`.

    Args:
        before: the one.
        after: the other.
        splices: what makes the other of the one, where that is known.
    """
    if splices is None:
        splices = diff_splices(before, after)
    if not splices:
        return "Change nothing"
    grown = sum(len(inserted) - deleted for _, deleted, inserted in splices[:-1])
    last = splices[-1]
    end = last.start + grown + max(len(last.inserted) - 1, 0)
    return f"Edit {_lines(after, splices[0].start, end)} ({_words(before, splices)})"


def _lines(text: str, start: int, end: int) -> str:
    first = text.count("\n", 0, start) + 1
    last = first + text.count("\n", start, end)
    return f"line {first}" if first == last else f"lines {first}-{last}"


def _words(before: str, splices: Sequence[Splice]) -> str:
    added = sum(len(_WORD.findall(inserted)) for _, _, inserted in splices)
    removed = sum(len(_WORD.findall(before, at, at + deleted)) for at, deleted, _ in splices)
    counts = [f"+{added}"] * bool(added) + [f"-{removed}"] * bool(removed)
    return f"{' '.join(counts)} words" if counts else "no words"
