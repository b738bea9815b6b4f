"""Runs of authors, compared with a plain list of characters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from merge.splices import Splice, apply
from server.core.history.authorship import ADDED, KEPT, Authorship, Run


@dataclass(frozen=True)
class Letter:
    """One character with its author and state, as `Run` has them for many."""

    letter: str
    author: int
    state: int = KEPT


class Reference:
    """What `Authorship` tells, kept character by character."""

    def __init__(self, text: str) -> None:
        self.letters = [Letter(letter, 0) for letter in text]

    def apply(self, splices: Sequence[Splice], author: int) -> None:
        for start, deleted, inserted in reversed(splices):
            at = self._index(start)
            self.letters[at:at] = [Letter(letter, author, ADDED) for letter in inserted]
            at += len(inserted)
            while deleted:
                if self.letters[at].state == ADDED:
                    del self.letters[at]
                    deleted -= 1
                    continue
                if self.letters[at].state == KEPT:
                    self.letters[at] = replace(self.letters[at], state=author)
                    deleted -= 1
                at += 1

    def _index(self, start: int) -> int:
        current = [at for at, letter in enumerate(self.letters) if letter.state < 0]
        return current[start - 1] + 1 if start else 0

    def text(self) -> str:
        return "".join(each.letter for each in self.letters if each.state < 0)


def each_of(authorship: Authorship) -> list[Letter]:
    return [Letter("", run.author, run.state) for run in authorship for _ in range(run.length)]


def current(letters: Sequence[Letter]) -> list[tuple[int, int]]:
    """Return author and state of each letter of the current text."""
    return [(each.author, each.state) for each in letters if each.state < 0]


def of_version(letters: Sequence[Letter]) -> list[tuple[int, int]]:
    """Return author and state of each letter of the version."""
    return [(each.author, each.state) for each in letters if each.state != ADDED]


@st.composite
def steps(draw: st.DrawFn, letters: str = "ab\n") -> tuple[str, list[tuple[int, list[Splice]]]]:
    """Return a text, and what authors do with it."""
    before = text = draw(st.text(letters, max_size=12))
    made = []
    for _ in range(draw(st.integers(1, 25))):
        splices = []
        position = 0
        for _ in range(draw(st.integers(1, 3))):
            start = draw(st.integers(position, len(text)))
            deleted = draw(st.integers(0, min(4, len(text) - start)))
            splices.append(Splice(start, deleted, draw(st.text(letters, max_size=4))))
            position = start + deleted
        made.append((draw(st.integers(1, 4)), splices))
        text = apply(text, splices)
    return before, made


@given(steps())
def test_the_runs_tell_the_author_of_each_character(
    made: tuple[str, list[tuple[int, list[Splice]]]],
) -> None:
    before, changes = made
    authorship, reference = Authorship([Run(len(before), 0)] if before else ()), Reference(before)
    for author, splices in changes:
        authorship.apply(splices, author)
        reference.apply(splices, author)
    assert current(each_of(authorship)) == current(reference.letters)
    assert of_version(each_of(authorship)) == of_version(reference.letters)
    assert authorship.length == len(reference.text())
    assert [run.author for run in authorship.current() for _ in range(run.length)] == [
        letter.author for letter in reference.letters if letter.state < 0
    ]


def test_typing_makes_one_run() -> None:
    authorship = Authorship([Run(10, 0)])
    for at in range(5, 9):
        authorship.apply([Splice(at, 0, "x")], 1)
    assert list(authorship) == [Run(5, 0), Run(4, 1, ADDED), Run(5, 0)]


def test_many_runs_are_found_in_blocks() -> None:
    authorship, reference = Authorship([Run(2000, 0)]), Reference("." * 2000)
    for at in range(0, 1900, 3):
        for each in (authorship, reference):
            each.apply([Splice(at, 1, "ab")], 1 + at % 2)
    for each in (authorship, reference):
        each.apply([Splice(100, 1500, "c")], 3)
    assert current(each_of(authorship)) == current(reference.letters)
    assert of_version(each_of(authorship)) == of_version(reference.letters)
