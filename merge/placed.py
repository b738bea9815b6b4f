"""The change of one side at the place where it was made, and its properties there."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from merge.splices import Splice

# This many letters count as a word, fewer as part of a word that is being typed.
_WORD_LENGTH = 3


class Placed(NamedTuple):
    """A replacement of `base[start:end]` with `inserted`.

    Attributes:
        start: the offset in the base.
        end: the end of the text that it replaces.
        inserted: the new text.
        low: the leftmost offset at which the same change could also have been made.
        is_alone: whether its side has no other change in the same word.
        attachment: -1 if it belongs to the letter before it, 1 to the one behind it, as parts of
            one word; else 0.
    """

    start: int
    end: int
    inserted: str
    low: int
    is_alone: bool = True
    attachment: int = 0

    @property
    def is_insertion(self) -> bool:
        return self.start == self.end

    @property
    def is_deletion(self) -> bool:
        return not self.inserted

    @property
    def is_replacement(self) -> bool:
        return self.start < self.end and bool(self.inserted)

    @property
    def splice(self) -> Splice:
        return Splice(self.start, self.end - self.start, self.inserted)


def place(base: str, splices: Sequence[Splice]) -> list[Placed]:
    """Place the splices of one side where they are."""
    together = [in_one_word(base, *pair) for pair in pairwise(splices)]
    found = []
    for (start, deleted, inserted), before, after in zip(
        splices, [False, *together], [*together, False], strict=True
    ):
        attached = _attachment(inserted, before=before, after=after)
        is_alone = not (before or after)
        found.append(Placed(start, start + deleted, inserted, start, is_alone, attached))
    return found


def place_in_lines(base: str, splices: Sequence[Splice]) -> list[Placed]:
    r"""Place the splices of one side; "\nnew" at the end of a line as "new\n" at the next one."""
    return place(base, list(_in_lines(base, splices)))


def _in_lines(base: str, splices: Sequence[Splice]) -> Iterator[Splice]:
    ends = [*(splice.start for splice in splices[1:]), len(base) + 1]
    for splice, limit in zip(splices, ends, strict=True):
        start, deleted, inserted = splice
        end = start + deleted
        moving = inserted or base[start:end]
        size = 2 if moving.startswith("\r\n") else 1
        line_end = moving[:size]
        if (
            not (deleted and inserted)
            and line_end in ("\n", "\r\n")
            and base.startswith(line_end, end)
            and end + size < limit
        ):
            yield Splice(start + size, deleted, inserted[size:] + line_end if inserted else "")
        else:
            yield splice


def in_one_word(base: str, last: Splice, splice: Splice) -> bool:
    """Whether no unchanged blank lies between two splices of one side."""
    return not any(map(str.isspace, base[last.start + last.deleted : splice.start]))


def _attachment(inserted: str, *, before: bool, after: bool) -> int:
    """Return the `Placed.attachment` of a change with others before or after it in its word."""
    if before and not inserted[:1].isspace():
        return -1
    return 1 if after and not inserted[-1:].isspace() else 0


def old_text(base: str, change: Placed) -> str:
    return base[change.start : change.end]


def has_word(text: str) -> bool:
    """Whether the text has a digit or as many letters as a word."""
    letters = [character for character in text if character.isalnum()]
    return len(letters) >= _WORD_LENGTH or any(map(str.isdigit, letters))


def is_empty_line(base: str, position: int) -> bool:
    return is_line_start(base, position) and (
        position == len(base) or base.startswith(("\n", "\r\n"), position)
    )


def is_line_start(base: str, position: int) -> bool:
    return position == 0 or base[position - 1] == "\n"


def is_lines(base: str, change: Placed) -> bool:
    """Whether a change inserts or deletes whole lines.

    Behind a last line without a line end they begin with one.
    """
    text = change.inserted or old_text(base, change)
    if is_line_start(base, change.start):
        is_cut = change.is_replacement and not old_text(base, change).endswith("\n")
        return text.endswith("\n") and not is_cut
    return change.end == len(base) and text.startswith(("\n", "\r\n"))
