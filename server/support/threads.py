"""Worker threads for calls that block, so that the event loop does not.

An executor of the standard library creates a future with locks for each call, which costs as much
as a small edit. Here calls go into a queue, and the event loop is notified of their ends.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple

_log = logging.getLogger(__name__)

# A group ends after this time, so that the first of its calls does not wait for too many others.
_GROUP_S = 0.005
# Above this rate of calls per second, a group begins at the earliest 1 ms after the end of the one
# before it, unless that was a long one: a group of four takes half the time per call that four
# groups take. The rate is averaged over `_RATE_S`.
_PACED_ABOVE_PER_S = 1200.0
_PACE_S = 0.001
_RATE_S = 0.05

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class WorkerThreads:
    """Threads that run calls in the order in which they were submitted."""

    def __init__(self, count: int, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._is_closed = False
        self._threads = [
            Thread(target=self._serve, name=f"{name} {number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, call: Callable[[], None]) -> None:
        """Submit a call, which must handle its own errors."""
        self._calls.put(call)

    async def call(self, work: Callable[[*_Ts], _T], *arguments: *_Ts) -> _T:
        """Run a call on a thread; return its result or raise its exception.

        If the caller is cancelled before its turn, the call is not run.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def call() -> None:
            if done.cancelled():
                return
            try:
                result = work(*arguments)
            except BaseException as problem:  # noqa: BLE001  it is raised again on the event loop
                loop.call_soon_threadsafe(
                    settle_unless_cancelled, done, done.set_exception, problem
                )
            else:
                loop.call_soon_threadsafe(settle_unless_cancelled, done, done.set_result, result)

        self.run(call)
        return await done

    def close(self, wait_s: float | None = None) -> None:
        """Finish the submitted calls and end the threads. Blocks.

        Args:
            wait_s: the time limit; what has not begun by then is dropped.
        """
        until = None if wait_s is None else time.monotonic() + wait_s
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
            if thread.is_alive():
                self._is_closed = True

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            if self._is_closed:
                return
            _run_logged(call)


class GroupThread(WorkerThreads):
    """A thread that runs all calls that wait, one after the other, within one context.

    Args:
        name: its name.
        context: returns the context of a group.
    """

    def __init__(self, name: str, context: Callable[[], AbstractContextManager[object]]) -> None:
        self._context = context
        super().__init__(1, name)

    def _serve(self) -> None:
        rate, last_began = 0.0, time.monotonic()
        while (call := self._calls.get()) is not None:
            began = time.monotonic()
            with self._context():
                count = self._run_group(call, began + _GROUP_S)
            since_s, last_began = max(began - last_began, 1e-6), began
            rate += min(1.0, since_s / _RATE_S) * (count / since_s - rate)
            if rate > _PACED_ABOVE_PER_S and time.monotonic() - began < _GROUP_S:
                time.sleep(_PACE_S)

    def _run_group(self, call: Callable[[], None] | None, until: float) -> int:
        """Run a call and those that wait; return how many."""
        count = 0
        while call is not None and not self._is_closed:
            _run_logged(call)
            count += 1
            if self._calls.empty() or time.monotonic() > until:
                return count
            call = self._calls.get()
        self._calls.put(None)  # the end comes after this group
        return count


def _run_logged(call: Callable[[], None]) -> None:
    try:
        call()
    except Exception:  # noqa: BLE001  a bug in a call must not end the thread
        _log.exception("a call on a thread failed")


class LoopCalls:
    """Calls of threads that an event loop is to make; it is woken once for all that wait."""

    def __init__(self) -> None:
        self._calls: deque[Callable[[], None]] = deque()
        self._is_woken = False

    def add(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        """Schedule a call on the loop, which is always the same one."""
        self._calls.append(call)
        if not self._is_woken:
            self._is_woken = True
            loop.call_soon_threadsafe(self._run)

    def _run(self) -> None:
        self._is_woken = False  # first: what is added from now on wakes the loop again
        while self._calls:
            _run_logged(self._calls.popleft())


def settle_unless_cancelled(
    future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: object
) -> None:
    """Settle a future unless its waiter was cancelled."""
    if not future.cancelled():
        settle(outcome)
