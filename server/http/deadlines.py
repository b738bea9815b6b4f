"""Deadlines of HTTP connections, which aiohttp has none for.

A connection that never completes the head of a request is closed; so is one whose client does not
take a response. Bodies are up to `server.http.bodies`, websockets to `server.http.websocket`.
"""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from server.http.app_keys import CONFIG
from server.http.bodies import LEAST_BYTES_PER_S

if TYPE_CHECKING:
    from aiohttp.web_protocol import RequestHandler

KEEP_ALIVE_S = 75.0  # of a connection between two requests

_HEAD_WAIT_S = 15.0
_LOOK_EVERY_S = 5.0
_SHORT_BYTES = 64 * 1024  # what sockets take at once


class Deadlines:
    """Watches the connections of a server."""

    def __init__(self) -> None:
        self._new: dict[RequestHandler, float] = {}  # since when
        self._begun: set[RequestHandler] = set()

    def begin(self, request: web.Request) -> None:
        """Note that the connection of a request has completed a head."""
        self._begun.add(request.protocol)

    async def watch(self, server: web.Server) -> None:
        """Close the connections that are too slow, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.look(server, asyncio.get_running_loop().time())

    def look(self, server: web.Server, now: float) -> None:
        """Close the connections that have not completed a head in time."""
        connections = set(server.connections)
        self._begun &= connections
        self._new = {each: self._new.get(each, now) for each in connections - self._begun}
        for connection, since in self._new.items():
            if now - since >= _HEAD_WAIT_S and connection.transport is not None:
                connection.transport.abort()


DEADLINES = web.AppKey("deadlines", Deadlines)


@web.middleware
async def keep_deadlines(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send a long response under a deadline; the client must take a kilobyte a second."""
    request.app[DEADLINES].begin(request)
    response = await handler(request)
    if not isinstance(response, web.Response) or response.prepared:
        return response
    size = response.content_length or 0
    if size > _SHORT_BYTES:
        try:
            wait_s = request.app[CONFIG].pong_wait_s + size / LEAST_BYTES_PER_S
            async with asyncio.timeout(wait_s):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
    return response
