"""Threads for what blocks, so that the event loop never does.

An executor of the standard library makes a future with locks of its own for every call, which costs
as much as a small edit; here a call is put in a queue, and the event loop is told when it is done.
"""

import asyncio
import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class Threads:
    """Some threads that take calls in the order in which they come."""

    def __init__(self, count: int, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._serve, name=f"{name} {number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, call: Callable[[], None]) -> None:
        """Have this called soon. It handles its own errors."""
        self._calls.put(call)

    async def call(self, work: Callable[[*_Ts], _T], *arguments: *_Ts) -> _T:
        """Call this on a thread, and wait for what it returns or raises."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def call() -> None:
            try:
                result = work(*arguments)
            except BaseException as problem:  # noqa: BLE001  it is raised again on the event loop
                loop.call_soon_threadsafe(unless_cancelled, done, done.set_exception, problem)
            else:
                loop.call_soon_threadsafe(unless_cancelled, done, done.set_result, result)

        self.run(call)
        return await done

    def close(self) -> None:
        """End when all is done that was asked for. Blocks."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                call()
            except Exception:  # noqa: BLE001  a fault of one call must not end the thread
                _log.exception("a call on a thread failed")


def unless_cancelled(
    future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: object
) -> None:
    """Settle a future, if somebody still waits for it."""
    if not future.cancelled():
        settle(outcome)
