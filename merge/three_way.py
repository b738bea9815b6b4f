r"""The three-way merge of whole texts.

                    base                the common ancestor
                   /    \
    ours (master)          theirs (incoming)
                   \    /
                    merge               the text, and hunks where the sides are in conflict

    1  lines   Each side is compared with the base line by line (Git's own diff). Lines that only
               one side changed are taken. Where `git merge-file` is clean the result is the same,
               byte for byte, with the exceptions in docs/merge.md.
    2  words   Lines that both changed are merged word by word (`word_merge`).

In `live` merges, where both sides are a moment of typing, the changes are first applied where they
were made (`live_merge`), if none of them collide.

The remaining conflicts are hunks. The incoming commit is then split: `theirs_clean` is the base
with only those changes of theirs that merge. It is merged at once, and becomes the merge base of
the rest:

        base --- theirs_clean --- theirs        the client's branch: what merges, the rest
            \          \
             ours ------ text                    master

Invariants, for `m = merge(base, ours, theirs)`:
    merge(base, ours, m.theirs_clean) is clean, and its text is m.text
    merge(m.theirs_clean, m.text, theirs) has the same text and the same hunks
So a conflict can be reproduced from Git alone. A word merge does not guarantee them (the texts are
others after a split, and so may be the result). So `merge` merges the rest of the split again until
the result is stable; if it does not become stable, all that changed is one hunk.

No repositories, files, people or state: the same arguments give the same result.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from merge.diff import Change, diff
from merge.line_ends import Conversion, conversion
from merge.live_merge import merge_live
from merge.regions import Aligner, Region, agreed, region, touching
from merge.result import Merge, assembled, placed_back, with_theirs
from merge.tokens import clauses, common_prefix, common_suffix, lines, shared_ends, tokens
from merge.word_merge import merge_words

# At most this many times the rest of a split is merged again.
_ROUNDS = 4
# Above this many lines between the first and last change of a side (in it and the base, both sides
# together), all that changed is one hunk: the time must stay bounded.
_LINES_MAX = 120_000
# Above this many characters in lines that both sides changed (three texts together), these lines
# are hunks; long lines (on average longer than _LONG) are divided into clauses before that.
_LENGTH_MAX = 120_000
_LONG = 1_000
# Above this many hunks all that changed is one hunk: nobody resolves that many, and to find a
# stable split takes long.
_HUNKS_MAX = 250


def merge(base: str, ours: str, theirs: str, *, live: bool = False) -> Merge:
    """Merge two texts with a common ancestor.

    Args:
        base: the common ancestor.
        ours: the text in master.
        theirs: the incoming text.
        live: whether both changes are small and recent: letters typed at one point, even inside a
            word, are then both kept, theirs on the left, instead of being a conflict.
    """
    converts = conversion(base, ours, theirs)
    if converts is None:
        merged = _merge(base, ours, theirs, live)
    else:
        texts = converts.converted(base, ours, theirs)
        merged = converts.placed_back(_merge(*texts, live), texts)
    if merged.clean or _converts_alike(converts, base, ours, theirs, merged):
        return merged
    return _undivided(base, ours, theirs)


def _converts_alike(
    converts: Conversion | None, base: str, ours: str, theirs: str, merged: Merge
) -> bool:
    """Whether merging the two parts of a split finds the same conversion of line ends."""
    split = merged.theirs_clean
    if split == base or not any("\r" in text for text in (base, ours, theirs)):
        return True
    parts = conversion(base, ours, split), conversion(split, merged.text, theirs)
    return len({part.after if part else None for part in (converts, *parts)}) == 1


def _merge(base: str, ours: str, theirs: str, live: bool) -> Merge:
    if _is_too_long(base, ours, theirs):
        return _undivided(base, ours, theirs)
    once = _merge_once(base, ours, theirs, live)
    if once.clean:
        return once
    return _stable_split(once, base, ours, theirs, live) or _undivided(base, ours, theirs)


def _stable_split(once: Merge, base: str, ours: str, theirs: str, live: bool) -> Merge | None:
    """Return a split that is stable when its rest is merged again; None if there is none."""
    if len(once.hunks) > _HUNKS_MAX:
        return None
    if once.text == ours and once.theirs_clean == base:
        return once  # nothing of theirs merges: nothing to split off
    found = once
    for _ in range(_ROUNDS):
        again = _merge_once(found.theirs_clean, found.text, theirs, live)
        if _outcome(again) == _outcome(found):
            break
        found = again
    else:
        return None
    regions = list(_regions(base, ours, found.theirs_clean, live))
    shared = assembled(regions)
    is_split = not found.clean and shared.clean and shared.text == found.text
    if not is_split or found is once:
        return once if is_split else None
    if not _keeps_words(base, theirs, with_theirs(found.text, found.hunks)):
        return None
    # A later round started from `theirs_clean` and the text: back to the base and ours.
    ours_clean = _merge_once(again.theirs_clean, base, again.ours_clean, live)
    return replace(
        found,
        hunks=placed_back(again.hunks, regions),
        ours_clean=ours_clean.text if ours_clean.clean else base,
        decisions=shared.decisions,
    )


def _keeps_words(base: str, side: str, text: str) -> bool:
    """Whether a text has all words that a side added.

    A later round may align lines otherwise, and have in the hunk of ours what theirs brought.
    """
    before, after, there = (Counter(tokens(it)) for it in (base, side, text))
    return after - before <= there


def _is_too_long(base: str, ours: str, theirs: str) -> bool:
    """Whether comparing the lines could take long."""
    if sum(text.count("\n") for text in (base, base, ours, theirs)) <= _LINES_MAX:
        return False
    return _changed_lines(base, ours) + _changed_lines(base, theirs) > _LINES_MAX


def _changed_lines(base: str, side: str) -> int:
    """Return the number of lines from the first to the last change, both texts together."""
    front = common_prefix(base, side)
    back = common_suffix(base[front:], side[front:])
    return sum(text.count("\n", front, len(text) - back) for text in (base, side))


def _outcome(found: Merge) -> tuple[str, str, list[tuple[int, str, str, str]]]:
    """Return the result without positions in the inputs, which differ between rounds."""
    hunks = [(hunk.start, hunk.base, hunk.ours, hunk.theirs) for hunk in found.hunks]
    return found.text, found.theirs_clean, hunks


def _undivided(base: str, ours: str, theirs: str) -> Merge:
    """Merge with all that changed as one hunk: the last resort, which keeps the invariants."""
    front, back = shared_ends(base, ours, theirs, "\n")
    b, o, t = (text[front : len(text) - back] for text in (base, ours, theirs))
    before, after = base[:front], base[len(base) - back :]
    return assembled([region(before, before, before), region(b, o, t), region(after, after, after)])


def _merge_once(base: str, ours: str, theirs: str, live: bool) -> Merge:
    return assembled(_regions(base, ours, theirs, live))


def _regions(base: str, ours: str, theirs: str, live: bool) -> Iterable[Region]:
    whole = agreed(base, ours, theirs)
    if whole is not None:
        return [Region(base, ours, theirs, whole)]
    merged = merge_live(base, ours, theirs) if live else None
    return merged or _compare(base, ours, theirs)


def _compare(base: str, ours: str, theirs: str) -> Iterable[Region]:
    """Merge by lines, or by clauses of very long lines; then conflicts by words."""
    found, conflicts, length = _divide(base, ours, theirs, lines)
    if length > max(_LENGTH_MAX, _LONG * conflicts):
        found, conflicts, length = _divide(base, ours, theirs, clauses)
    if length > _LENGTH_MAX:
        return found
    return _refine(found)


def _divide(
    base: str, ours: str, theirs: str, cut: Callable[[str], list[str]]
) -> tuple[list[Region], int, int]:
    """Return the regions of a grain, the number of conflicts among them, and their length."""
    found = list(_group(cut(base), cut(ours), cut(theirs)))
    conflicts = [each for each in found if each.merged is None]
    return found, len(conflicts), sum(len(b) + len(o) + len(t) for b, o, t, _ in conflicts)


def _group(b: Sequence[str], o: Sequence[str], t: Sequence[str]) -> Iterator[Region]:
    """Yield the regions; changes of both sides that overlap or touch are a conflict."""
    position = 0
    o_aligner, t_aligner = Aligner(), Aligner()
    ours, theirs = diff(b, o), diff(b, t)
    for group in touching(ours, theirs, _moved_by_both((b, o, t), ours, theirs)):
        kept = "".join(b[position : group.start])
        yield region(kept, kept, kept)
        o_start, o_end = o_aligner.span(group.start, group.end, group.ours)
        t_start, t_end = t_aligner.span(group.start, group.end, group.theirs)
        yield region(
            "".join(b[group.start : group.end]),
            "".join(o[o_start:o_end]),
            "".join(t[t_start:t_end]),
        )
        position = group.end
    kept = "".join(b[position:])
    yield region(kept, kept, kept)


def _moved_by_both(
    texts: tuple[Sequence[str], Sequence[str], Sequence[str]],
    ours: Sequence[Change],
    theirs: Sequence[Change],
) -> tuple[int, int] | None:
    """Return the range that includes all lines that both sides moved to different places.

    Git merges each change on its own, and duplicates the lines. Of lines that occur several times
    it is not certain that they were moved.
    """
    b, o, t = texts
    deleted = set(_deleted(b, ours)) & set(_deleted(b, theirs)) if ours and theirs else None
    if not deleted:
        return None
    counts = Counter(b)
    deleted = {(start, run) for start, run in deleted if any(counts[line] == 1 for line in run)}
    in_ours, in_theirs = _inserted(o, ours), _inserted(t, theirs)
    places = [
        place
        for start, run in deleted
        if run in in_ours and run in in_theirs and in_ours[run] != in_theirs[run]
        for place in (start, start + len(run), in_ours[run], in_theirs[run])
    ]
    return (min(places), max(places)) if places else None


def _deleted(b: Sequence[str], changes: Iterable[Change]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the deleted runs of lines, each with its index in the base."""
    for start, end, new_start, new_end in changes:
        if new_start == new_end:
            yield start, tuple(b[start:end])


def _inserted(side: Sequence[str], changes: Iterable[Change]) -> dict[tuple[str, ...], int]:
    """Return the inserted runs of lines, each with its index in the base."""
    return {
        tuple(side[new_start:new_end]): start
        for start, end, new_start, new_end in changes
        if start == end
    }


def _refine(regions: Iterable[Region]) -> Iterator[Region]:
    """Merge the conflicts among the regions word by word."""
    for each in regions:
        if each.merged is None:
            yield from merge_words(each.base, each.ours, each.theirs) or [each]
        else:
            yield each
