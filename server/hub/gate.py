"""The gate of documents: closed to all others while one is deleted, renamed or archived.

    open ── closing: no new push begins ── closed, once no push runs: nothing is served

A push keeps its gate from closing, since Git works in the repository. All others are asked to try
again in a moment.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager

_PUSHES_WAIT_S = 30.0


class OverloadedError(Exception):
    """The hub takes no connection or request at the moment; the client repeats it later."""


class TooManyError(OverloadedError):
    """One person or address has as much as it may have."""


class Gate:
    """The documents that are closed, and the pushes that run."""

    def __init__(self) -> None:
        self._closing: set[str] = set()
        self._closed: set[str] = set()
        self._pushes: Counter[str] = Counter()
        self._push_ended = asyncio.Event()

    def is_pushed_to(self, document: str) -> bool:
        """Return whether a push into a document runs."""
        return document in self._pushes

    def check(self, document: str) -> None:
        """Raise an `OverloadedError` if a document is closed."""
        if document in self._closed:
            raise OverloadedError("the document is being moved")

    @contextmanager
    def pushing(self, document: str) -> Iterator[None]:
        """Keep the gate of a document open during a push.

        Raises:
            OverloadedError: It is closing.
        """
        if document in self._closing:
            raise OverloadedError("the document is being moved")
        self._pushes[document] += 1
        try:
            yield
        finally:
            self._pushes[document] -= 1
            if not self._pushes[document]:
                del self._pushes[document]
            self._push_ended.set()

    @asynccontextmanager
    async def closed(self, documents: Collection[str]) -> AsyncIterator[None]:
        """Close the gates of documents; only one caller at a time.

        Raises:
            OverloadedError: A push does not end.
        """
        self._closing.update(documents)
        try:
            await self._pushes_ended(documents)
            self._closed.update(documents)
            yield
        finally:
            self._closed.clear()
            self._closing.clear()

    async def _pushes_ended(self, documents: Collection[str]) -> None:
        try:
            async with asyncio.timeout(_PUSHES_WAIT_S):
                while any(self._pushes[document] for document in documents):
                    self._push_ended.clear()
                    await self._push_ended.wait()
        except TimeoutError:
            raise OverloadedError("a push into the document is running") from None
