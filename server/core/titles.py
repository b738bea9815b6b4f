"""The title of a document: its first line with a word in it. Pure."""

import regex

UNTITLED = "Untitled"
_CHARACTERS_MAX = 60
# Where a word is looked for, and how much of its line counts before and after it.
_LOOKED_AT = 100_000
_BEFORE, _AFTER = 200, 1000
_WORD = regex.compile(r"[\p{L}\p{N}\p{So}]")
# JavaScript's `\s`, which is another set than Python's.
_BLANKS = regex.compile(
    r"[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+"
)
_ENDS = " ,;:"


def title_of(text: str) -> str:
    """Return the title of a text, as web/text/title.js does.

    It is the first line with a letter, a digit or a pictogram, without the `#` of a heading and a
    comma or colon at its end, cut at 60 characters; `UNTITLED` if there is none.
    """
    word = _WORD.search(text, 0, _LOOKED_AT)
    if word is None:
        return UNTITLED
    at = word.start()
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    line = regex.split(r"[\r\n]", text[max(start, at - _BEFORE) : at + _AFTER], maxsplit=1)[0]
    words = _BLANKS.sub(" ", line).strip(" ").lstrip("#").lstrip(" ")
    if len(words) <= _CHARACTERS_MAX:
        return words.rstrip(_ENDS)
    return words[: _CHARACTERS_MAX - 1].rstrip(_ENDS) + "…"
