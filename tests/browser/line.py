"""A proxy between one window and the server: websockets on it can be held or cut.

A held websocket is like a bad network: nothing arrives, nothing is lost, and neither side notices.
Plain requests pass, so that a page can be reloaded while its websocket hangs, until it is dark.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import Self

_CHUNK_BYTES = 64 * 1024


class Line:
    """A proxy on a free port."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self._is_dark = False
        self._writers: set[StreamWriter] = set()
        self._sockets: set[StreamWriter] = set()

    @classmethod
    async def to(cls, server_port: int) -> Self:
        line = cls(server_port)
        line._listener = await asyncio.start_server(line._relay, "127.0.0.1", 0)
        return line

    @property
    def url(self) -> str:
        assert self._listener
        return f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    def hold(self) -> None:
        """Let nothing pass, in either direction."""
        self._flows.clear()

    def release(self) -> None:
        """Deliver what was held, and let everything pass."""
        self._flows.set()

    def cut(self) -> None:
        """Close the websockets, and every new one at once. Held data is lost."""
        self._is_cut = True
        for writer in self._sockets:
            writer.transport.abort()

    def darken(self) -> None:
        """Let nobody connect, as if the server had stopped."""
        self._is_dark = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = self._is_dark = False

    async def close(self) -> None:
        assert self._listener
        self.cut()
        self.release()
        self._listener.close()

    async def _relay(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n")
            is_socket = head.startswith(b"GET /ws")
            if not (self._is_dark or (is_socket and self._is_cut)):
                await self._connect(head, reader, writer, is_socket=is_socket)
        self._writers.discard(writer)
        writer.transport.abort()

    async def _connect(
        self, head: bytes, reader: StreamReader, writer: StreamWriter, *, is_socket: bool
    ) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        ends = {writer, server_writer} if is_socket else set()
        self._sockets |= ends
        try:
            server_writer.write(head)
            await asyncio.gather(
                self._pump(reader, server_writer, is_socket=is_socket),
                self._pump(server_reader, writer, is_socket=is_socket),
            )
        finally:
            self._sockets -= ends
            server_writer.transport.abort()

    async def _pump(self, reader: StreamReader, writer: StreamWriter, *, is_socket: bool) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                if is_socket:
                    await self._flows.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()
