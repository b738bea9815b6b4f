r"""The merge of texts of which one side converted the line ends.

    base     one\n two\n          LF
    ours     one\r\n two\r\n      CRLF: every line changed, and none of its words
    theirs   one\n two\n three\n  LF

Compared as they are, every line would be a change, and what the other side adds would make the
document mixed. So the three are merged with the line ends that the result has, as three-way merging
them says; where the inputs were is told in the inputs.
"""

from dataclasses import replace
from typing import NamedTuple

from merge.regions import Texts, agreed
from merge.result import Hunk, Merge, Range

LF, CRLF = "\n", "\r\n"


def line_end(text: str) -> str | None:
    """The one line end that a text has; None if it has none, or both kinds."""
    crlf, lf = text.count(CRLF), text.count(LF)
    if crlf:
        return CRLF if crlf == lf else None
    return LF if lf else None


class Conversion(NamedTuple):
    """One side or both converted all line ends.

    Attributes:
        before: the line end of each of base, ours and theirs.
        after: the line end of the merged text.
    """

    before: Texts
    after: str

    def converted(self, base: str, ours: str, theirs: str) -> Texts:
        """The three texts with the line end of the merged one."""
        b, o, t = (_converted(text, self.after) for text in (base, ours, theirs))
        return b, o, t

    def placed_back(self, merged: Merge, texts: Texts) -> Merge:
        """A merge of the converted texts as one of the texts: places, and what is clean of each."""
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
            Range(*(self._before(text, position, end) for position in place))
            for text, place, end in zip(texts, places, self.before, strict=True)
        )
        return replace(hunk, in_base=b, in_ours=o, in_theirs=t)

    def _before(self, text: str, position: int, end: str) -> int:
        """A position of a converted text in the text as it was."""
        return position + text.count(LF, 0, position) * (len(end) - len(self.after))


def conversion(base: str, ours: str, theirs: str) -> Conversion | None:
    """Which line ends were converted; None if none were. A text without any has the base's."""
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
