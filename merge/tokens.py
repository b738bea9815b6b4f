"""Cuts of a text at several grains.

Lines (as Git cuts them: after each LF and nowhere else), clauses, tokens (words, numbers,
punctuation, blanks) and grapheme clusters (what a reader calls one character). Every cut of a
coarser grain is also a cut of the finer ones, so a merge that works with lines and tokens never
separates an accent from its letter or the members of a family emoji.

Invariant: joining the parts gives the text.

No match releases the interpreter's lock (`concurrent=False`; `re` never does): it takes
microseconds, but to acquire the lock again while other threads are busy takes a thousand times as
long.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import AnyStr

import regex

# Scripts written without blanks between words: one character is one token.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"(?:(?![{_UNSPACED}])[\p{{L}}\p{{N}}\p{{M}}_])"

# A flag is two regional indicators. Saying so keeps a long row of flags linear, which `\X` alone,
# counting back to the first of them each time, is not.
_CLUSTER = r"(?:\p{RI}\p{RI}(?![\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}])|\X)"


def _pattern(blank: str, digit: str, letter: str, word: str, apostrophe: str, mark: str) -> str:
    """Return the pattern of a token; `digit` and `letter` are contents of character classes."""
    # 3,14 or 1,000,000: one number; the commas of 12,40,7 divide the numbers of a list.
    thousands = rf"(?<![{digit}],)[{digit}]{{1,3}}(?:,[{digit}]{{3}}){{1,6}}+(?![,{digit}])"
    decimal = rf"(?<![{digit}{letter}],)[{digit}]++,[{digit}]++(?!,[{digit}])"
    comma_number = rf"(?:{thousands}|{decimal})"
    number = rf"(?:{comma_number}|[{digit}]++)"
    return (
        rf"{blank}+"  # a run of blanks, line ends included
        rf"|{number}(?:[.:/-]{number})+"  # 3.14, 10:30, 2024-01-02: half a date is no date
        rf"|{comma_number}"
        rf"|{word}+(?:{apostrophe}{word}+)*"  # a word, with its marks and apostrophes
        rf"|{mark}"
    )


# A run of one punctuation mark (``` or ----), else one unspaced character, one mark, one emoji.
_MARK = rf"([^\p{{L}}\p{{N}}\s])\1+|{_CLUSTER}"
_TOKEN = regex.compile(_pattern(r"\s", r"\p{N}", r"\p{L}", _LETTER, "['’]", _MARK), regex.VERSION1)
# ASCII is cut in the same way, several times as fast. Without a group, `findall` returns tokens.
_ASCII_MARK = "|".join(
    re.escape(chr(code)) + "+"
    for code in range(128)
    if not re.match(r"[0-9A-Za-z_\t-\r ]", chr(code))
)
_ASCII_TOKEN = re.compile(_pattern(r"[\t-\r ]", "0-9", "A-Za-z", "[0-9A-Za-z_]", "'", _ASCII_MARK))
_GRAPHEME = regex.compile(_CLUSTER)
# Not before an accent or a joiner, which would belong to the blank.
_CLAUSE_END = regex.compile(
    r"(?:\n|[.!?,;:]\s+|[。！？，；：、]\s*)(?![\p{M}\u200d])", regex.VERSION1
)
# Between two characters that join with neither each other nor a neighbour of their kind (UAX 29:
# "any" and Hangul syllables) is a boundary whatever stands around them, and so is behind an LF.
_CERTAIN = r"(?:\n.|[\p{GCB=Other}\p{GCB=LV}\p{GCB=LVT}]{2})"
_LAST_CERTAIN = regex.compile(rf"(?sr){_CERTAIN}", regex.VERSION1)


def lines(text: str) -> list[str]:
    """Cut after each LF; only the last line may lack one."""
    parts = text.split("\n")
    last = parts.pop()
    found = [part + "\n" for part in parts]
    if last:
        found.append(last)
    return found


def clauses(text: str) -> list[str]:
    """Cut after each LF and each mark that ends a clause: finer than lines, coarser than words."""
    found, position = [], 0
    for match in _CLAUSE_END.finditer(text, concurrent=False):
        found.append(text[position : match.end()])
        position = match.end()
    return [*found, text[position:]] if position < len(text) else found


def graphemes(text: str) -> list[str]:
    """Cut into what readers call characters (extended grapheme clusters of Unicode)."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    return [match.group() for match in _GRAPHEME.finditer(text, concurrent=False)]


def tokens(text: str) -> list[str]:
    """Cut into words, numbers, punctuation and blanks, never inside a grapheme cluster."""
    if text.isascii():
        found: list[str] = _ASCII_TOKEN.findall(text)
        return found
    return _glued(text, [match.group() for match in _TOKEN.finditer(text, concurrent=False)])


def is_blank(token: str) -> bool:
    """Whether a token consists of whitespace."""
    return token.isspace()


def is_boundary(text: str, position: int) -> bool:
    """Whether no grapheme cluster crosses this offset."""
    return boundary_before(text, position) == position


def boundary_before(text: str, position: int) -> int:
    """Return the last grapheme boundary up to this offset."""
    if text.isascii():  # only CR LF is one cluster
        return position - (position > 0 and text[position - 1 : position + 1] == "\r\n")
    boundary = _certain_boundary(text, position)
    if boundary < position:
        for match in _GRAPHEME.finditer(text, boundary, concurrent=False):
            if match.end() > position:
                break
            boundary = match.end()
    return boundary


def boundary_after(text: str, position: int) -> int:
    """Return the first grapheme boundary from this offset on."""
    if text.isascii():
        return position + (position > 0 and text[position - 1 : position + 1] == "\r\n")
    boundary = boundary_before(text, position)
    for match in _GRAPHEME.finditer(text, boundary, concurrent=False):
        if boundary >= position:
            break
        boundary = match.end()
    return boundary


def common_prefix(left: str, right: str) -> int:
    """Return the length of the common prefix in whole grapheme clusters."""
    length = equal_prefix(left, right)
    while True:
        whole = boundary_before(right, boundary_before(left, length))
        if whole == length:
            return length
        length = whole


def common_suffix(left: str, right: str) -> int:
    """Return the length of the common suffix in whole grapheme clusters."""
    length = equal_suffix(left, right)
    while True:
        whole = len(left) - boundary_after(left, len(left) - length)
        whole = len(right) - boundary_after(right, len(right) - whole)
        if whole == length:
            return length
        length = whole


def shared_ends(base: str, ours: str, theirs: str, end: str) -> tuple[int, int]:
    """Return the lengths of the common prefix and suffix of three texts, cut after `end`."""
    front = min(common_prefix(base, ours), common_prefix(base, theirs))
    front = base.rfind(end, 0, front) + 1
    rest = base[front:]
    back = min(common_suffix(rest, ours[front:]), common_suffix(rest, theirs[front:]))
    cut = base.find(end, len(base) - back) + 1
    return front, len(base) - cut if cut else 0


def _certain_boundary(text: str, position: int) -> int:
    """Return the last offset up to this one that is a boundary in any context."""
    if position == len(text):
        return position
    match = _LAST_CERTAIN.search(text, 0, position + 1, concurrent=False)
    return match.end() - 1 if match else 0


def _glued(text: str, found: Sequence[str]) -> list[str]:
    """Join tokens that share a grapheme cluster (a blank with an accent on it, say)."""
    cuts = {0}
    cuts.update(match.end() for match in _GRAPHEME.finditer(text, concurrent=False))
    ends, end = [0], 0
    for token in found:
        end += len(token)
        if end in cuts:
            ends.append(end)
    return [text[start:end] for start, end in pairwise(ends)]


def equal_prefix(left: AnyStr, right: AnyStr) -> int:
    """Return the length of the common prefix in characters or bytes.

    By bisection: comparing slices is far quicker than a loop over characters.
    """
    low, high = 0, min(len(left), len(right))
    if left[:high] == right[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle
    return low


def equal_suffix(left: AnyStr, right: AnyStr) -> int:
    """Return the length of the common suffix in characters or bytes."""
    low, high = 0, min(len(left), len(right))
    if high == 0 or left[-high:] == right[-high:]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if (
            left[len(left) - middle : len(left) - low]
            == right[len(right) - middle : len(right) - low]
        ):
            low = middle
        else:
            high = middle
    return low
