"""The last steps of `master`, and what each changed.

    before ──change──▶ after
                         ▲
    commit ──catch_up────┘      the commit that the step took in

They tell who wrote what, and what makes the newest text of the text at an earlier commit: by
composing the changes in between, without comparing texts. Sans-I/O.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from merge.splices import Splice, compose
from server.core.clients import Author

# How many are remembered, and over how many of them changes are composed: beyond that comparing
# the texts is quicker.
_STEPS_MAX = 500
_COMPOSED_MAX = 64

Change: TypeAlias = tuple[Splice, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """`master` went from `before` to `after` by taking in `commit`.

    `change` makes the text after of the text before; `catch_up` makes it of the text of `commit`,
    where that is known.
    """

    before: str
    after: str
    commit: str
    author: Author
    at: float
    change: Change
    catch_up: Change | None


class Steps:
    """The last steps; `moves` counts all that there were."""

    def __init__(self) -> None:
        self.moves = 0
        self._steps: deque[Step] = deque(maxlen=_STEPS_MAX)
        self._numbers: dict[str, int] = {}  # of the step after which a commit was in `master`
        self._changes: dict[int, tuple[int, Change]] = {}  # from a step, up to another

    def add(self, step: Step) -> None:
        """`master` moved."""
        if len(self._steps) == _STEPS_MAX:
            self._drop_oldest()
        self._numbers.setdefault(step.before, self.moves)
        self.moves += 1
        self._numbers[step.commit] = self._numbers[step.after] = self.moves
        self._steps.append(step)
        self._changes.pop(self.moves - _COMPOSED_MAX, None)

    def _drop_oldest(self) -> None:
        oldest = self._steps[0]
        for commit in (oldest.before, oldest.commit):
            if commit != oldest.after:
                self._numbers.pop(commit, None)

    def __contains__(self, commit: str) -> bool:
        """Whether a commit is known to be in `master`; others may be as well."""
        return commit in self._numbers

    def back_to(self, fork: str) -> Iterator[Step]:
        """The remembered steps from the latest back to the one that left `fork`."""
        for step in reversed(self._steps):
            yield step
            if fork in (step.before, step.commit):
                return

    def left_at(self, fork: str) -> float | None:
        """When `master` moved on from a commit: a revision, or one that was taken in."""
        number = self._numbers.get(fork)
        if number is None:
            return None
        taken_in = self._step(number)
        is_revision = taken_in is None or fork == taken_in.after
        left = self._step(number + 1) if is_revision else taken_in
        return left.at if left else None

    def change_since(self, commit: str) -> Change | None:
        """What makes the newest text of the text at a commit, if it is not too long ago."""
        number = self._numbers.get(commit)
        if number is None or self.moves - number > _COMPOSED_MAX:
            return None
        step = self._step(number)
        if step is None or commit == step.after:
            return self._from(number)
        return None if step.catch_up is None else compose(step.catch_up, self._from(number))

    def _step(self, number: int) -> Step | None:
        """The step of this number, counted from 1."""
        at = len(self._steps) - 1 - (self.moves - number)
        return self._steps[at] if 0 <= at < len(self._steps) else None

    def _from(self, number: int) -> Change:
        """All that changed after the step of this number."""
        if number == self.moves:
            return ()
        upto, change = self._changes.get(number, (number, ()))
        if upto == number:
            step = self._step(number + 1)
            assert step is not None, "it is remembered"
            upto, change = number + 1, step.change
        if upto < self.moves:
            change = compose(change, self._from(upto))
        self._changes[number] = self.moves, change
        return change
