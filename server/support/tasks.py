"""Work of a task that its cancellation does not cut short."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Run something to its end, even if the task that waits for it is cancelled.

    Raises:
        asyncio.CancelledError: the task was cancelled; the work is complete nevertheless.
    """
    working = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not working.done():
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError as problem:
            cancelled = problem
    if cancelled:
        raise cancelled
    return working.result()
