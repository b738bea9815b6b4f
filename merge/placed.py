"""A change of one side at the place where it was made, and what can be said of it there."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from merge.splices import Splice

# As many letters say something: a word, and no part of one that is being typed.
_WORD_LENGTH = 3


class Placed(NamedTuple):
    """`base[start:end]` gave way to `inserted`; it could as well be as far left as `low`."""

    start: int
    end: int
    inserted: str
    low: int
    is_alone: bool = True  # no other change of its side in the same word
    attachment: int = 0  # -1, 1: to the letter before, behind it, as a part of one word

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


def place_changes(base: str, change: Sequence[Splice]) -> list[Placed]:
    """A side's splices, where they were made; those of whole lines begin with a line."""
    whole = list(_whole_lines(base, change))
    together = [in_one_word(base, *pair) for pair in pairwise(whole)]
    found = []
    for (start, deleted, inserted), before, after in zip(
        whole, [False, *together], [*together, False], strict=True
    ):
        attached = attachment(inserted, before=before, after=after)
        found.append(
            Placed(start, start + deleted, inserted, start, not (before or after), attached)
        )
    return found


def _whole_lines(base: str, change: Sequence[Splice]) -> Iterator[Splice]:
    r"""The same change; "\nnew" put behind a line is "new\n" before the next one."""
    ends = [*(splice.start for splice in change[1:]), len(base) + 1]
    for splice, limit in zip(change, ends, strict=True):
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


def in_one_word(base: str, last: Splice, change: Splice) -> bool:
    """Whether no untouched blank lies between two changes of one side."""
    return not any(map(str.isspace, base[last.start + last.deleted : change.start]))


def attachment(inserted: str, *, before: bool, after: bool) -> int:
    """To which letter a change in one word belongs; see `Placed.attachment`."""
    if before and not inserted[:1].isspace():
        return -1
    return 1 if after and not inserted[-1:].isspace() else 0


def old_text(base: str, change: Placed) -> str:
    return base[change.start : change.end]


def has_word(text: str) -> bool:
    """Whether it is more than letters on their way to a word."""
    letters = [character for character in text if character.isalnum()]
    return len(letters) >= _WORD_LENGTH or any(map(str.isdigit, letters))


def is_empty_line(base: str, position: int) -> bool:
    return is_line_start(base, position) and (
        position == len(base) or base.startswith(("\n", "\r\n"), position)
    )


def is_line_start(base: str, position: int) -> bool:
    return position == 0 or base[position - 1] == "\n"


def is_lines(base: str, change: Placed) -> bool:
    """Whether whole lines came or went; behind a last line without an end they begin with one."""
    text = change.inserted or old_text(base, change)
    if is_line_start(base, change.start):
        is_cut = change.is_replacement and not old_text(base, change).endswith("\n")
        return text.endswith("\n") and not is_cut
    return change.end == len(base) and text.startswith(("\n", "\r\n"))
