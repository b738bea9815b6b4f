"""Collisions: changes of the two sides that cannot both be applied where they were made.

Unchanged text separates changes. Changes that meet are both kept, or collide:

    insertion and insertion    at one point both are kept, unless both are words or numbers and no
                               whole sentences
    deletion and deletion      both kept
    insertion and deletion     inside it they collide; at its edge both are kept unless both are
                               words
    replacement and another    both kept if a blank, a line end, a whole word or a whole punctuation
                               mark separates them, or whole words are inserted at its edge
    the same change            applied once
    the same words inserted    at two places of a line, moved to two places, or in place of words
                               side by side: they collide
    whole lines inserted       between lines that the other side indents: they collide

Letters are typed one by one, in sight of the result; a word that arrives as a whole is meant as a
whole. So three letters, or a digit, count as a word (`has_word`). docs/merge.md has examples.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from unicodedata import combining, normalize

from merge.diff_splices import is_between_words
from merge.order import has_order
from merge.placed import Placed, has_word, is_empty_line, is_line_start, is_lines, old_text
from merge.tokens import tokens

# More pairs of changes than this collide: the time must stay bounded.
_PAIRS_MAX = 10_000
# Longer runs without blanks, and longer insertions, are not searched for words.
_RUN_MAX = 1_000
_SENTENCE_ENDS = ".!?。！？"


def collide(base: str, ours: Sequence[Placed], theirs: Sequence[Placed]) -> bool:
    """Whether any two changes of the two sides collide."""
    return (
        len(ours) * len(theirs) > _PAIRS_MAX
        or _both_moved(base, ours, theirs)
        or _indents_around(base, ours, theirs)
        or _indents_around(base, theirs, ours)
        or not all(_are_compatible(base, *pair) for pair in product(ours, theirs))
    )


def _are_compatible(base: str, one: Placed, other: Placed) -> bool:
    if one.splice == other.splice:
        return True
    first, last = sorted((one, other))
    if first.is_insertion and last.is_insertion:
        if first.start == last.start:
            return _may_share_point(base, first, last)
        return not _insert_same_words(base, first, last)
    if first.end > last.start or _replace_by_same_word(base, first, last):
        return first.is_deletion and last.is_deletion
    if first.end == last.start:
        return _may_touch(base, first, last)
    return not (first.is_replacement or last.is_replacement) or _are_separated(base, first, last)


def _may_share_point(base: str, one: Placed, other: Placed) -> bool:
    """Whether two insertions at one point can both be kept."""
    lines = is_lines(base, one), is_lines(base, other)
    if all(lines):
        are_distinct = _lines(one.inserted).isdisjoint(_lines(other.inserted))
        return are_distinct and has_order(one.inserted, other.inserted)
    if any(lines) or is_empty_line(base, one.start):
        return True
    if has_word(one.inserted) and has_word(other.inserted):
        return all(_is_sentence(base, each) for each in (one, other))
    return not _splits_word(base, one, other)


def _may_touch(base: str, first: Placed, last: Placed) -> bool:
    """Whether two changes side by side can both be applied; they are not two insertions."""
    if first.is_deletion and last.is_deletion:
        return True
    if is_lines(base, first) and is_line_start(base, last.start):
        return True  # a line, and a change in the line behind it
    if first.is_insertion:
        return _may_adjoin(base, first, last)
    return last.is_insertion and _may_adjoin(base, last, first)


def _may_adjoin(base: str, insertion: Placed, change: Placed) -> bool:
    """Whether an insertion can be kept at the edge of a deletion or replacement."""
    is_before = insertion.start == change.start
    if change.is_replacement and "\n" in change.inserted + old_text(base, change):
        return is_before and is_lines(base, insertion)
    if is_lines(base, insertion):
        return True
    if is_lines(base, change) and is_before:
        return not is_line_start(base, insertion.start)
    if change.is_deletion:
        if _joins_words(base, insertion, change):
            return False
        is_word = has_word(insertion.inserted) and has_word(old_text(base, change))
        return insertion.is_alone and not is_word
    return _is_accent(base, change) or is_between_words(
        base, insertion.start, insertion.end, insertion.inserted
    )


def _joins_words(base: str, insertion: Placed, deletion: Placed) -> bool:
    """Whether the deletion includes the blank between the insertion and the next word."""
    if insertion.start == deletion.start:
        sides = insertion.inserted[-1:], base[deletion.end : deletion.end + 1]
    else:
        sides = base[deletion.start - 1 : deletion.start], insertion.inserted[:1]
    deleted = old_text(base, deletion)
    return deleted != deleted.strip() and all(side and not side.isspace() for side in sides)


def _is_accent(base: str, change: Placed) -> bool:
    """Whether a change only adds or removes accents."""
    old, new = (_without_marks(text) for text in (old_text(base, change), change.inserted))
    return old == new


def _without_marks(text: str) -> str:
    return "".join(it for it in normalize("NFD", text) if not combining(it))


def _splits_word(base: str, one: Placed, other: Placed) -> bool:
    """Whether both insert words inside a word that was edited elsewhere too."""
    around = base[max(one.start - 1, 0) : one.start], base[one.start : one.start + 1]
    return (
        all(part and not part.isspace() for part in around)
        and not (one.is_alone and other.is_alone)
        and all(any(map(str.isspace, each.inserted)) for each in (one, other))
    )


def _are_separated(base: str, first: Placed, last: Placed) -> bool:
    """Whether an unchanged blank, word or punctuation mark lies between two changes."""
    between = base[first.end : last.start]
    if any(map(str.isspace, between)):
        return True
    start, end = _run_around(base, first.end, last.start)
    if end - start > _RUN_MAX:
        return False
    position = start
    for token in tokens(base[start:end]):
        if first.end <= position and position + len(token) <= last.start:
            return True
        position += len(token)
    return False


def _run_around(base: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the characters without a blank around `start` to `end`."""
    while start > 0 and not base[start - 1].isspace():
        start -= 1
    while end < len(base) and not base[end].isspace():
        end += 1
    return start, end


def _insert_same_words(base: str, first: Placed, last: Placed) -> bool:
    """Whether both insert the same words in one line, perhaps rotated.

    "b] [" inserted into "[a]" behind "[" is "[b] " inserted before it.
    """
    if len(first.inserted) > _RUN_MAX or "\n" in base[first.start : last.start]:
        return False
    words = ["".join(change.inserted.split()) for change in (first, last)]
    return sorted(words[0]) == sorted(words[1]) and has_word(words[0])


def _replace_by_same_word(base: str, first: Placed, last: Placed) -> bool:
    """Whether different words side by side are replaced by the same: "can only" by "still"."""
    return (
        first.is_replacement
        and last.is_replacement
        and first.inserted == last.inserted
        and any(map(str.isalnum, first.inserted))
        and not base[first.end : last.start].strip()
        and old_text(base, first) != old_text(base, last)
    )


def _both_moved(base: str, ours: Iterable[Placed], theirs: Iterable[Placed]) -> bool:
    """Whether both moved the same text to different places."""
    deleted = {old_text(base, it) for it in ours if it.is_deletion}
    deleted &= {old_text(base, it) for it in theirs if it.is_deletion}
    places = {it.inserted: it.start for it in ours if it.is_insertion and it.inserted in deleted}
    return any(it.is_insertion and places.get(it.inserted, it.start) != it.start for it in theirs)


def _indents_around(base: str, ours: Sequence[Placed], theirs: Sequence[Placed]) -> bool:
    """Whether ours inserts lines between two lines that theirs indents or dedents."""
    indented = {line for change in theirs for line in _indented_line(base, change)}
    return bool(indented) and any(
        change.start in indented
        and base.rfind("\n", 0, change.start - 1) + 1 in indented
        and is_lines(base, change)
        for change in ours
        if change.is_insertion and change.start > 0
    )


def _indented_line(base: str, change: Placed) -> Iterator[int]:
    """Yield the start of the line if all the change does is to indent or dedent it."""
    line = base.rfind("\n", 0, change.end) + 1
    first = base.rfind("\n", 0, change.start) + 1
    before = (base[first : change.start] + change.inserted).rpartition("\n")[2]
    is_indentation = not (before + base[line : change.end]).strip()
    if is_indentation and len(before) != change.end - line:
        yield line


def _is_sentence(base: str, insertion: Placed) -> bool:
    """Whether an insertion is a whole sentence at a place where a sentence may begin."""
    before, written = base[: insertion.start].rstrip(" ")[-1:], insertion.inserted.strip()
    return written[-1:] in _SENTENCE_ENDS and (not before or before in "\n" + _SENTENCE_ENDS)


def _lines(text: str) -> set[str]:
    """Return the lines that have a letter or digit."""
    return {line.strip() for line in text.split("\n") if any(map(str.isalnum, line))}
