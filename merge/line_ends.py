r"""The merge of texts whose line ends one side converted.

    base     one\n two\n          LF
    ours     one\r\n two\r\n      CRLF: every line changed, but no word
    theirs   one\n two\n three\n  LF

Compared as they are, every line would be a change, and lines added by the other side would have
another line end. So all three texts are converted to the line end of the result, which is the
three-way merge of theirs; then the places in the inputs are mapped back.
"""

from dataclasses import replace
from typing import NamedTuple

from merge.regions import Texts, agreed
from merge.result import Hunk, Merge, Range

LF, CRLF = "\n", "\r\n"


def line_end(text: str) -> str | None:
    """Return the only kind of line end in a text; None if it has none, or both kinds."""
    crlf, lf = text.count(CRLF), text.count(LF)
    if crlf:
        return CRLF if crlf == lf else None
    return LF if lf else None


class Conversion(NamedTuple):
    """A conversion of all line ends by one side or both.

    Attributes:
        before: the line end of each of base, ours and theirs.
        after: the line end of the merged text.
    """

    before: Texts
    after: str

    def converted(self, base: str, ours: str, theirs: str) -> Texts:
        """Convert the three texts to the line end of the merged one."""
        b, o, t = (_converted(text, self.after) for text in (base, ours, theirs))
        return b, o, t

    def placed_back(self, merged: Merge, texts: Texts) -> Merge:
        """Convert a merge of the converted texts into one of the original texts."""
        _, ours, theirs = self.before
        return replace(
            merged,
            hunks=tuple(self._hunk(hunk, texts) for hunk in merged.hunks),
            theirs_clean=_converted(merged.theirs_clean, theirs),
            ours_clean=_converted(merged.ours_clean, ours),
        )

    def _hunk(self, hunk: Hunk, texts: Texts) -> Hunk:
        places = hunk.in_base, hunk.in_ours, hunk.in_theirs
        b, o, t = (
            Range(*(self._original(text, position, end) for position in place))
            for text, place, end in zip(texts, places, self.before, strict=True)
        )
        return replace(hunk, in_base=b, in_ours=o, in_theirs=t)

    def _original(self, text: str, position: int, end: str) -> int:
        """Map an offset in a converted text to the original one."""
        return position + text.count(LF, 0, position) * (len(end) - len(self.after))


def conversion(base: str, ours: str, theirs: str) -> Conversion | None:
    """Return the conversion; None if there is none. A text without line ends has the base's."""
    if not any("\r" in text for text in (base, ours, theirs)):
        return None
    b = line_end(base)
    if b is None:
        return None
    o, t = (line_end(text) if LF in text else b for text in (ours, theirs))
    if o is None or t is None or b == o == t:
        return None
    after = agreed(b, o, t)
    assert after is not None, "of two line ends two are the same"
    return Conversion((b, o, t), after)


def _converted(text: str, end: str) -> str:
    lf = text.replace(CRLF, LF)
    return lf if end == LF else lf.replace(LF, CRLF)
