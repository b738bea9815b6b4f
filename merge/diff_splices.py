"""The splices between two texts, from coarse to fine, placed where people would place them.

Lines are compared first, then words within changed lines, then letters within changed words. If an
insertion or deletion could be at several places, it is placed as whole lines, else as a sentence,
else as whole words.

Invariant (the tests of this module and of its twin in the browser share their vectors):
    apply(a, diff_splices(a, b)) == b
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from merge.diff import diff
from merge.splices import Splice, join
from merge.tokens import common_prefix, common_suffix, graphemes, is_boundary, lines, tokens

# Limits that keep the time bounded; sizes are of both texts together.
# Above this many changed characters, changed lines are replaced as a whole.
_LENGTH_MAX = 100_000
# Above this many lines, the text is replaced as a whole.
_LINES_MAX = 100_000
# Above this many characters, words are compared, but no letters.
_LETTERS_MAX = 4_000
# A line end is searched this far, then a blank.
_LINE_MAX = 2_000
_WORD_MAX = 100
# Above this many pairs, lines are not paired.
_PAIRED_MAX = 400
# Pairing lines may make the change twice as large, and larger by this many characters.
_PAIRING_COST = 8
# What may stand before a sentence: a sentence, a line end or nothing.
_SENTENCE_STARTS = ("", "\n", ".", "!", "?", "。", "！", "？")
# How far a change is slid, in characters.
_SLIDE_MAX = 200
# Above this many splices, none is slid.
_SLIDES_MAX = 1_000


def diff_splices(before: str, after: str) -> tuple[Splice, ...]:
    """Return a small list of splices that turns `before` into `after`.

    There is unchanged text between any two of them, and none cuts a grapheme cluster.
    """
    prefix, suffix = _common_ends(before, after)
    new = after[prefix : len(after) - suffix]
    whole = Splice(prefix, len(before) - suffix - prefix, new)
    found = join(before, _within(whole, before, _fine), _touch)
    if not _fits(found, before, after):
        found = [whole]
    return tuple(slide_splices(before, after, found))


def _touch(last: Splice, splice: Splice) -> bool:
    return last.start + last.deleted == splice.start


def by_letters(before: str, after: str) -> tuple[Splice, ...] | None:
    """Return the splices from `before` to `after` without comparing words.

    Several insertions into one word are several splices. None if too much differs.
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
    """Return the lengths of the text that both have in common at the start and at the end.

    Around a replacement they end between lines (or, in long lines, between words): else the rest
    of one line would be compared with another whole line.
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
    """Whether `start` to `end` contains a line end, and cuts the line before and behind it."""
    line_end = text.find("\n", start, end)
    if line_end < 0:
        return False
    is_cut = start > 0 and text[start - 1] != "\n" and text[end - 1] != "\n"
    return is_cut and text[start] != "\n" and text[end : end + 1] not in ("", "\n")


def _seek_end(text: str, places: Sequence[int]) -> int:
    """Return the distance to the first line end, or else to the first blank; 0 if it is far."""
    for distance, place in enumerate(places[:_LINE_MAX]):
        if text[place] == "\n":
            return distance
    if len(places) < _LINE_MAX:
        return len(places)
    for distance, place in enumerate(places[:_WORD_MAX]):
        if text[place].isspace():
            return distance
    return 0


def slide_splices(before: str, after: str, splices: Sequence[Splice]) -> Iterator[Splice]:
    """Slide each insertion and deletion to the likeliest place.

    The splices keep their order, with unchanged text between any two.
    """
    if len(splices) > _SLIDES_MAX:
        yield from splices
        return
    floor = shift = 0
    for place, splice in enumerate(splices):
        following = splices[place + 1].start - 1 if place + 1 < len(splices) else len(before)
        pure = not (splice.deleted and splice.inserted)
        placed = _slide(before, after, splice, (floor, following), shift) if pure else splice
        yield placed
        floor = placed.start + placed.deleted + 1
        shift += len(splice.inserted) - splice.deleted


def _slide(before: str, after: str, splice: Splice, room: tuple[int, int], shift: int) -> Splice:
    """Return the splice at the rightmost of the likeliest places."""
    best, likeliest = splice, 0
    for slid in _positions(before, splice, room):
        start, deleted, inserted = slid
        moving = inserted or before[start : start + deleted]
        likely = _likelihood(before, start, start + deleted, moving)
        if likely > likeliest and keeps_graphemes(slid, shift, before, after):
            best, likeliest = slid, likely
    return best


def _positions(before: str, splice: Splice, room: tuple[int, int]) -> Iterator[Splice]:
    """Yield the splice at all places in `room` that give the same text, from right to left."""
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
    """Rate a place: 3 for whole lines, 2 for sentences, 1 for words, else 0."""
    if moving[-1] == "\n" and (start == 0 or text[start - 1] == "\n"):
        return 3
    if not is_between_words(text, start, end, moving):
        return 0
    before = text[max(start - 2, 0) : start].rstrip(" ")
    return 2 if before[-1:] in _SENTENCE_STARTS else 1


def is_between_words(text: str, start: int, end: int, moving: str) -> bool:
    """Whether a change of `start` to `end` that inserts or deletes `moving` cuts no word."""
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return (not before or before.isspace() or moving[0].isspace()) and (
        not after or after.isspace() or moving[-1].isspace()
    )


def _refined(new: str, old_parts: Sequence[str], new_parts: Sequence[str]) -> Iterator[Splice]:
    """Yield the splices between two texts that are cut in parts."""
    starts, new_starts = _offsets(old_parts), _offsets(new_parts)
    for change in diff(old_parts, new_parts):
        start, end = starts[change.start], starts[change.end]
        inserted = new[new_starts[change.new_start] : new_starts[change.new_end]]
        yield Splice(start, end - start, inserted)


def _within(
    splice: Splice, text: str, refine: Callable[[str, str], Iterable[Splice]]
) -> Iterator[Splice]:
    """Yield the finer splices in place of one splice of `text`."""
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
    """Split a replacement of several lines: lines with common words are the same line.

    Not if comparing all words at once finds a far smaller change: a paragraph was rewrapped.
    """
    whole = [Splice(0, len(old), new)]
    old_lines, new_lines = lines(old), lines(new)
    if len(old_lines) == len(new_lines) == 1 or len(old_lines) * len(new_lines) > _PAIRED_MAX:
        return whole
    paired = list(_paired(old_lines, new_lines))
    if len(paired) <= 1:
        return whole
    changed = [word for line in paired for word in _within(line, old, _words)]
    return paired if _size(changed) <= 2 * _size(_words(old, new)) + _PAIRING_COST else whole


def _size(splices: Iterable[Splice]) -> int:
    return sum(deleted + len(inserted) for _, deleted, inserted in splices)


def _paired(old: Sequence[str], new: Sequence[str]) -> Iterator[Splice]:
    """Yield a splice for each pair of lines that differ, and for the lines between the pairs."""
    starts = _offsets(old)
    at = new_at = 0
    for place, new_place in [*_pairs(old, new), (len(old), len(new))]:
        if (at, new_at) != (place, new_place):
            deleted = starts[place] - starts[at]
            yield Splice(starts[at], deleted, "".join(new[new_at:new_place]))
        if place < len(old) and old[place] != new[new_place]:
            yield Splice(starts[place], len(old[place]), new[new_place])
        at, new_at = place + 1, new_place + 1


def _pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of lines with the most words in common, none crossing another."""
    words, new_words = ([set(filter(_is_word, tokens(line))) for line in it] for it in (old, new))
    # The best result from each pair of places to the end: the number of words, and the pairs.
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
    if is_one_line and _keeps_word(old, found):
        return found

    def lack_word_between(last: Splice, splice: Splice) -> bool:
        return not any(map(str.isalnum, old[last.start + last.deleted : splice.start]))

    return join(old, found, lack_word_between)


def _keeps_word(text: str, splices: Sequence[Splice]) -> bool:
    """Whether a word of the text is kept."""
    position = 0
    for start, deleted, _ in splices:
        if any(map(str.isalnum, text[position:start])):
            return True
        position = start + deleted
    return any(map(str.isalnum, text[position:]))


def _letters(old: str, new: str) -> Iterable[Splice]:
    """Return the changed letters if they are only inserted and deleted, as by typing.

    A word that is replaced by another stays one replacement: letters that both contain by chance
    mean nothing.
    """
    prefix = common_prefix(old, new)
    suffix = common_suffix(old[prefix:], new[prefix:])
    deleted, inserted = old[prefix : len(old) - suffix], new[prefix : len(new) - suffix]
    whole = [Splice(prefix, len(deleted), inserted)]
    cuts_lines = _cuts_lines(old, prefix, prefix + len(deleted))
    if not inserted and not cuts_lines:
        return whole if deleted else []
    if not deleted or len(deleted) + len(inserted) > _LETTERS_MAX:
        return whole
    if "\n" in deleted or "\n" in inserted:
        words = list(_words(old, new))
        if len(words) == 1:
            return words
        return [letter for word in words for letter in _within(word, old, _letters)]
    parts = [
        Splice(prefix + it.start, it.deleted, it.inserted)
        for it in _refined(inserted, graphemes(deleted), graphemes(inserted))
    ]
    is_typing = not any(part.deleted and part.inserted for part in parts)
    return parts if is_typing and _fits(parts, old, new) else whole


def _fits(splices: Sequence[Splice], before: str, after: str) -> bool:
    """Whether no splice cuts a grapheme cluster (an accent added to a kept letter would)."""
    shift = 0
    for splice in splices:
        if not keeps_graphemes(splice, shift, before, after):
            return False
        shift += len(splice.inserted) - splice.deleted
    return True


def keeps_graphemes(splice: Splice, shift: int, before: str, after: str) -> bool:
    """Whether a splice cuts no grapheme cluster of either text.

    Args:
        splice: one of the splices from `before` to `after`.
        shift: how much longer the splices in front of it make the text.
        before: the text before all splices.
        after: the text after all splices.
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
    return list(accumulate(map(len, parts), initial=0))
