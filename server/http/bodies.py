"""The bodies of requests: received into memory or a file, at a least speed.

They are unpacked here, a block at a time: aiohttp would unpack all that has arrived, and a kilobyte
can be a megabyte.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar

import msgspec
from aiohttp import web

from server.core.budgets import Reason
from server.http.app_keys import CONFIG, FOLDER
from server.http.budgets import budget_of, too_many
from server.http.responses import DAMAGED, json_error
from server.http.rights import check_again
from server.support.tasks import finish

BLOCK_BYTES = 64 * 1024
LEAST_BYTES_PER_S = 1024  # of a body and of a response, on average: no byte a minute

_MEMORY_BYTES_MAX = BLOCK_BYTES  # of a body; a longer one goes into a file
_JSON_BYTES_MAX = 4096
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # what zlib calls them


_Struct = TypeVar("_Struct", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Body:
    """A received body: `size` bytes in a file, at its beginning."""

    file: IO[bytes]
    size: int

    @property
    def is_short(self) -> bool:
        """Whether it is in memory."""
        return self.size <= _MEMORY_BYTES_MAX


@asynccontextmanager
async def received_body(request: web.Request, bytes_max: int) -> AsyncIterator[Body]:
    """Receive the body of a request, at the pace that the budget of its sender allows.

    Args:
        request: the request.
        bytes_max: the size that is accepted.

    Yields:
        The body, until the end of the block.

    Raises:
        web.HTTPTooManyRequests: its sender has sent too much.
        web.HTTPRequestTimeout: the client stopped sending, or is too slow.
        web.HTTPRequestEntityTooLarge: the body is larger.
        web.HTTPException: the sender has no access any more.
    """
    owed_s = budget_of(request).use_bytes(0, time.monotonic())
    if owed_s:
        raise too_many(request, Reason.BYTES, owed_s)
    # In memory while it is short; the file has no name.
    file: IO[bytes] = SpooledTemporaryFile(_MEMORY_BYTES_MAX, dir=str(request.app[FOLDER].path))  # noqa: SIM115
    received = 0
    try:
        async for block in _unpacked(request, _blocks(request)):
            received += len(block)
            if received > bytes_max:
                raise web.HTTPRequestEntityTooLarge(bytes_max, received)
            if received > _MEMORY_BYTES_MAX:
                await asyncio.to_thread(file.write, block)
            else:
                file.write(block)
        await check_again(request)  # it may have taken an hour
        body = Body(file, received)
        if body.is_short:
            file.seek(0)
        else:
            await asyncio.to_thread(file.seek, 0)
        yield body
    finally:
        if received > _MEMORY_BYTES_MAX:
            await finish(asyncio.to_thread(file.close))
        else:
            file.close()


async def json_body(request: web.Request, decoder: msgspec.json.Decoder[_Struct]) -> _Struct:
    """Receive a body in JSON and decode it; an empty one has no fields.

    Raises:
        web.HTTPBadRequest: it is no such object.
    """
    async with received_body(request, _JSON_BYTES_MAX) as body:
        content = body.file.read()
    try:
        return decoder.decode(content or b"{}")
    except msgspec.MsgspecError as problem:
        raise json_error(web.HTTPBadRequest, f"The body is not understood: {problem}.") from None


async def _blocks(request: web.Request) -> AsyncIterator[bytes]:
    silence_s = request.app[CONFIG].pong_wait_s
    loop = asyncio.get_running_loop()
    budget = budget_of(request)
    slowest_until = loop.time() + silence_s
    try:
        while True:
            async with asyncio.timeout_at(min(loop.time() + silence_s, slowest_until)):
                block = await request.content.read(BLOCK_BYTES)
            if not block:
                return
            pause_s = budget.use_bytes(len(block), time.monotonic())
            slowest_until += len(block) / LEAST_BYTES_PER_S + pause_s
            yield block
            if pause_s:
                await asyncio.sleep(pause_s)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="The request did not arrive in time.\n") from None


async def _unpacked(request: web.Request, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Undo the content encoding, in blocks of limited size.

    Raises:
        web.HTTPUnsupportedMediaType: it is an unknown one.
        web.HTTPBadRequest: the body is damaged.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        async for block in blocks:
            yield block
        return
    if encoding not in _WINDOWS:
        raise web.HTTPUnsupportedMediaType(text="Send the body as it is, or with gzip.\n")
    unpacking = zlib.decompressobj(_WINDOWS[encoding])
    try:
        async for block in blocks:
            rest = block
            while rest:
                if unpacking.eof:
                    raise zlib.error("bytes behind the end")  # noqa: TRY301
                yield unpacking.decompress(rest, BLOCK_BYTES)
                rest = unpacking.unconsumed_tail or unpacking.unused_data
        if not unpacking.eof:
            raise zlib.error("no end")  # noqa: TRY301
    except zlib.error:
        raise web.HTTPBadRequest(text=DAMAGED) from None
