"""The last steps of `master` and the splices of each.

    before ──splices──▶ after
                          ▲
    commit ───────────────┘ splices_from_commit      (the commit that the step merged)

They tell the authors of a part of the text. Composed, their splices lead from the text of an
earlier commit to the newest, without a comparison. Sans-I/O.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from merge.splices import Splice, compose
from server.core.clients import Author

_STEPS_MAX = 500
# At most this many steps are composed; over more of them comparing the texts is quicker.
_COMPOSED_MAX = 64

Splices: TypeAlias = tuple[Splice, ...]


class Step(msgspec.Struct, frozen=True):
    """`master` moved from revision `before` to `after` by merging `commit`.

    `splices` lead from the text of `before` to that of `after`; `splices_from_commit` lead there
    from the text of `commit`, if they are known.
    """

    before: str
    after: str
    commit: str
    author: Author
    at: float
    splices: Splices
    splices_from_commit: Splices | None


class RecentSteps:
    """The last steps; `count` is the number of all that were added."""

    def __init__(self) -> None:
        self.count = 0
        self._steps: deque[Step] = deque(maxlen=_STEPS_MAX)
        self._numbers: dict[str, int] = {}  # by commit: the step after which `master` had it
        self._composed: dict[int, tuple[int, Splices]] = {}  # by step: up to another one

    def add(self, step: Step) -> None:
        """Add a step."""
        if len(self._steps) == _STEPS_MAX:
            oldest = self._steps[0]
            for commit in {oldest.before, oldest.commit} - {oldest.after}:
                self._numbers.pop(commit, None)
        self._numbers.setdefault(step.before, self.count)
        self.count += 1
        self._numbers[step.commit] = self._numbers[step.after] = self.count
        self._steps.append(step)
        self._composed.pop(self.count - _COMPOSED_MAX, None)
        place = len(self._steps) - _COMPOSED_MAX - 2
        if place >= 0:  # nothing is composed from the commit of this step any more
            self._steps[place] = replace(self._steps[place], splices_from_commit=None)

    @property
    def moved_at(self) -> float:
        """When the last step was made; 0 if there is none."""
        return self._steps[-1].at if self._steps else 0.0

    def last(self, count: int) -> list[Step] | None:
        """Return the last `count` steps, in order; None if they are not all remembered."""
        if count > len(self._steps):
            return None
        return [self._steps[-number] for number in range(count, 0, -1)]

    def __contains__(self, commit: str) -> bool:
        """Whether a commit is known to be in `master`; others may be as well."""
        return commit in self._numbers

    def since(self, commit: str) -> Iterator[Step]:
        """Yield the remembered steps from the latest back to the one that superseded `commit`."""
        return islice(reversed(self._steps), self.count_since(commit))

    def count_since(self, commit: str) -> int:
        """Return the number of steps that `since` yields: all, if the commit is not remembered."""
        number = self._numbers.get(commit)
        if number is None:
            return len(self._steps)
        merged = self._step(number)
        is_revision = merged is None or commit == merged.after
        return self.count - number + (not is_revision)

    def superseded_at(self, commit: str) -> float | None:
        """Return when `master` moved on from a commit: a revision, or one that it merged."""
        count = self.count_since(commit) if commit in self._numbers else 0
        return self._steps[-count].at if count else None

    def splices_since(self, commit: str) -> Splices | None:
        """Return the splices from the text of a commit to the newest; None if it is too old."""
        number = self._numbers.get(commit)
        if number is None or self.count - number > _COMPOSED_MAX:
            return None
        step = self._step(number)
        if step is None or commit == step.after:
            return self._compose_after(number)
        if step.splices_from_commit is None:
            return None
        return compose(step.splices_from_commit, self._compose_after(number))

    def _step(self, number: int) -> Step | None:
        """Return the step of this number, counted from 1."""
        index = len(self._steps) - 1 - (self.count - number)
        return self._steps[index] if 0 <= index < len(self._steps) else None

    def _compose_after(self, number: int) -> Splices:
        """Return the splices of all steps after the one of this number."""
        if number == self.count:
            return ()
        end, splices = self._composed.get(number, (number, ()))
        if end == number:
            step = self._step(number + 1)
            assert step is not None, "it is remembered"
            end, splices = number + 1, step.splices
        if end < self.count:
            splices = compose(splices, self._compose_after(end))
        self._composed[number] = self.count, splices
        return splices
