"""The requests to a document that wait for a batch."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.core.budgets import Budget
from server.core.document import Request

_BATCH_MAX = 64  # requests; more would only make the first of them wait
_OF_BUDGET_MAX = 8  # of a batch, if the budget is limited and others are waited for

_Requester = TypeVar("_Requester")


@dataclass(slots=True)  # not frozen: that takes a microsecond an edit
class Waiting(Generic[_Requester]):
    """A request, the receiver of its reply, whose budget pays, and when it came (monotonic)."""

    requester: _Requester
    request: Request
    budget: Budget
    since: float

    @property
    def client(self) -> str:
        return self.request.author.client


class Inbox(Generic[_Requester]):
    """Requests in a line for each budget. The lines take turns for the places in a batch."""

    def __init__(self) -> None:
        self._lines: OrderedDict[Budget, deque[Waiting[_Requester]]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._lines)

    def put(self, waiting: Waiting[_Requester]) -> None:
        """Put a request at the end of its line."""
        self._lines.setdefault(waiting.budget, deque()).append(waiting)

    def put_back(self, all_waiting: Sequence[Waiting[_Requester]]) -> None:
        """Put requests of one budget before all others in their line."""
        for waiting in reversed(all_waiting):
            self._lines.setdefault(waiting.budget, deque()).appendleft(waiting)

    def take(
        self, can_take: Callable[[Waiting[_Requester]], bool], is_shared: Callable[[], bool]
    ) -> list[Waiting[_Requester]]:
        """Take the requests of a batch, at most one of each client.

        Args:
            can_take: returns whether the batch gets a request; it leaves the inbox in any case.
            is_shared: returns whether people with several budgets use the document, so that a long
                batch of one is in the way.
        """
        if len(self._lines) == 1:
            [line] = self._lines.values()
            if len(line) == 1:  # as nearly always
                self._lines.clear()
                return [waiting for waiting in line if can_take(waiting)]
        has_many = bool(self._lines) and is_shared()
        taken: dict[str, Waiting[_Requester]] = {}
        for budget in list(self._lines):
            is_short = has_many and budget.is_limited
            of_budget = _OF_BUDGET_MAX if is_short else _BATCH_MAX
            most = min(_BATCH_MAX, len(taken) + of_budget)
            self._take_from(budget, taken, most, can_take)
        return list(taken.values())

    def _take_from(
        self,
        budget: Budget,
        taken: dict[str, Waiting[_Requester]],
        most: int,
        can_take: Callable[[Waiting[_Requester]], bool],
    ) -> None:
        if len(taken) >= most:
            return
        line = self._lines.pop(budget)
        later: list[Waiting[_Requester]] = []
        while line and len(taken) < most:
            waiting = line.popleft()
            if waiting.client in taken:
                later.append(waiting)
            elif can_take(waiting):
                taken[waiting.client] = waiting
        line.extendleft(reversed(later))
        if line:
            self._lines[budget] = line  # behind the others
