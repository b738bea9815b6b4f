"""Search in a text: the lines with some words, whatever their case. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORDS_CHARACTERS_MAX = 200
LINES_MAX = 5  # of one text
_BEFORE, _LINE_MAX = 60, 240  # characters of a line that are shown, before and from the first match
_COUNTED_MAX = 1000  # lines


@dataclass(frozen=True, slots=True)
class Line:
    """A line with matches.

    Attributes:
        number: its number; the first line has 1.
        parts: the line, or what is around its first match: by turns what does not match, which may
            be empty, and what does.
    """

    number: int
    parts: list[str]


@dataclass(frozen=True, slots=True)
class Found:
    """The first lines with matches, and how many others there are, up to 1000."""

    lines: list[Line]
    more: int


class Pattern:
    """What is searched for: words in this order, in upper or lower case."""

    def __init__(self, words: str) -> None:
        self._folded = folded(words)
        self._regex = re.compile(re.escape(words), re.IGNORECASE)

    def may_be_in(self, folded_text: str) -> bool:
        """Return whether a text has matches, given its `folded`; quick."""
        return self._folded in folded_text

    def find(self, text: str) -> Found:
        """Return the lines of a text with matches."""
        lines: list[Line] = []
        more = 0
        for number, start, end in self._lines(text):
            if len(lines) < LINES_MAX:
                lines.append(Line(number, self._parts(text[start:end].rstrip("\r"))))
            elif more < _COUNTED_MAX:
                more += 1
            else:
                break
        return Found(lines, more)

    def _lines(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Yield number, start and end of each line with a match."""
        number, at = 1, 0
        while found := self._regex.search(text, at):
            start = text.rfind("\n", 0, found.start()) + 1
            end = text.find("\n", found.start())
            end = len(text) if end < 0 else end
            number += text.count("\n", at, start)
            yield number, start, end
            number, at = number + 1, end + 1

    def _parts(self, line: str) -> list[str]:
        first = self._regex.search(line)
        if first is None:  # a line end was part of the match
            return [line[:_LINE_MAX]]
        start = max(0, first.start() - _BEFORE)
        end = first.start() + _LINE_MAX
        parts = ["…" if start else ""]
        at = start
        for match in self._regex.finditer(line, start, end):
            parts[-1] += line[at : match.start()]
            parts += [match[0], ""]
            at = match.end()
        parts[-1] += line[at:end] + ("…" if end < len(line) else "")
        parts[0] = parts[0].lstrip()
        return parts


def folded(text: str) -> str:
    """Return a text without the difference between upper and lower case, with the same lines."""
    return text.casefold()
