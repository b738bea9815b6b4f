"""The window: the steps of `master` since the last version, and who wrote the text.

It is derived from the commits of `master`, and stored only so that it need not be computed again,
and exactly: typing `a` beside another author's `a` is a known splice now, and a guess from the two
texts later. As JSON it is a text of the branch `AUTHORSHIP`.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Self

import msgspec

from merge.splices import Splice
from server.core.git_model import Signature
from server.core.history.authorship import Authorship, Run


class Person(msgspec.Struct, frozen=True, array_like=True):
    """An author as Git knows them."""

    name: str
    email: str


class _Stored(msgspec.Struct, frozen=True):
    sealed: str
    revision: str
    people: list[Person]
    runs: list[tuple[int, int, int]]
    times: list[float]
    steps: int = 0
    began: float = 0.0


_decode = msgspec.json.Decoder(_Stored).decode


@dataclass(slots=True)
class Window:
    """What happened since a version.

    Attributes:
        sealed: the revision of the version.
        revision: the current one; its text is what the runs are of.
        authorship: the runs of both texts.
        people: the authors, by their numbers.
        times: when each of them changed something last (Unix time in seconds).
        steps: the number of steps since.
        began: when the first of them was made.
        last: when the last of them was made; 0 if there was none.
    """

    sealed: str
    revision: str
    authorship: Authorship = field(default_factory=Authorship)
    people: list[Person] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    steps: int = 0
    began: float = 0.0
    last: float = 0.0

    @property
    def last_author(self) -> int:
        """The number of who made the last step."""
        return self.times.index(max(self.times))

    def signature_of(self, author: int) -> Signature:
        """Return an author with the time of their last step."""
        person = self.people[author]
        return Signature(person.name, person.email, self.times[author])

    def add(self, person: Person, splices: Sequence[Splice], revision: str, time: float) -> None:
        """Add a step that leads to a revision."""
        author = self._number_of(person)
        self.authorship.apply(splices, author)
        self.times[author] = self.last = time
        if not self.steps:
            self.began = time
        self.revision = revision
        self.steps += 1

    def replace(self, splices: Sequence[Splice]) -> None:
        """Replace parts of the text of a version; what is new there has the authors of before."""
        ends = list(accumulate(run.length for run in self.authorship))
        authors = [run.author for run in self.authorship]
        for splice in reversed(splices):
            self.authorship.apply([splice], authors[bisect_right(ends, splice.start)])
        self.authorship = Authorship(self.authorship.current())

    def _number_of(self, person: Person) -> int:
        """Return the number of an author, who may have another name by now."""
        if person in self.people:
            return self.people.index(person)
        for number, known in enumerate(self.people):
            if known.email == person.email:
                self.people[number] = person
                return number
        self.people.append(person)
        self.times.append(0.0)
        return len(self.people) - 1

    def sealed_here(self) -> Self:
        """Return the window after a version of the current revision."""
        runs = self.authorship.current()
        numbers = {author: new for new, author in enumerate(sorted({run.author for run in runs}))}
        return type(self)(
            self.revision,
            self.revision,
            Authorship(Run(run.length, numbers[run.author]) for run in runs),
            [self.people[author] for author in numbers],
            [self.times[author] for author in numbers],
        )

    def encoded(self) -> str:
        """Return it as a text, for `decoded`."""
        stored = _Stored(
            self.sealed,
            self.revision,
            self.people,
            [(run.length, run.author, run.state) for run in self.authorship],
            self.times,
            self.steps,
            self.began,
        )
        return msgspec.json.encode(stored).decode()

    @classmethod
    def decoded(cls, text: str) -> Self | None:
        """Return the window that a text holds; None if it holds none."""
        try:
            stored = _decode(text)
        except msgspec.DecodeError:
            return None
        return cls(
            stored.sealed,
            stored.revision,
            Authorship(Run(*run) for run in stored.runs),
            stored.people,
            stored.times,
            stored.steps,
            stored.began,
            max(stored.times, default=0.0) if stored.steps else 0.0,
        )
