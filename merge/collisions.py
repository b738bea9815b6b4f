"""Which changes of the two sides cannot both be carried out where they were made.

Text that neither side touched keeps changes apart. Changes that meet are both kept, or collide:

    insertion and insertion    at one point: whole lines and what people are typing are both kept;
                               two words or two numbers in one place collide, two sentences do not
    deletion and deletion      both
    insertion and deletion     not inside it; at its edge both, unless both are words
    replacement and another    both if a blank, a line end or a whole word or mark lies between, or
                               whole words are put at its edge
    the same change            once
    the same words inserted    in one line at two places, or moved to two places: they collide
    whole lines inserted       between lines that the other side indents: they collide

Letters are typed one by one, and whoever types sees what becomes of them; a word that arrives as a
whole was meant as a whole. So three letters, or a digit, count as words (`says_something`).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from unicodedata import combining, normalize

from merge.between import is_between_words
from merge.order import has_order
from merge.placed import Placed, is_empty_line, is_line_start, is_lines, old_text, says_something
from merge.tokens import tokens

# Pairs of changes that are looked at: no moment of typing has more.
_PAIRS_MAX = 10_000
# In a longer run without blanks, or a longer insertion, no words are looked for.
_RUN_MAX = 1_000
_SENTENCE_ENDS = ".!?。！？"


def collide(base: str, mine: Sequence[Placed], yours: Sequence[Placed]) -> bool:
    """Whether it is not plain what both sides' changes come to together."""
    return (
        len(mine) * len(yours) > _PAIRS_MAX
        or _both_moved(base, mine, yours)
        or _indents_around(base, mine, yours)
        or _indents_around(base, yours, mine)
        or not all(_go_together(base, *pair) for pair in product(mine, yours))
    )


def _go_together(base: str, one: Placed, other: Placed) -> bool:
    if one.splice == other.splice:
        return True
    first, last = sorted((one, other))
    if first.is_insertion and last.is_insertion:
        if first.start == last.start:
            return _may_share_point(base, first, last)
        return not _say_the_same(base, first, last)
    if first.end > last.start:
        return first.is_deletion and last.is_deletion
    if first.end == last.start:
        return _may_touch(base, first, last)
    return not (first.is_replacement or last.is_replacement) or _is_something_between(
        base, first, last
    )


def _may_share_point(base: str, one: Placed, other: Placed) -> bool:
    """Whether both insertions can stand, one behind the other."""
    lines = is_lines(base, one), is_lines(base, other)
    if all(lines):
        are_others = _lines(one.inserted).isdisjoint(_lines(other.inserted))
        return are_others and has_order(one.inserted, other.inserted)
    if any(lines) or is_empty_line(base, one.start):
        return True
    if says_something(one.inserted) and says_something(other.inserted):
        return all(_is_sentence(base, each) for each in (one, other))
    return not _tears_words(base, one, other)


def _may_touch(base: str, first: Placed, last: Placed) -> bool:
    """Whether two changes side by side can both be carried out; not two insertions."""
    if first.is_deletion and last.is_deletion:
        return True
    if is_lines(base, first) and is_line_start(base, last.start):
        return True  # a line, and something in the line behind it
    if first.is_insertion:
        return _may_edge(base, first, last)
    return last.is_insertion and _may_edge(base, last, first)


def _may_edge(base: str, insertion: Placed, change: Placed) -> bool:
    """Whether an insertion can stand at the edge of what the other side removed or replaced."""
    is_before = insertion.start == change.start
    if change.is_replacement and "\n" in change.inserted + old_text(base, change):
        return is_before and is_lines(base, insertion)
    if is_lines(base, insertion):
        return True
    if is_lines(base, change) and is_before:
        return not is_line_start(base, insertion.start)
    if change.is_deletion:
        if _glues(base, insertion, change):
            return False
        is_word = says_something(insertion.inserted) and says_something(old_text(base, change))
        return insertion.is_alone and not is_word
    return _is_accent(base, change) or is_between_words(
        base, insertion.start, insertion.end, insertion.inserted
    )


def _glues(base: str, insertion: Placed, deletion: Placed) -> bool:
    """Whether the deletion takes away the blank that divides the insertion from the next word."""
    if insertion.start == deletion.start:
        sides = insertion.inserted[-1:], base[deletion.end : deletion.end + 1]
    else:
        sides = base[deletion.start - 1 : deletion.start], insertion.inserted[:1]
    gone = old_text(base, deletion)
    return gone != gone.strip() and all(side and not side.isspace() for side in sides)


def _is_accent(base: str, change: Placed) -> bool:
    """Whether a letter got or lost its accent."""
    old, new = (_without_marks(text) for text in (old_text(base, change), change.inserted))
    return old == new


def _without_marks(text: str) -> str:
    return "".join(it for it in normalize("NFD", text) if not combining(it))


def _tears_words(base: str, one: Placed, other: Placed) -> bool:
    """Whether both put words into one word, which more happened to than that."""
    around = base[max(one.start - 1, 0) : one.start], base[one.start : one.start + 1]
    return (
        all(part and not part.isspace() for part in around)
        and not (one.is_alone and other.is_alone)
        and all(any(map(str.isspace, each.inserted)) for each in (one, other))
    )


def _is_something_between(base: str, first: Placed, last: Placed) -> bool:
    """Whether an untouched blank, or a whole word or mark, lies between them."""
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
    """The characters without a blank around this stretch."""
    while start > 0 and not base[start - 1].isspace():
        start -= 1
    while end < len(base) and not base[end].isspace():
        end += 1
    return start, end


def _say_the_same(base: str, first: Placed, last: Placed) -> bool:
    """Whether both insert the same words in one line, be it that one begins with the last of them.

    "b] [" put into "[a]" behind its first mark is "[b] " put before it.
    """
    if len(first.inserted) > _RUN_MAX or "\n" in base[first.start : last.start]:
        return False
    words = ["".join(change.inserted.split()) for change in (first, last)]
    return sorted(words[0]) == sorted(words[1]) and says_something(words[0])


def _both_moved(base: str, mine: Iterable[Placed], yours: Iterable[Placed]) -> bool:
    """Whether both took the same text away and put it at different places."""
    taken = {old_text(base, it) for it in mine if it.is_deletion}
    taken &= {old_text(base, it) for it in yours if it.is_deletion}
    put = {it.inserted: it.start for it in mine if it.is_insertion and it.inserted in taken}
    return any(it.is_insertion and put.get(it.inserted, it.start) != it.start for it in yours)


def _indents_around(base: str, mine: Sequence[Placed], yours: Sequence[Placed]) -> bool:
    """Whether mine are new lines between two lines that yours indents, or the reverse."""
    indented = {line for change in yours for line in _indented_line(base, change)}
    return bool(indented) and any(
        change.start in indented
        and base.rfind("\n", 0, change.start - 1) + 1 in indented
        and is_lines(base, change)
        for change in mine
        if change.is_insertion and change.start > 0
    )


def _indented_line(base: str, change: Placed) -> Iterator[int]:
    """Where the line starts that the change indents more or less, if it does nothing else to it."""
    line = base.rfind("\n", 0, change.end) + 1
    first = base.rfind("\n", 0, change.start) + 1
    before = (base[first : change.start] + change.inserted).rpartition("\n")[2]
    is_indentation = not (before + base[line : change.end]).strip()
    if is_indentation and len(before) != change.end - line:
        yield line


def _is_sentence(base: str, insertion: Placed) -> bool:
    """Whether it is a whole sentence, and stands where one may begin."""
    before, written = base[: insertion.start].rstrip(" ")[-1:], insertion.inserted.strip()
    return written[-1:] in _SENTENCE_ENDS and (not before or before in "\n" + _SENTENCE_ENDS)


def _lines(text: str) -> set[str]:
    """The lines with a letter in them."""
    return {line.strip() for line in text.split("\n") if any(map(str.isalnum, line))}
