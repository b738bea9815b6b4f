"""The other nodes, as this one passes requests on to them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

CONNECT_S = 3.0
_KEEP_ALIVE_S = 15.0  # shorter than the server's, so that no request meets the end of a connection


class GoneError(Exception):
    """The node is gone, or this one is stopping."""


class Nodes:
    """The connections to other nodes, and the requests in flight to them."""

    def __init__(self) -> None:
        self._under_way: defaultdict[str, set[asyncio.Timeout]] = defaultdict(set)
        self._websockets: set[asyncio.Timeout] = set()
        self._session: ClientSession | None = None

    @property
    def session(self) -> ClientSession:
        """The connections to other nodes."""
        if self._session is None:
            self._session = ClientSession(
                auto_decompress=False,
                connector=TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None, sock_connect=CONNECT_S),
            )
        return self._session

    @asynccontextmanager
    async def passing(self, url: str, *, is_websocket: bool = False) -> AsyncIterator[None]:
        """Track a request that is in flight to a node, until the end of the block.

        Raises:
            GoneError: the node is gone; or it is a websocket, and this node is stopping.
        """
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._under_way[url].add(scope)
                if is_websocket:
                    self._websockets.add(scope)
                try:
                    yield
                finally:
                    self._websockets.discard(scope)
                    self._under_way[url].discard(scope)
                    if not self._under_way[url]:
                        del self._under_way[url]
        except TimeoutError:
            if scope.expired():
                raise GoneError from None
            raise

    def follow(self, urls: Collection[str]) -> None:
        """Cancel the requests in flight to nodes other than these."""
        for url in self._under_way.keys() - set(urls):
            _end(self._under_way[url])

    def stop(self) -> None:
        """Close the websockets: their clients reconnect to other nodes."""
        _end(self._websockets)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _end(scopes: Collection[asyncio.Timeout]) -> None:
    now = asyncio.get_running_loop().time()
    for scope in tuple(scopes):
        scope.reschedule(now)


NODES = web.AppKey("nodes", Nodes)
