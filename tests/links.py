"""A network connection that can be cut: it passes on bytes, unless it refuses or loses them.

A link listens at an address of its own, and connects each connection to where it leads.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

Address = tuple[str, int] | Path  # or a Unix socket

_BLOCK_BYTES = 65536
_FAILURES = (OSError, asyncio.IncompleteReadError)


class Link:
    """Passes on what arrives.

    Attributes:
        to: where it leads; may change.
        has_reset: whether a connection was reset by `reset_at`.
        held: what was sent since it was silently cut, and did not arrive yet.
    """

    def __init__(self, to: Address | None = None) -> None:
        self.to = to
        self.held = b""
        self.has_reset = asyncio.Event()
        self._reset_at: tuple[bytes, int] | None = None
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, at: tuple[str, int]) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._accept, *at)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self, *, silently: bool) -> None:
        """Reset all connections and refuse new ones; or pass on nothing, as a broken cable."""
        self._is_open.clear()
        self._refuses = not silently
        if self._refuses:
            self._abort()

    def mend(self) -> None:
        """Pass on again: also what was sent meanwhile, which TCP sends again."""
        self._refuses = False
        self.held = b""
        self._is_open.set()

    def reset_at(self, text: bytes, later: int) -> None:
        """Reset the next connection that sends this text: `later` blocks later."""
        self._reset_at = (text, later)
        self.has_reset.clear()

    async def close(self) -> None:
        """End all connections, and listen no more."""
        if self._server:
            self._server.close()
        self._abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connect(reader, writer), name="link")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses or self.to is None:
            writer.transport.abort()
            return
        ends = {writer}
        self._writers.add(writer)
        try:
            with suppress(*_FAILURES):
                await self._is_open.wait()
                if isinstance(self.to, Path):
                    other = await asyncio.open_unix_connection(str(self.to))
                else:
                    other = await asyncio.open_connection(*self.to)
                ends.add(other[1])
                self._writers.add(other[1])
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._pass(self._until_reset(reader), other[1]))
                    tasks.create_task(self._pass(_blocks(other[0]), writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()

    async def _until_reset(self, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
        """Yield what comes, until the connection is to be reset."""
        left = -1
        async for block in _blocks(reader):
            if self._reset_at and left < 0 and self._reset_at[0] in block:
                left = self._reset_at[1] + 1
            left -= 1
            if left == 0 and not self.has_reset.is_set():
                self.has_reset.set()
                self._reset_at = None
                return
            yield block

    async def _pass(self, blocks: AsyncIterator[bytes], writer: asyncio.StreamWriter) -> None:
        with suppress(*_FAILURES):
            async for block in blocks:
                if not self._is_open.is_set():
                    self.held += block
                    await self._is_open.wait()
                writer.write(block)
                await writer.drain()
        await self._is_open.wait()  # nobody learns of an end either
        writer.close()  # what was written is sent first


async def _blocks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while block := await reader.read(_BLOCK_BYTES):
        yield block
