"""Unique words: each is typed once and can be found wherever it ends up.

A word has two letters, and no other word has either of them. So the merge never takes two words
for similar ones by chance (it takes "ab" and "acb" for typing inside one word), and a word is found
even if a merge put two of them side by side without a blank.
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
        assert number < _WORDS_MAX, "all words are used up: use fewer rounds per data folder"
        return chr(_FIRST + number) + chr(_SECOND + number)


def words_in(text: str) -> list[str]:
    """Return all words of a text, in order."""
    return WORD.findall(text)


def name_of(word: str) -> str:
    """Return a readable name of a word."""
    number, writer = divmod(ord(word[0]) - _FIRST, _WRITERS_MAX)
    return f"word {number} of writer {writer} ({word})"
