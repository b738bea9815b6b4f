"""Passes a websocket on to another node as bytes: frames, pings and close codes as they are.

    client ◀─▶ transport ◀─▶ _Half │ _Half ◀─▶ transport ◀─▶ owner

Back pressure: what one end does not take is not read from the other. aiohttp has read the request
of the handshake; the response is the owner's.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message
from http.client import parse_headers
from io import BytesIO
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from aiohttp import web

from server.http.app_keys import CONFIG
from server.http.budgets import in_progress
from server.http.passing.nodes import CONNECT_S, NODES, GoneError
from server.http.passing.original import PREFIX, REFUSED
from server.http.passing.requests import NotServedError

_ANSWER_S = 5.0
_ANSWER_BYTES_MAX = 64 * 1024
_HEAD_END = b"\r\n\r\n"
_SWITCHING = 101


class _Answer(NamedTuple):
    """A response to the handshake; `received` is the whole response."""

    status: int
    headers: Message
    body: bytes
    received: bytes


class _Half(asyncio.Protocol):
    """One end of a tunnel: what arrives here is written to the other end."""

    def __init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.other: _Half | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self.other and self.other.transport:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        return False  # the transport is closed

    def pause_writing(self) -> None:
        if self.other and self.other.transport:
            with suppress(RuntimeError):  # it is closing
                self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other and self.other.transport:
            with suppress(RuntimeError):
                self.other.transport.resume_reading()

    def connection_lost(self, problem: Exception | None) -> None:
        del problem
        if not self.ended.done():
            self.ended.set_result(None)


class _Client(_Half):
    """The client's end, whose transport is taken over from aiohttp."""

    def __init__(self, request: web.Request) -> None:
        super().__init__()
        self._protocol = request.protocol
        self.transport = request.transport

    def connection_lost(self, problem: Exception | None) -> None:
        super().connection_lost(problem)
        self._protocol.connection_lost(problem)


class _Owner(_Half):
    """The owner's end, which answers the handshake first."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = asyncio.get_running_loop().create_future()
        self._received = b""

    def data_received(self, data: bytes) -> None:
        if self.answer.done():
            super().data_received(data)
            return
        self._received += data
        answer = _answer_in(self._received)
        if answer is not None:
            if self.transport:
                self.transport.pause_reading()  # until the client's transport is ours
            self.answer.set_result(answer)
        elif len(self._received) > _ANSWER_BYTES_MAX and self.transport:
            self.transport.abort()

    def connection_lost(self, problem: Exception | None) -> None:
        super().connection_lost(problem)
        if not self.answer.done():
            self.answer.set_exception(ConnectionResetError())


def _answer_in(received: bytes) -> _Answer | None:
    """Return the response at the beginning of what was received; None if it is not complete."""
    head, end, body = received.partition(_HEAD_END)
    if not end:
        return None
    line, _, rest = head.partition(b"\r\n")
    words = line.split()
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    headers = parse_headers(BytesIO(rest + end))
    length = headers.get("Content-Length", "0")
    if status != _SWITCHING and len(body) < (int(length) if length.isdigit() else 0):
        return None
    return _Answer(status, headers, body, received)


async def pass_websocket(
    request: web.Request, url: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Have another node serve a websocket; return its response if it refuses the handshake.

    Args:
        request: the request of the handshake.
        url: the URL of the node.
        headers: in addition to those of the client.

    Raises:
        NotServedError: it does not own the document, or cannot be reached.
        ConnectionResetError: the websocket has ended.
    """
    try:
        async with request.app[NODES].passing(url, is_websocket=True):
            return await _pass(request, url, headers)
    except GoneError:
        raise NotServedError from None


async def _pass(request: web.Request, url: str, headers: Mapping[str, str]) -> web.StreamResponse:
    owner = await _connected(url)
    assert owner.transport is not None
    try:
        owner.transport.write(_head(request, headers))
        async with asyncio.timeout(_ANSWER_S):
            answer: _Answer = await owner.answer
        if REFUSED in answer.headers:
            raise NotServedError
        if answer.status != _SWITCHING:
            return _response(answer)
        await _tunnel(request, owner, answer.received)
    except (TimeoutError, ConnectionError):
        raise NotServedError from None
    finally:
        owner.transport.close()
    raise ConnectionResetError  # so that aiohttp writes nothing more


async def _connected(url: str) -> _Owner:
    """Connect to a node.

    Raises:
        NotServedError: it cannot be reached.
    """
    parts = urlsplit(url)
    is_encrypted = parts.scheme == "https"
    port = parts.port or (443 if is_encrypted else 80)
    context = ssl.create_default_context() if is_encrypted else None
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_S):
            _, owner = await loop.create_connection(_Owner, parts.hostname or "", port, ssl=context)
    except (OSError, TimeoutError):
        raise NotServedError from None
    return owner


def _head(request: web.Request, added: Mapping[str, str]) -> bytes:
    lines = [f"GET {request.rel_url.raw_path_qs} HTTP/1.1".encode()]
    lines += [
        name + b": " + value
        for name, value in request.raw_headers
        if not name.lower().startswith(PREFIX.encode())
    ]
    lines += [f"{name}: {value}".encode() for name, value in added.items()]
    return b"\r\n".join(lines) + _HEAD_END


def _response(answer: _Answer) -> web.Response:
    kept = ("Content-Type", "Retry-After", "WWW-Authenticate", "Upgrade")
    headers = {name: answer.headers[name] for name in kept if name in answer.headers}
    return web.Response(status=answer.status, body=answer.body, headers=headers)


async def _tunnel(request: web.Request, owner: _Owner, received: bytes) -> None:
    """Pass bytes both ways until either end closes."""
    client = _Client(request)
    if client.transport is None or owner.transport is None:
        return
    in_progress(request).close()  # the owner counts it as a connection from now on
    client.other, owner.other = owner, client
    client.transport.set_protocol(client)
    client.transport.write(received)
    owner.transport.resume_reading()
    try:
        await asyncio.wait([client.ended, owner.ended], return_when=asyncio.FIRST_COMPLETED)
    finally:
        client.transport.close()  # what was written is sent first, if the client takes it
        wait_s = request.app[CONFIG].write_wait_s
        asyncio.get_running_loop().call_later(wait_s, client.transport.abort)
