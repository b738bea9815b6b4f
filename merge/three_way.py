r"""The three-way merge of whole texts.

                    base                what both sides started from
                   /    \
    ours (master)          theirs (what comes in)
                   \    /
                    merge               text, and hunks where the sides disagree

    1  lines   Each side is compared with the base line by line (Git's own diff). Lines that one
               side changed are taken. The result is what `git merge-file` gives where that is
               clean, byte for byte, unless equal lines leave a choice (`diff`).
    2  words   Lines that both changed are merged word by word (`words`), and ask where in doubt.

In `live` merges, where both sides are a moment of typing, the changes of either side are first read
as typing and carried out where they were made (`typed`), if none of them collide.

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

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from merge.diff import Change, diff
from merge.line_ends import Conversion, conversion
from merge.live_merge import merge_live
from merge.regions import Aligner, Region, agreed, region, touching
from merge.result import Merge, assembled, placed_back
from merge.tokens import clauses, common_prefix, common_suffix, lines, shared_ends
from merge.word_merge import merge_words

# So often the rest of a split is merged again before one hunk is made of everything.
_ROUNDS = 4
# With more lines than this from the first change of a side to its last (in it and in the base, both
# sides together), all that changed is one hunk: the time must stay bounded.
_LINES_MAX = 240_000
# If the lines that both sides changed are longer than this (in characters, the three sides
# together), they are as fine as it gets; but where they are long ones, clauses are compared first.
_LENGTH_MAX = 120_000
_LONG = 1_000
# With more hunks than this all that changed is one: nobody answers so many questions, and to find
# a split for them takes long.
_HUNKS_MAX = 250


def merge(base: str, ours: str, theirs: str, *, live: bool = False) -> Merge:
    """Merge two texts that come from the same base.

    Args:
        base: the common ancestor.
        ours: what is in master.
        theirs: what comes in.
        live: whether both sides are small and recent: letters typed at one point, even inside a
            word, are then both kept instead of asked about, theirs on the left.
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
    """Whether merging the two parts of a split finds the same line ends converted."""
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
    """The split that merging its rest again leaves as it is; None if there is none."""
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
    if found.clean or not shared.clean or shared.text != found.text:
        return None
    if found is once:
        return found
    # A later round started from `theirs_clean` and the text: back to the base and ours.
    ours_clean = _merge_once(again.theirs_clean, base, again.ours_clean, live)
    return replace(
        found,
        hunks=placed_back(again.hunks, regions),
        ours_clean=ours_clean.text if ours_clean.clean else base,
        decisions=shared.decisions,
    )


def _is_too_long(base: str, ours: str, theirs: str) -> bool:
    """Whether comparing the lines could take long; where few lie between the changes it cannot."""
    if sum(text.count("\n") for text in (base, base, ours, theirs)) <= _LINES_MAX:
        return False
    return _changed_lines(base, ours) + _changed_lines(base, theirs) > _LINES_MAX


def _changed_lines(base: str, side: str) -> int:
    """How many lines both have from the first change to the last."""
    front = common_prefix(base, side)
    back = common_suffix(base[front:], side[front:])
    return sum(text.count("\n", front, len(text) - back) for text in (base, side))


def _outcome(found: Merge) -> tuple[str, str, list[tuple[int, str, str, str]]]:
    """All of it but how it lies to the inputs, which are others in each round."""
    hunks = [(hunk.start, hunk.base, hunk.ours, hunk.theirs) for hunk in found.hunks]
    return found.text, found.theirs_clean, hunks


def _undivided(base: str, ours: str, theirs: str) -> Merge:
    """All that changed as one hunk: the split of last resort, which holds by itself."""
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
    return merged or _compared(base, ours, theirs)


def _compared(base: str, ours: str, theirs: str) -> Iterable[Region]:
    """By lines, or by clauses where lines have no end; then what both changed by words."""
    found, disputed, length = _outlined(base, ours, theirs, lines)
    if length > max(_LENGTH_MAX, _LONG * disputed):
        found, disputed, length = _outlined(base, ours, theirs, clauses)
    if length > _LENGTH_MAX:
        return found
    return _refined(found)


def _outlined(
    base: str, ours: str, theirs: str, cut: Callable[[str], list[str]]
) -> tuple[list[Region], int, int]:
    """The regions of such a grain, how many of them are in dispute, and how long these are."""
    found = list(_grouped(cut(base), cut(ours), cut(theirs)))
    disputed = [each for each in found if each.merged is None]
    return found, len(disputed), sum(len(b) + len(o) + len(t) for b, o, t, _ in disputed)


def _grouped(b: Sequence[str], o: Sequence[str], t: Sequence[str]) -> Iterator[Region]:
    """What only one side changed is taken; where changes of both touch is a dispute."""
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
    """From where to where both sides moved the same lines, but to different places.

    Git takes each change for itself, and the lines stand there twice. Lines of which there are
    several are no certain sign.
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
    """Lines that went: where they were, and what they were."""
    for start, end, new_start, new_end in changes:
        if new_start == new_end:
            yield start, tuple(b[start:end])


def _inserted(side: Sequence[str], changes: Iterable[Change]) -> dict[tuple[str, ...], int]:
    """Lines that came, and where in the base."""
    return {
        tuple(side[new_start:new_end]): start
        for start, end, new_start, new_end in changes
        if start == end
    }


def _refined(regions: Iterable[Region]) -> Iterator[Region]:
    """What is in dispute, looked at more closely."""
    for each in regions:
        if each.merged is None:
            yield from merge_words(each.base, each.ours, each.theirs) or [each]
        else:
            yield each
