"""The title of a document: its first line with a word in it. Pure."""

import re
import unicodedata

UNTITLED = "Untitled"
_CHARACTERS_MAX = 60
_LINES = re.compile(r"[^\r\n]+")


def title_of(text: str) -> str:
    """Return the title of a text, as web/text/title.js does.

    It is the first line with a letter, a digit or a pictogram, without the `#` of a heading and cut
    at 60 characters; `UNTITLED` if there is none.
    """
    line = next((it[0] for it in _LINES.finditer(text) if _has_words(it[0])), None)
    if line is None:
        return UNTITLED
    words = " ".join(line.lstrip().lstrip("#").split())
    if len(words) <= _CHARACTERS_MAX:
        return words
    return words[: _CHARACTERS_MAX - 1].rstrip() + "…"


def _has_words(line: str) -> bool:
    return any(unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "So" for c in line)
