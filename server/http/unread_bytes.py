"""The bytes of websockets that have arrived and are not read: limited for one client in all.

aiohttp keeps the frames of a message until it is complete, and a client need not complete it. So
all that arrives is counted on its way to aiohttp:

    transport ─▶ UnreadBytes ─▶ aiohttp: frames, messages ─▶ `websocket`
"""

import asyncio
import time
from typing import Self, cast

from aiohttp import web

from server.core.budgets import Budget, Reason
from server.http.app_keys import HUB

_HEAD_BYTES_MAX = 14  # of a frame
_SMALL_BYTES = 64 * 1024  # that every connection may hold


class UnreadBytes(asyncio.Protocol):
    """Stands between the transport of a websocket and aiohttp's protocol."""

    def __init__(self, request: web.Request, budget: Budget) -> None:
        """Count what arrives, if the budget is limited."""
        self._protocol = cast("asyncio.Protocol", request.protocol)
        self._transport = request.transport
        self._budget = budget
        self._meters = request.app[HUB].meters
        self._unread = 0
        if budget.is_limited and self._transport is not None:
            self._transport.set_protocol(self)

    def read(self, size: int) -> None:
        """Note that a message of `size` bytes was read."""
        self._count(-min(self._unread, size + _HEAD_BYTES_MAX))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Note that the connection has ended."""
        self._count(-self._unread)

    def _count(self, change: int) -> None:
        self._unread += change
        self._budget.unread_bytes += change

    # --- from the transport

    def data_received(self, data: bytes) -> None:
        self._count(len(data))
        budget = self._budget
        if (
            self._unread > _SMALL_BYTES
            and budget.unread_bytes > budget.allowance.unread_bytes_max
            and self._transport is not None
        ):
            budget.use_bytes(self._unread, time.monotonic())  # else it would just come back
            budget.note_refusal(Reason.BYTES)
            self._meters.refused(Reason.BYTES)
            self._transport.abort()
        else:
            self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def connection_lost(self, problem: Exception | None) -> None:
        self._protocol.connection_lost(problem)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
