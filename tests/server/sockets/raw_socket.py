"""A websocket by hand, for clients that misbehave: it reads only when it is told to."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from typing import Self

from tests.server.sockets.client import DEADLINE_S, Message

_TEXT = 0x81
_CLOSE = 0x88


class RawSocket:
    """A connection whose small receive buffer is full soon, so that the server feels it."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.setblocking(False)
        self._read = bytearray()
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(DEADLINE_S):
            await self._loop.sock_connect(self._socket, self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        async with asyncio.timeout(DEADLINE_S):
            await self._loop.sock_sendall(self._socket, data)

    async def request(self, line: str, *headers: str, body: bytes = b"") -> bytes:
        """Send an HTTP request; returns the head of the answer."""
        host, port = self._address
        lines = [f"{line} HTTP/1.1", f"Host: {host}:{port}", *headers, "", ""]
        await self.send("\r\n".join(lines).encode() + body)
        while b"\r\n\r\n" not in self._read:
            await self._more()
        head, _, rest = bytes(self._read).partition(b"\r\n\r\n")
        self._read[:] = rest
        return head

    async def upgrade(self, path: str) -> None:
        """Become a websocket."""
        answer = await self.request(
            f"GET {path}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==",
        )
        assert answer.startswith(b"HTTP/1.1 101"), answer

    async def send_text(self, text: str) -> None:
        """Send a text frame."""
        await self.send(frame(text.encode()))

    async def flood(self, frames: bytes, size: int) -> int:
        """Send frames again and again until the other side takes no more of them.

        Returns:
            How many bytes it took, at most about `size`.
        """
        block = frames * 64
        taken = 0
        try:
            while taken < size:
                async with asyncio.timeout(1.0):
                    await self._loop.sock_sendall(self._socket, block)
                taken += len(block)
        except TimeoutError:
            pass
        return taken

    async def messages_until(self, revision: str) -> AsyncIterator[Message]:
        """Read messages, the last of which brings this revision."""
        while True:
            opcode, payload = await self._frame()
            if opcode != _TEXT:
                continue
            message: Message = json.loads(payload)
            yield message
            if message.get("revision") == revision:
                return

    async def close_code(self) -> int:
        """Read on until the server closes; returns the code that it gives."""
        while True:
            opcode, payload = await self._frame()
            if opcode == _CLOSE:
                return int.from_bytes(payload[:2])

    async def _frame(self) -> tuple[int, bytes]:
        opcode, length = await self._take(2)
        if length == 126:
            length = int.from_bytes(await self._take(2))
        elif length == 127:
            length = int.from_bytes(await self._take(8))
        return opcode, await self._take(length)

    async def rest(self) -> bytes:
        """Read until the server closes."""
        try:
            while True:
                await self._more()
        except ConnectionError:
            return bytes(self._read)

    async def _take(self, size: int) -> bytes:
        while len(self._read) < size:
            await self._more()
        taken = bytes(self._read[:size])
        del self._read[:size]
        return taken

    async def _more(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            data = await self._loop.sock_recv(self._socket, 2**20)
        if not data:
            raise ConnectionResetError("the server has closed the connection")
        self._read += data


def frame(payload: bytes, opcode: int = _TEXT) -> bytes:
    """One masked frame, as clients send them."""
    size = len(payload)
    if size < 126:
        head = bytes([opcode, 0x80 | size])
    elif size < 2**16:
        head = bytes([opcode, 0x80 | 126]) + size.to_bytes(2)
    else:
        head = bytes([opcode, 0x80 | 127]) + size.to_bytes(8)
    mask = os.urandom(4)
    repeated = mask * (size // 4 + 1)
    masked = int.from_bytes(payload) ^ int.from_bytes(repeated[:size])
    return head + mask + masked.to_bytes(size)
