"""A limited number of places, shared out evenly among those who ask."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class FairSlots:
    """A semaphore on which the keys take turns: a thousand waiters of one key delay no other key.

    Args:
        count: how many may be inside at the same time.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncIterator[None]:
        """Wait for a place, and keep it during the block."""
        if self._free:
            self._free -= 1
        else:
            await self._turn(key)
        try:
            yield
        finally:
            self._release()

    async def _turn(self, key: Hashable) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # its turn had come
                self._release()
            raise

    def _release(self) -> None:
        """Give a place to the key that has waited longest since its last turn."""
        while self._waiting:
            key, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[key] = turns
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1
