"""Which of two stretches of whole lines comes first, if both sides put one at the same place.

What belongs to the lines above stays with them, and what begins something new comes after it:

    a line that is indented deeper      - why: money            the detail of the item above
    a line that goes on                 - another item
    a new paragraph
    a heading of a deeper level         ### Rooms
    a heading of a higher level         ## Budget

Between equals the alphabet decides, so that the order does not depend on whose they are. Before all
that: a line must not get behind one that is indented less than it is, and become its child.
"""

import regex

_HEADING = regex.compile(r"(#{1,6})(?:\s|$)|(={1,6})\s", regex.VERSION1)
_UNDERLINE = regex.compile(r"(=|-)\1{2,}\s*", regex.VERSION1)
_LEVELS = 6
_TAB = 8


def comes_first(one: str, other: str) -> bool:
    """Whether `one` stands before `other`; each is lines, with the blank lines around them."""
    is_safe = _keeps_parents(one, other)
    if is_safe != _keeps_parents(other, one):
        return is_safe
    return _rank(one) <= _rank(other)


def has_order(one: str, other: str) -> bool:
    """Whether there is an order in which neither gets another parent than it was written under."""
    return _keeps_parents(one, other) or _keeps_parents(other, one)


def _keeps_parents(first: str, last: str) -> bool:
    above, below = _indentations(first), _indentations(last)
    return not above or not below or min(above) >= below[0]


def _indentations(lines: str) -> list[int]:
    return [_indentation(line) for line in lines.split("\n") if line.strip()]


def _rank(lines: str) -> tuple[int, int, bool, bool, str, str]:
    """The smaller, the closer to what stands above; equal only for equal words."""
    first, _, rest = lines.lstrip("\r\n").partition("\n")
    begins_blank = lines[:1] in ("\n", "\r")
    leads_over = begins_blank and not rest.endswith("\n\n")
    words = " ".join(lines.split())
    return (
        _heading(first, rest),
        -_indentation(first),
        begins_blank,
        leads_over,
        words.casefold(),
        words,
    )


def _heading(first: str, rest: str) -> int:
    """0 for no heading; else the more, the higher its level."""
    match = _HEADING.match(first, concurrent=False)
    if match:
        return _LEVELS + 1 - len(match[1] or match[2])
    underline = _UNDERLINE.fullmatch(rest.partition("\n")[0], concurrent=False)
    if underline and first.strip():
        return _LEVELS if underline[1] == "=" else _LEVELS - 1
    return 0


def _indentation(line: str) -> int:
    """In columns."""
    line = line.expandtabs(_TAB)
    return len(line) - len(line.lstrip())
