r"""The three-way merge of whole texts.

                    base                what both sides started from
                   /    \
    ours (master)          theirs (what comes in)
                   \    /
                    merge               text, and hunks where the sides disagree

    1  lines   Each side is compared with the base line by line (Git's own diff). Lines that one
               side changed are taken. The result is what `git merge-file` gives where that is
               clean, byte for byte.
    2  words   Lines that both changed are merged word by word (`words`), and ask where in doubt.
    3  typing  In `live` merges, where both sides are a moment of typing, one change of either
               side is merged letter by letter (`typed`): for the whole text, and for each
               dispute that the words left.

What still disagrees is a hunk. The incoming commit is then split: `theirs_clean` is the base with
only those changes of theirs that merge. Shared at once, it becomes the merge base of what is left:

        base --- theirs_clean --- theirs        the client's branch: what merges, the rest
            \          \
             ours ------ text                    master

Invariants, for `m = merge(base, ours, theirs)`:
    merge(base, ours, m.theirs_clean) is clean, and its text is m.text
    merge(m.theirs_clean, m.text, theirs) has the same text and the same hunks
So a conflict can be found again from Git alone. A word merge does not have them by nature (after
a split there is less to compare, and it may come out differently), so `merge` looks: it merges
again what the split left, until nothing changes any more, and where that does not end well all that
changed becomes one hunk.

Not here: repositories, files, people, and any memory. The same arguments give the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from merge.diff import diff
from merge.pieces import Aligner, Piece, agreed, piece, touching
from merge.tokens import lines, shared_ends
from merge.typed import merge_typed
from merge.words import merge_words

# So often the rest of a split is merged again before one hunk is made of everything.
_ROUNDS = 4
# With more lines than this from the first change to the last (the three sides together), all that
# changed is one hunk: the time must stay bounded. A text of 1 MiB in ordinary lines has fewer.
_LINES_MAX = 60_000


@dataclass(frozen=True, slots=True)
class Hunk:
    """Where the sides disagree; `text[start:end] == ours` in the text of the merge."""

    start: int
    end: int
    base: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge came to.

    Attributes:
        text: the merged text, with ours at each hunk.
        hunks: where the sides disagree, in order; empty when clean.
        theirs_clean: the base with only those changes of theirs that nobody disputes.
        ours_clean: the base with only those changes of ours that nobody disputes.
    """

    text: str
    hunks: tuple[Hunk, ...]
    theirs_clean: str
    ours_clean: str

    @property
    def clean(self) -> bool:
        """Whether there is nothing to ask."""
        return not self.hunks


def merge(base: str, ours: str, theirs: str, *, live: bool = False) -> Merge:
    """Merge two texts that come from the same base.

    Args:
        base: the common ancestor.
        ours: what is in master.
        theirs: what comes in; where both inserted at one point, it goes to the left.
        live: whether both sides are small and recent: insertions at one point, even inside a
            word, are then both kept instead of asked about.
    """
    if _is_too_long(base, ours, theirs):
        return _undivided(base, ours, theirs)
    once = _merge_once(base, ours, theirs, live)
    if once.clean:
        return once
    return _settled(once, base, ours, theirs, live) or _undivided(base, ours, theirs)


def _settled(once: Merge, base: str, ours: str, theirs: str, live: bool) -> Merge | None:
    """The split that merging its rest again leaves as it is; None if there is none."""
    found = once
    for _ in range(_ROUNDS):
        again = _merge_once(found.theirs_clean, found.text, theirs, live)
        if _without_ours_clean(again) == _without_ours_clean(found):
            break
        found = again
    else:
        return None
    shared = _merge_once(base, ours, found.theirs_clean, live)
    if found.clean or not shared.clean or shared.text != found.text:
        return None
    if found is once:
        return found
    # A later round's own `ours_clean` starts from `theirs_clean`: take theirs out of it again.
    ours_clean = _merge_once(again.theirs_clean, base, again.ours_clean, live)
    return replace(found, ours_clean=ours_clean.text if ours_clean.clean else base)


def _is_too_long(base: str, ours: str, theirs: str) -> bool:
    """Whether so many lines lie between the first change and the last that it could take long."""
    texts = (base, ours, theirs)
    if agreed(*texts) is not None or sum(text.count("\n") for text in texts) <= _LINES_MAX:
        return False
    front, back = shared_ends(*texts, "\n")
    return sum(text.count("\n", front, len(text) - back) for text in texts) > _LINES_MAX


def _without_ours_clean(found: Merge) -> tuple[str, tuple[Hunk, ...], str]:
    return found.text, found.hunks, found.theirs_clean


def _undivided(base: str, ours: str, theirs: str) -> Merge:
    """All that changed as one hunk: the split of last resort, which holds by itself."""
    front, back = shared_ends(base, ours, theirs, "\n")
    b, o, t = (text[front : len(text) - back] for text in (base, ours, theirs))
    hunk = Hunk(front, front + len(o), b, o, t)
    return Merge(ours, (hunk,), theirs_clean=base, ours_clean=base)


def _merge_once(base: str, ours: str, theirs: str, live: bool) -> Merge:
    return _assembled(_pieces(base, ours, theirs, live))


def _pieces(base: str, ours: str, theirs: str, live: bool) -> Iterable[Piece]:
    whole = agreed(base, ours, theirs)
    if whole is None and live:
        whole = merge_typed(base, ours, theirs)
    if whole is not None:
        return [Piece(base, ours, theirs, whole)]
    return _by_lines(base, ours, theirs, live)


def _by_lines(base: str, ours: str, theirs: str, live: bool) -> Iterable[Piece]:
    b, o, t = lines(base), lines(ours), lines(theirs)
    position = 0
    o_aligner, t_aligner = Aligner(), Aligner()
    for group in touching(diff(b, o), diff(b, t)):
        kept = "".join(b[position : group.start])
        yield piece(kept, kept, kept)
        o_start, o_end = o_aligner.span(group.start, group.end, group.ours)
        t_start, t_end = t_aligner.span(group.start, group.end, group.theirs)
        yield from _refined(
            "".join(b[group.start : group.end]),
            "".join(o[o_start:o_end]),
            "".join(t[t_start:t_end]),
            live,
        )
        position = group.end
    kept = "".join(b[position:])
    yield piece(kept, kept, kept)


def _refined(base: str, ours: str, theirs: str, live: bool) -> Iterable[Piece]:
    whole = piece(base, ours, theirs)
    if whole.merged is not None:
        return [whole]
    found = merge_words(base, ours, theirs)
    if live:
        found = [
            Piece(*each[:3], merge_typed(*each[:3])) if each.merged is None else each
            for each in found
        ]
    return found


def _assembled(pieces: Iterable[Piece]) -> Merge:
    text: list[str] = []
    theirs_clean: list[str] = []
    ours_clean: list[str] = []
    hunks: list[Hunk] = []
    length = 0
    for base, ours, theirs, merged in pieces:
        if merged is None:
            hunks.append(Hunk(length, length + len(ours), base, ours, theirs))
            merged, ours, theirs = ours, base, base
        text.append(merged)
        ours_clean.append(ours)
        theirs_clean.append(theirs)
        length += len(merged)
    return Merge("".join(text), tuple(hunks), "".join(theirs_clean), "".join(ours_clean))
