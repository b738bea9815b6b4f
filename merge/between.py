"""Finding the splices between two texts: from coarse to fine, and where people would say they are.

Lines are compared first, then words within changed lines, then letters within changed words. Where
that leaves a choice, whole lines come and go as whole lines, else sentences, else words.

Invariant (checked by the tests, and by the browser's twin of this module on the same vectors):
    apply(a, between(a, b)) == b
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from merge.diff import diff
from merge.splices import Splice
from merge.tokens import common_prefix, common_suffix, graphemes, is_boundary, lines, tokens

# With more changed than this (in lines, then in characters of the changed lines, both sides
# together) it is replaced as a whole, or line by line: the time must stay bounded, and a huge
# rewritten stretch is not worth a fine difference.
_LENGTH_MAX = 100_000
_LINES_MAX = 100_000
# A longer one is no moment of typing: words, not letters.
_LETTERS_MAX = 4_000
# A longer run without a blank is no word.
_WORD_MAX = 100
# In longer lines words are compared.
_LINE_MAX = 2_000
# More pairs of lines than these are not compared.
_PAIRED_MAX = 400
# A change this small, in characters, is small.
_SMALL = 8
# What a sentence begins behind: a sentence, a line end or nothing.
_SENTENCE_STARTS = ("", "\n", ".", "!", "?", "。", "！", "？")
# How far a change is slid to get to a likelier place.
_SLIDE_MAX = 200
# More changes than this are not settled: the time must stay bounded.
_SETTLED_MAX = 1_000


def between(before: str, after: str) -> tuple[Splice, ...]:
    """Find a small list of splices that makes `after` of `before`.

    What both have in common at the start and at the end is left alone; in between, lines are
    compared first, then words within changed lines, then letters within changed words (so that a
    caret inside a word stays where it was). What could have come or gone in several places did so
    between words if it can. Never cuts a grapheme cluster.
    """
    prefix, suffix = _common_ends(before, after)
    old = before[prefix : len(before) - suffix]
    new = after[prefix : len(after) - suffix]
    found = list(_joined(prefix, _fine(old, new)))
    if not _fits(found, before, after):
        found = [Splice(prefix, len(old), new)]
    return tuple(settled(before, after, found))


def _joined(shift: int, splices: Iterable[Splice]) -> Iterator[Splice]:
    """The splices, moved, with something unchanged between any two."""
    last: Splice | None = None
    for start, deleted, inserted in splices:
        if last and last.start + last.deleted == start + shift:
            last = Splice(last.start, last.deleted + deleted, last.inserted + inserted)
            continue
        if last:
            yield last
        last = Splice(start + shift, deleted, inserted)
    if last:
        yield last


def by_letters(before: str, after: str) -> tuple[Splice, ...] | None:
    """What makes `after` of `before`, letter by letter where that reads as typing.

    As `between`, but words are not compared: several letters that came into one word are several
    splices. None if too much differs for that.
    """
    prefix, suffix = _common_ends(before, after)
    old = before[prefix : len(before) - suffix]
    new = after[prefix : len(after) - suffix]
    if len(old) + len(new) > _LETTERS_MAX:
        return None
    found = [
        Splice(prefix + at, deleted, inserted)
        for line in _lines(old, new)
        for at, deleted, inserted in _within(line, old, _letters)
    ]
    return tuple(found) if _fits(found, before, after) else (Splice(prefix, len(old), new),)


def _common_ends(before: str, after: str) -> tuple[int, int]:
    """How much both have in common at the start and at the end.

    Where something gave way to something else this ends between lines (or, in long ones, words):
    lines that begin alike would be compared with what is left of them.
    """
    prefix = common_prefix(before, after)
    suffix = common_suffix(before[prefix:], after[prefix:])
    if prefix + suffix == len(before):
        if not _cuts_lines(after, prefix, len(after) - suffix):
            return prefix, suffix
    elif prefix + suffix == len(after) and not _cuts_lines(before, prefix, len(before) - suffix):
        return prefix, suffix
    first = _seek_end(before, range(prefix - 1, -1, -1))
    last = _seek_end(before, range(len(before) - suffix, len(before)))
    is_cut = last < suffix and before[len(before) - suffix + last] == "\n"
    return prefix - first, suffix - last - is_cut


def _cuts_lines(text: str, start: int, end: int) -> bool:
    """Whether this stretch reaches over a line end, with a part of a line on either side of it."""
    line_end = text.find("\n", start, end)
    if line_end < 0:
        return False
    is_cut = start > 0 and text[start - 1] != "\n" and text[end - 1] != "\n"
    return is_cut and text[start] != "\n" and text[end : end + 1] not in ("", "\n")


def _seek_end(text: str, places: Sequence[int]) -> int:
    """How many characters come before the first line end, or else blank; none where that is far."""
    for distance, place in enumerate(places[:_LINE_MAX]):
        if text[place] == "\n":
            return distance
    if len(places) < _LINE_MAX:
        return len(places)
    for distance, place in enumerate(places[:_WORD_MAX]):
        if text[place].isspace():
            return distance
    return 0


def settled(before: str, after: str, splices: Sequence[Splice]) -> Iterator[Splice]:
    """The same change, with insertions and deletions at the likeliest place they can slide to.

    Whole lines come and go as whole lines, else sentences, else words. Between two of them still
    lies something unchanged, so none gets in front of another. Very many stay where they are.
    """
    if len(splices) > _SETTLED_MAX:
        yield from splices
        return
    floor = shift = 0
    for place, splice in enumerate(splices):
        following = splices[place + 1].start - 1 if place + 1 < len(splices) else len(before)
        pure = not (splice.deleted and splice.inserted)
        placed = _slid(before, after, splice, (floor, following), shift) if pure else splice
        yield placed
        floor = placed.start + placed.deleted + 1
        shift += len(splice.inserted) - splice.deleted


def _slid(before: str, after: str, splice: Splice, room: tuple[int, int], shift: int) -> Splice:
    """The rightmost of the likeliest places, or else where it was."""
    best, likeliest = splice, 0
    for slid in _slides(before, splice, room):
        start, deleted, inserted = slid
        moving = inserted or before[start : start + deleted]
        likely = _likelihood(before, start, start + deleted, moving)
        if likely > likeliest and tears_nothing(slid, shift, before, after):
            best, likeliest = slid, likely
    return best


def _slides(before: str, splice: Splice, room: tuple[int, int]) -> Iterator[Splice]:
    """All places that give the same text, from right to left, in `room`."""
    start, deleted, inserted = splice
    low, high = max(room[0], start - _SLIDE_MAX), min(room[1], start + deleted + _SLIDE_MAX)
    moving = inserted or before[start : start + deleted]
    while start + deleted < high and before[start + deleted] == moving[0]:
        moving = moving[1:] + moving[0]
        start += 1
    yield Splice(start, deleted, moving if inserted else "")
    while start > low and before[start - 1] == moving[-1]:
        moving = moving[-1] + moving[:-1]
        start -= 1
        yield Splice(start, deleted, moving if inserted else "")


def _likelihood(text: str, start: int, end: int, moving: str) -> int:
    """How likely a change begins and ends there: 3 whole lines, 2 sentences, 1 words, else 0."""
    if moving[-1] == "\n" and (start == 0 or text[start - 1] == "\n"):
        return 3
    if not is_between_words(text, start, end, moving):
        return 0
    before = text[max(start - 2, 0) : start].rstrip(" ")
    return 2 if before[-1:] in _SENTENCE_STARTS else 1


def is_between_words(text: str, start: int, end: int, moving: str) -> bool:
    """Whether whole words come or go there, and none is cut."""
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return (not before or before.isspace() or moving[0].isspace()) and (
        not after or after.isspace() or moving[-1].isspace()
    )


def _refined(new: str, old_parts: Sequence[str], new_parts: Sequence[str]) -> Iterator[Splice]:
    """What changed between two texts cut in parts, as splices."""
    starts, new_starts = _offsets(old_parts), _offsets(new_parts)
    for change in diff(old_parts, new_parts):
        start, end = starts[change.start], starts[change.end]
        inserted = new[new_starts[change.new_start] : new_starts[change.new_end]]
        yield Splice(start, end - start, inserted)


def _within(
    splice: Splice, text: str, refine: Callable[[str, str], Iterable[Splice]]
) -> Iterator[Splice]:
    """The same change of `text`, as what the finer comparison makes of it."""
    start, deleted, inserted = splice
    for fine in refine(text[start : start + deleted], inserted):
        yield fine._replace(start=start + fine.start)


def _fine(old: str, new: str) -> Iterable[Splice]:
    by_lines = list(_lines(old, new))
    if sum(deleted + len(inserted) for _, deleted, inserted in by_lines) > _LENGTH_MAX:
        return by_lines
    return (
        letter
        for lines_ in by_lines
        for line in _within(lines_, old, _line_by_line)
        for word in _within(line, old, _words)
        for letter in _within(word, old, _letters)
    )


def _lines(old: str, new: str) -> Iterable[Splice]:
    if old.count("\n") + new.count("\n") > _LINES_MAX:
        return [Splice(0, len(old), new)]
    return _refined(new, lines(old), lines(new))


def _line_by_line(old: str, new: str) -> list[Splice]:
    """Several lines that gave way to others: those with the same words are the same line.

    Unless comparing all the words at once finds far less: a paragraph was wrapped anew.
    """
    whole = [Splice(0, len(old), new)]
    old_lines, new_lines = lines(old), lines(new)
    if len(old_lines) == len(new_lines) == 1 or len(old_lines) * len(new_lines) > _PAIRED_MAX:
        return whole
    paired = list(_paired(old_lines, new_lines))
    if len(paired) <= 1:
        return whole
    changed = [word for line in paired for word in _within(line, old, _words)]
    return paired if _size(changed) <= 2 * _size(_words(old, new)) + _SMALL else whole


def _size(splices: Iterable[Splice]) -> int:
    return sum(deleted + len(inserted) for _, deleted, inserted in splices)


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[Splice]:
    """The lines in pairs, in order, that have the most words in common; the others between."""
    starts = _offsets(old)
    at = new_at = 0
    for place, new_place in [*_pairs(old, new), (len(old), len(new))]:
        if (at, new_at) != (place, new_place):
            gone = starts[place] - starts[at]
            yield Splice(starts[at], gone, "".join(new[new_at:new_place]))
        if place < len(old) and old[place] != new[new_place]:
            yield Splice(starts[place], len(old[place]), new[new_place])
        at, new_at = place + 1, new_place + 1


def _pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Which lines are the same: the pairs, none crossing another, with the most words in common."""
    words, new_words = ([set(filter(_is_word, tokens(line))) for line in it] for it in (old, new))
    # The best from each pair of places on: how many words, and the pairs.
    best: list[list[tuple[int, list[tuple[int, int]]]]] = [
        [(0, []) for _ in range(len(new) + 1)] for _ in range(len(old) + 1)
    ]
    for at in range(len(old) - 1, -1, -1):
        for new_at in range(len(new) - 1, -1, -1):
            found = max(best[at + 1][new_at], best[at][new_at + 1], key=lambda it: it[0])
            common = len(words[at] & new_words[new_at])
            count, pairs = best[at + 1][new_at + 1]
            if common and count + common > found[0]:
                found = count + common, [(at, new_at), *pairs]
            best[at][new_at] = found
    return best[0][0][1]


def _is_word(token: str) -> bool:
    return token[0].isalnum()


def _words(old: str, new: str) -> Iterable[Splice]:
    if not old or not new:
        return [Splice(0, len(old), new)]
    found = list(_refined(new, tokens(old), tokens(new)))
    is_one_line = "\n" not in old[:-1] + new[:-1]
    return found if is_one_line and _keeps_word(old, found) else _anchored(old, found)


def _keeps_word(text: str, splices: Sequence[Splice]) -> bool:
    """Whether a word of the text stays."""
    position = 0
    for start, deleted, _ in splices:
        if any(map(str.isalnum, text[position:start])):
            return True
        position = start + deleted
    return any(map(str.isalnum, text[position:]))


def _anchored(old: str, splices: Iterable[Splice]) -> Iterator[Splice]:
    """The same change, with a word kept between any two; list marks are in every line."""
    last: Splice | None = None
    for splice in splices:
        if last:
            kept = old[last.start + last.deleted : splice.start]
            if any(map(str.isalnum, kept)):
                yield last
            else:
                deleted = splice.start + splice.deleted - last.start
                splice = Splice(last.start, deleted, last.inserted + kept + splice.inserted)
        last = splice
    if last:
        yield last


def _letters(old: str, new: str) -> Iterable[Splice]:
    """What came or went as letters, as typing does, without those that both have.

    A word that gave way to another stays one replacement: the letters that they happen to share
    mean nothing. Neither do those of several lines.
    """
    prefix = common_prefix(old, new)
    suffix = common_suffix(old[prefix:], new[prefix:])
    gone, came = old[prefix : len(old) - suffix], new[prefix : len(new) - suffix]
    whole = [Splice(prefix, len(gone), came)]
    cuts_lines = _cuts_lines(old, prefix, prefix + len(gone))
    if not came and not cuts_lines:
        return whole if gone else []
    if not gone or len(gone) + len(came) > _LETTERS_MAX:
        return whole
    if "\n" in gone or "\n" in came:
        words = list(_words(old, new))
        if len(words) == 1:
            return words
        return [letter for word in words for letter in _within(word, old, _letters)]
    parts = [
        Splice(prefix + start, deleted, inserted)
        for start, deleted, inserted in _refined(came, graphemes(gone), graphemes(came))
    ]
    is_typing = not any(part.deleted and part.inserted for part in parts)
    return parts if is_typing and _fits(parts, old, new) else whole


def _fits(splices: Sequence[Splice], before: str, after: str) -> bool:
    """Whether no splice cuts a cluster of either text (an accent added to a kept letter would)."""
    shift = 0
    for splice in splices:
        if not tears_nothing(splice, shift, before, after):
            return False
        shift += len(splice.inserted) - splice.deleted
    return True


def tears_nothing(splice: Splice, shift: int, before: str, after: str) -> bool:
    """Whether this one of several cuts no grapheme cluster of either text.

    Args:
        splice: what changes `before`.
        shift: how much longer the splices in front of it make the text.
        before: the text before all of them.
        after: the text after all of them.
    """
    start, deleted, inserted = splice
    new_start = start + shift
    return (
        is_boundary(before, start)
        and is_boundary(before, start + deleted)
        and is_boundary(after, new_start)
        and is_boundary(after, new_start + len(inserted))
    )


def _offsets(parts: Sequence[str]) -> list[int]:
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return offsets
