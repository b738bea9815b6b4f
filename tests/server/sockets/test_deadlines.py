"""Connections that take their time: for a head, for a body, and for a response."""

import asyncio
from contextlib import suppress
from io import BytesIO

import pytest

from server.http import deadlines
from server.http.deadlines import DEADLINES
from tests.server.sockets.harness import Serve, Served, eventually
from tests.server.sockets.raw_socket import RawSocket


def look(server: Served, after_s: float) -> None:
    """Look at the connections as if this much time had passed."""
    web_server = server._runner.server
    assert web_server is not None
    server.app[DEADLINES].look(web_server, after_s)


@pytest.mark.parametrize("head", [b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"])
async def test_a_connection_without_a_complete_head_is_closed(server: Served, head: bytes) -> None:
    ann = await server.join()
    async with RawSocket(*server.address) as idle, RawSocket(*server.address) as kept:
        await idle.send(head)
        answer = await kept.request("GET /healthz", "Connection: keep-alive")
        assert b" 200 " in answer
        await ann.pong()
        for after_s in (0.0, 14.0):
            look(server, after_s)
        await ann.pong()
        look(server, 16.0)
        assert await idle.rest() == b""
        assert b" 200 " in await kept.request("GET /healthz")
    await ann.pong()


async def test_a_response_that_is_not_taken_is_given_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "LEAST_BYTES_PER_S", 10**9)
    server = await serve(pong_wait_s=0.3, document_bytes_max=2**25, frame_bytes_max=2**26)
    headers = {"Content-Type": "text/plain"}
    url = f"{server.url}/d/notes/raw"
    text = b"x" * 2**23  # more than all buffers hold
    async with server.http.put(url, data=BytesIO(text), headers=headers) as put:
        assert put.status == 201
    web_server = server._runner.server
    assert web_server is not None
    async with RawSocket(*server.address) as slow:
        assert b" 200 " in await slow.request("GET /d/notes/raw")
        opened = set(web_server.connections)
        await eventually(lambda: set(web_server.connections) < opened, "it is cut off")
        assert len(await slow.rest()) < len(text)


@pytest.mark.parametrize(
    ("address", "kind", "method"),
    [
        ("d/notes/raw", "text/plain", "PUT"),
        ("notes.git/git-upload-pack", "application/x-git-upload-pack-request", "POST"),
        ("notes.git/git-receive-pack", "application/x-git-receive-pack-request", "POST"),
    ],
)
async def test_a_body_that_comes_too_slowly_is_given_up(
    serve: Serve, address: str, kind: str, method: str
) -> None:
    server = await serve(pong_wait_s=0.4)
    await (await server.join()).edit("one\n")
    head = f"{method} /{address} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
    reader, writer = await asyncio.open_connection(*server.address)
    writer.write(f"{head}Content-Length: 100000\r\n\r\n".encode())
    answering = asyncio.create_task(reader.readline())
    while not answering.done():  # a byte at a time is no silence, but too slow
        writer.write(b"x")
        await asyncio.wait([answering], timeout=0.05)
    assert b" 408 " in answering.result()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
