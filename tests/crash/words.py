"""The words that are typed: each is typed once, and found again wherever it ends up.

A word has two letters, and no other word has either of them. So nothing that the merge does is up
to words that look alike by chance (it takes "ab" and "acb" for typing inside one word), and a word
is found even where a merge put two of them side by side without a blank.
"""

import re
from itertools import count

WORD = re.compile("[\uac00-\uc3f7][\U00017000-\U000187f7]")  # Hangul syllables, Tangut
_FIRST, _SECOND = 0xAC00, 0x17000
_WORDS_MAX = 0x17F8
_WRITERS_MAX = 12


class Words:
    """The words that one writer types."""

    def __init__(self, writer: int) -> None:
        assert writer < _WRITERS_MAX
        self._numbers = count(writer, _WRITERS_MAX)

    def new(self) -> str:
        number = next(self._numbers)
        assert number < _WORDS_MAX, "all words are used up: take fewer rounds on one data folder"
        return chr(_FIRST + number) + chr(_SECOND + number)


def words_in(text: str) -> list[str]:
    """All words of a text, in order."""
    return WORD.findall(text)


def name_of(word: str) -> str:
    """What to call a word where people read it."""
    number, writer = divmod(ord(word[0]) - _FIRST, _WRITERS_MAX)
    return f"word {number} of writer {writer} ({word})"
