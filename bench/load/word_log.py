"""A log of the words of a load: when each was typed, acknowledged, and seen by other clients.

All clients are in one process, so one clock measures everything.
"""

import time
from dataclasses import dataclass, field
from math import inf
from string import ascii_lowercase

now = time.monotonic


@dataclass(slots=True)
class _Typed:
    author: int
    due: float
    counts: bool
    seen_by: set[int] = field(default_factory=set)


class WordLog:
    """The words of all documents, each typed once and seen by `others` other clients."""

    def __init__(self, others: int, warm_up: int) -> None:
        self.began = inf if warm_up else now()
        self.answers: list[tuple[float, float]] = []
        self.visible: list[float] = []
        self.answered: list[str] = []
        self._others = others
        self._warm_up = warm_up
        self._counts: dict[int, int] = {}
        self._unseen: dict[str, _Typed] = {}

    def new_word(self, author: int, due: float) -> str:
        """Return a new word of this client. Only such words contain digits."""
        count = self._counts[author] = self._counts.get(author, 0) + 1
        word = f"{_letters(author)}{count}"
        if self._others:
            self._unseen[word] = _Typed(author, due, now() >= self.began)
        return word

    def record_answer(self, word: str, due: float) -> bool:
        """Record an answer; return whether it ended the warm-up."""
        moment = now()
        self.answered.append(word)
        if moment >= self.began:
            self.answers.append((moment - self.began, 1000 * (moment - due)))
        elif len(self.answered) == self._warm_up:
            self.began = moment
            return True
        return False

    def record_shown(self, reader: int, inserted: str) -> None:
        """Record that a client received a text."""
        for word in inserted.split():
            typed = self._unseen.get(word)
            if typed and typed.author != reader and reader not in typed.seen_by:
                typed.seen_by.add(reader)
                if typed.counts:
                    self.visible.append(1000 * (now() - typed.due))
                if len(typed.seen_by) == self._others:
                    del self._unseen[word]

    @property
    def unseen(self) -> int:
        """The number of sightings missed because a word arrived in parts."""
        return sum(self._others - len(typed.seen_by) for typed in self._unseen.values())


def _letters(number: int) -> str:
    """a, b, ... z, ba, bb, ..."""
    higher, last = divmod(number, len(ascii_lowercase))
    return (_letters(higher) if higher else "") + ascii_lowercase[last]
