"""Work of a task that its cancellation does not cut short."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def finish(cleanup: Coroutine[Any, Any, None]) -> None:
    """Run a cleanup to its end, also if the task that waits for it is cancelled meanwhile.

    Raises:
        asyncio.CancelledError: the task was cancelled; the cleanup is complete nevertheless.
    """
    cleaning = asyncio.ensure_future(cleanup)
    cancelled: asyncio.CancelledError | None = None
    while not cleaning.done():
        try:
            await asyncio.shield(cleaning)
        except asyncio.CancelledError as problem:
            cancelled = problem
    if cancelled:
        raise cancelled
