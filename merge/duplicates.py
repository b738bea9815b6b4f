"""Duplicates: edits of the two sides that together would say the same thing twice.

One side moved a sentence, two people had the same idea, or both continue the same text. The same
replacement by both sides is no duplicate, however often it occurs (both rename something).

    nearby     an insertion whose words are all added by the other side too, at most one word away:
               "[should] paths begin" and "paths [should] begin"; or two replacements side by side
               with the same words: "can only" to "still only" and to "can still"
    moved      both insert the same at different places of a line, or move the same text to
               different places
    in a line  both add the same words to one line, perhaps in several edits
    alike      both insert mostly the same words, anywhere
    number     one side replaced a long number, the other one writes it again

docs/merge.md has more examples.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise, product
from typing import NamedTuple

from merge.edits import Edit, Words, is_word

# Two edits are alike if they have at least this many added words in common, and at least this share
# of the added words of one: if as many are adjacent in both, or none of them is in the base.
_ALIKE = 3
_ALIKE_SHARE = 0.6
_HOLDERS_MAX = 10  # of edits that contain one word: the time must stay bounded
_NEARBY = 1
# At least this many words are added to one line by both, and one of them adds no others.
_IN_ONE_LINE = 2
# Shorter numbers are counters: a list may be renumbered.
_NUMBER_LENGTH = 4


def duplicates_nearby(ours: Edit, theirs: Edit) -> bool:
    """Whether two edits near each other add the same words, or one adds no others."""
    gap = max(ours.start, theirs.start) - min(ours.end, theirs.end)
    one, other = ours.added_words, theirs.added_words
    if gap > _NEARBY or not (one and other):
        return False
    if ours.is_insertion or theirs.is_insertion:
        return one <= other or other <= one
    return gap <= 0 and one == other and not _is_same_replacement(ours, theirs)


def find_duplicates(
    base: Words, ours: tuple[Words, Sequence[Edit]], theirs: tuple[Words, Sequence[Edit]]
) -> Iterator[tuple[Edit, Edit]]:
    """Find all pairs of duplicates but those nearby.

    Args:
        base: the common ancestor.
        ours: the text of ours and its edits.
        theirs: the text of theirs and its edits.

    Yields:
        An edit of ours and one of theirs.
    """
    (ours_text, ours_edits), (theirs_text, theirs_edits) = ours, theirs
    yield from _moved(base, ours_edits, theirs_edits)
    yield from _in_one_line(base, ours, theirs)
    yield from _alike(base, ours_edits, theirs_edits)
    yield from _numbers(ours_text, ours_edits, theirs_edits)
    for theirs_edit, ours_edit in _numbers(theirs_text, theirs_edits, ours_edits):
        yield ours_edit, theirs_edit


def _moved(
    base: Words, ours: Iterable[Edit], theirs: Iterable[Edit]
) -> Iterator[tuple[Edit, Edit]]:
    lines = _line_numbers(base)
    deleted = _deleted(ours) & _deleted(theirs)
    places: dict[tuple[str, ...], list[Edit]] = {}
    for edit in theirs:
        if edit.is_insertion and _is_substantial(edit):
            places.setdefault(_sorted(edit), []).append(edit)
    for edit in ours:
        for other in places.get(_sorted(edit), ())[:_HOLDERS_MAX]:
            first, last = sorted((edit.start, other.start))
            if not edit.is_insertion or first == last:
                continue
            if lines[first] == lines[last - 1] or edit.new in deleted:
                yield edit, other


def _in_one_line(
    base: Words, ours: tuple[Words, Sequence[Edit]], theirs: tuple[Words, Sequence[Edit]]
) -> Iterator[tuple[Edit, Edit]]:
    """Find edits that add the same words to one line, all edits of a side taken together.

    The punctuation around a phrase decides into how many edits a comparison divides it.
    """
    lines = _line_numbers(base)
    ours_lines, theirs_lines = _by_line(lines, ours[1]), _by_line(lines, theirs[1])
    known = set(base.words) if ours_lines and theirs_lines else set()
    for line in ours_lines.keys() & theirs_lines.keys():
        ours_edits, theirs_edits = ours_lines[line], theirs_lines[line]
        words = [_words(edits) for edits in (ours_edits, theirs_edits)]
        shared = words[0] & words[1]
        if shared.total() < _IN_ONE_LINE or shared not in words or not known.isdisjoint(shared):
            continue
        if _adjacent(ours[0], ours_edits, shared) & _adjacent(theirs[0], theirs_edits, shared):
            for pair in product(ours_edits, theirs_edits):
                if pair[0].added_words & pair[1].added_words and not _is_same_replacement(*pair):
                    yield pair


def _adjacent(text: Words, edits: Sequence[Edit], words: Container[str]) -> set[tuple[str, ...]]:
    """Return the pairs of these words that are adjacent in the range of the edits."""
    reach = text.words[edits[0].new_start : edits[-1].new_end]
    row = [word for word in reach if is_word(word)]
    return {pair for pair in pairwise(row) if all(word in words for word in pair)}


def _by_line(lines: Sequence[int], edits: Iterable[Edit]) -> dict[int, list[Edit]]:
    """Group the insertions of words by line number."""
    found: dict[int, list[Edit]] = {}
    for edit in edits:
        if edit.is_insertion and edit.added_words:
            found.setdefault(lines[edit.start], []).append(edit)
    return {line: those for line, those in found.items() if len(those) <= _HOLDERS_MAX}


def _words(edits: Iterable[Edit]) -> Counter[str]:
    found: Counter[str] = Counter()
    for edit in edits:
        found += edit.added_words
    return found


def _line_numbers(base: Words) -> list[int]:
    """Return the line number of each word and of the end of the text."""
    return list(accumulate("\n" in blank for blank in base.blanks))


def _sorted(edit: Edit) -> tuple[str, ...]:
    """Return the sorted words of an edit: "x |" and "| x" are the same cell of a table."""
    return tuple(sorted(edit.new))


def _deleted(edits: Iterable[Edit]) -> set[tuple[str, ...]]:
    return {edit.old for edit in edits if edit.is_deletion}


def _is_substantial(edit: Edit) -> bool:
    """Whether an edit is more than a comma or a pair of brackets."""
    return len(edit.new) > 1 and (edit.whole_lines or any(map(is_word, edit.new)))


class _WordBag(NamedTuple):
    """An edit with its added words, and the n-grams of its new words."""

    edit: Edit
    words: Counter[str]
    ngrams: frozenset[tuple[str, ...]]


def _word_bags(edits: Iterable[Edit]) -> list[_WordBag]:
    """Return the edits that add enough words to be alike."""
    return [
        _WordBag(edit, edit.added_words, _ngrams(edit))
        for edit in edits
        if edit.added_words.total() >= _ALIKE
    ]


def _ngrams(edit: Edit) -> frozenset[tuple[str, ...]]:
    words = [word for word in edit.new if is_word(word)]
    return frozenset(tuple(words[at : at + _ALIKE]) for at in range(len(words) - _ALIKE + 1))


def _alike(
    base: Words, ours: Iterable[Edit], theirs: Iterable[Edit]
) -> Iterator[tuple[Edit, Edit]]:
    ours_bags, theirs_bags = _word_bags(ours), _word_bags(theirs)
    holders: dict[str, list[int]] = {}
    for place, bag in enumerate(theirs_bags):
        for word in bag.words:
            holders.setdefault(word, []).append(place)
    known = set(base.words) if ours_bags and theirs_bags else set()
    for bag in ours_bags:
        shared: dict[int, Counter[str]] = {}
        for word, count in bag.words.items():
            for place in holders.get(word, ())[:_HOLDERS_MAX]:
                in_theirs = theirs_bags[place].words[word]
                shared.setdefault(place, Counter())[word] = min(count, in_theirs)
        for place, in_both in shared.items():
            if _are_alike(bag, theirs_bags[place], in_both, known):
                yield bag.edit, theirs_bags[place].edit


def _are_alike(ours: _WordBag, theirs: _WordBag, in_both: Counter[str], known: set[str]) -> bool:
    least = max(_ALIKE, _ALIKE_SHARE * min(ours.words.total(), theirs.words.total()))
    if in_both.total() < least or ours.edit.is_same(theirs.edit):
        return False
    if _is_same_replacement(ours.edit, theirs.edit):
        return False
    return known.isdisjoint(in_both) or not ours.ngrams.isdisjoint(theirs.ngrams)


def _is_same_replacement(ours: Edit, theirs: Edit) -> bool:
    """Whether both replace the same words with the same words, perhaps at two places."""
    return bool(ours.old) and (ours.old, ours.new) == (theirs.old, theirs.new)


def _numbers(
    text: Words, changed: Iterable[Edit], written: Sequence[Edit]
) -> Iterator[tuple[Edit, Edit]]:
    """Find edits that removed a number from `text`, and edits of the other side that add it."""
    writers: dict[str, list[Edit]] = {}
    for edit in written:
        for word in edit.added_words:
            if _is_long_number(word):
                writers.setdefault(word, []).append(edit)
    left = set(text.words) if writers else set()
    for edit in changed:
        for word in set(edit.old) if edit.new else ():
            for other in writers.get(word, ())[:_HOLDERS_MAX]:
                if word not in left and not edit.is_same(other):
                    yield edit, other


def _is_long_number(word: str) -> bool:
    """Whether a word is a year, an issue, a hash: two of them are not equal by chance."""
    return len(word) >= _NUMBER_LENGTH and any(map(str.isdigit, word))
