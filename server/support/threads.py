"""Worker threads for calls that block, so that the event loop does not.

An executor of the standard library creates a future with locks for each call, which costs as much
as a small edit. Here calls go into a queue, and the event loop is notified of their ends.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple

_log = logging.getLogger(__name__)

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
            try:
                call()
            except Exception:  # noqa: BLE001  a bug in a call must not end the thread
                _log.exception("a call on a thread failed")


def settle_unless_cancelled(
    future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: object
) -> None:
    """Settle a future unless its waiter was cancelled."""
    if not future.cancelled():
        settle(outcome)
