"""The order of two insertions of whole lines at the same place.

First rule: no line may get another parent, the nearest line above that is indented less. Then:

    1  lines that are indented deeper    - why: money
    2  lines                             - another item
    3  a new paragraph
    4  a heading of a deeper level       ### Rooms
    5  a heading of a higher level       ## Budget

Equal ranks are sorted alphabetically, so the order does not depend on which side is ours.
"""

import regex

_HEADING = regex.compile(r"(#{1,6})(?:\s|$)|(={1,6})\s", regex.VERSION1)
_UNDERLINE = regex.compile(r"(=|-)\1{2,}\s*", regex.VERSION1)
_LEVELS = 6
_TAB = 8


def comes_first(one: str, other: str) -> bool:
    """Whether `one` comes before `other`; both are whole lines with the blank lines around them."""
    is_safe = _keeps_parents(one, other)
    if is_safe != _keeps_parents(other, one):
        return is_safe
    return _rank(one) <= _rank(other)


def has_order(one: str, other: str) -> bool:
    """Whether there is an order in which every line keeps its parent."""
    return _keeps_parents(one, other) or _keeps_parents(other, one)


def _keeps_parents(first: str, last: str) -> bool:
    above, below = _indentations(first), _indentations(last)
    return not above or not below or min(above) >= below[0]


def _indentations(lines: str) -> list[int]:
    return [_indentation(line) for line in lines.split("\n") if line.strip()]


def _rank(lines: str) -> tuple[int, int, bool, bool, str, str]:
    """Return a sort key; equal only for equal words."""
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
    """Return 0 for no heading; else a number that grows with its level, 6 for `#`."""
    match = _HEADING.match(first, concurrent=False)
    if match:
        return _LEVELS + 1 - len(match[1] or match[2])
    underline = _UNDERLINE.fullmatch(rest.partition("\n")[0], concurrent=False)
    if underline and first.strip():
        return _LEVELS if underline[1] == "=" else _LEVELS - 1
    return 0


def _indentation(line: str) -> int:
    """Return the indentation in columns."""
    line = line.expandtabs(_TAB)
    return len(line) - len(line.lstrip())
