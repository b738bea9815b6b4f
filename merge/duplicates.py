"""Whether the two sides say the same thing twice.

Somebody moved a sentence, two people had the same idea, or one side goes on with what the other
began: then merging both edits would say it twice, and nobody wants that. Not doubling is a change
that both made in the same way, however often (a name that both replaced).

    nearby     one side inserts, and all its words are among the new ones of the other, one word
               off at most: "[should] paths begin" and "paths [should] begin"
    moved      both insert the very same in one line, or what both took away elsewhere, at different
               places
    in a line  both bring the same words into one line, be it in several edits
    alike      both insert much the same words, wherever it is
    number     one side gave a long number another value, the other one writes the old again
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise, product
from typing import NamedTuple

from merge.edits import Edit, Words, is_word

# Both sides inserting this many of the same words, and this share of all that the one of them
# inserted, are alike: if so many of them stand in a row, or all of them are new to the text.
_ALIKE = 3
_ALIKE_SHARE = 0.6
_HOLDERS_MAX = 10  # of edits that hold one word, so that the time stays bounded
_NEARBY = 1
# As many words that both bring into one line, and all that one of them brings, are the same words.
_IN_ONE_LINE = 2
# A shorter number is a counter: lists are numbered anew, and nothing is wrong with that.
_NUMBER_LENGTH = 4


def duplicates_nearby(ours: Edit, theirs: Edit) -> bool:
    gap = max(ours.start, theirs.start) - min(ours.end, theirs.end)
    if gap > _NEARBY or not (ours.is_insertion or theirs.is_insertion):
        return False
    one, other = ours.added_words, theirs.added_words
    return bool(one and other) and (one <= other or other <= one)


def find_duplicates(
    base: Words, ours: tuple[Words, Sequence[Edit]], theirs: tuple[Words, Sequence[Edit]]
) -> Iterator[tuple[Edit, Edit]]:
    """Find pairs of edits that say the same twice, wherever they are.

    Args:
        base: the text both sides started from.
        ours: our text, and what it changed.
        theirs: the same of theirs.

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
    """Edits that bring the same words into one line, several edits of a side deleted together.

    The marks around it decide how a comparison cuts one phrase into edits.
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
        if _in_a_row(ours[0], ours_edits, shared) & _in_a_row(theirs[0], theirs_edits, shared):
            for pair in product(ours_edits, theirs_edits):
                if pair[0].added_words & pair[1].added_words and not _is_same_replacement(*pair):
                    yield pair


def _in_a_row(text: Words, edits: Sequence[Edit], words: Container[str]) -> set[tuple[str, ...]]:
    """Two of these words in a row, marks left out, in what the edits reach over."""
    reach = text.words[edits[0].new_start : edits[-1].new_end]
    row = [word for word in reach if is_word(word)]
    return {pair for pair in pairwise(row) if all(word in words for word in pair)}


def _by_line(lines: Sequence[int], edits: Iterable[Edit]) -> dict[int, list[Edit]]:
    """The insertions of words, by the line that they are in."""
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
    """Of each word, and of the end, the line it is on."""
    return list(accumulate("\n" in blank for blank in base.blanks))


def _sorted(edit: Edit) -> tuple[str, ...]:
    """The words of an edit in one order: "x |" and "| x" are the same cell of a table."""
    return tuple(sorted(edit.new))


def _deleted(edits: Iterable[Edit]) -> set[tuple[str, ...]]:
    return {edit.old for edit in edits if edit.is_deletion}


def _is_substantial(edit: Edit) -> bool:
    """Whether it is more than a comma or a pair of brackets."""
    return len(edit.new) > 1 and (edit.whole_lines or any(map(is_word, edit.new)))


class _WordBag(NamedTuple):
    """What an edit brings: its words, and each few of them that stand in a row."""

    edit: Edit
    words: Counter[str]
    ngrams: frozenset[tuple[str, ...]]


def _word_bags(edits: Iterable[Edit]) -> list[_WordBag]:
    """The edits that bring words enough to be alike."""
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
    """Whether both renamed the same thing, perhaps in two places; insertions replace nothing."""
    return bool(ours.old) and (ours.old, ours.new) == (theirs.old, theirs.new)


def _numbers(
    text: Words, changed: Iterable[Edit], written: Sequence[Edit]
) -> Iterator[tuple[Edit, Edit]]:
    """Edits that took a number out of `text`, and edits of the other side that write it anew."""
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
    """A year, an issue, a hash: two of them are never the same by chance."""
    return len(word) >= _NUMBER_LENGTH and any(map(str.isdigit, word))
