"""One of Git's own servers (`upload-pack`, `receive-pack`) for one HTTP request.

    body ─▶ file ─▶ git upload-pack, receive-pack ─▶ file ─▶ response

The process runs at the speed of the disk, and its output is sent at the client's pace, also while
it still runs. So a client that reads slowly keeps a file, but neither a process nor its place.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryFile
from typing import IO

from aiohttp import web

from server.core.git_model import INTERNAL
from server.git.process import ENVIRONMENT
from server.http.app_keys import CONFIG, FOLDER
from server.http.bodies import BLOCK_BYTES
from server.support.programs import limited, running
from server.support.tasks import finish

# Settings for both services.
COMMON = (
    "safe.directory=*",  # a mounted data folder may belong to another user
    f"transfer.hideRefs={INTERNAL.rstrip('/')}",
    "core.alternateRefsCommand=true",  # a program that does nothing, whatever a repository names
    *("core.packedGitWindowSize=32m", "core.packedGitLimit=256m", "pack.threads=1"),  # for memory
)

_PROTOCOL = re.compile(r"version=[012]")
_LOOK_EVERY_S = 0.02  # for new output


@dataclass(frozen=True, slots=True)
class Service:
    """A service of Git on one repository.

    Attributes:
        name: `upload-pack` or `receive-pack`.
        repository: the bare repository.
        settings: Git settings, as `name=value`.
        environment: additional variables.
        descriptors: file descriptors that it and its children inherit.
    """

    name: str
    repository: Path
    settings: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()

    async def run(self, request: web.Request, output: IO[bytes], body: IO[bytes] | None) -> None:
        """Run it for one request; smart HTTP is stateless.

        Args:
            request: a GET asks for the refs (the first request of every fetch and push).
            output: the file for its output.
            body: the body of the request.
        """
        protocol = request.headers.get("Git-Protocol", "")
        version = {"GIT_PROTOCOL": protocol} if _PROTOCOL.fullmatch(protocol) else {}
        command = (
            "git",
            *(word for setting in self.settings for word in ("-c", setting)),
            self.name,
            "--stateless-rpc",
            *(["--http-backend-info-refs"] if request.method == "GET" else []),
            str(self.repository),
        )
        async with running(
            limited(command, request.app[CONFIG].git_memory_bytes_max),
            environment={**ENVIRONMENT, **version, **self.environment},
            stdin=DEVNULL if body is None else body,
            stdout=output,
            descriptors=self.descriptors,
        ) as program:
            await program.wait()


def response_for(request: web.Request, service: str) -> web.StreamResponse:
    """Return a response with the headers for this request, to be streamed."""
    part = "advertisement" if request.method == "GET" else "result"
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = f"application/x-git-{service}-{part}"
    return response


def service_line(request: web.Request, service: str) -> bytes:
    """Return what precedes the list of refs in a response; see gitprotocol-http(5)."""
    if request.method != "GET" or request.headers.get("Git-Protocol") == "version=2":
        return b""
    line = f"# service=git-{service}\n".encode()
    return b"%04x%s0000" % (len(line) + 4, line)


@asynccontextmanager
async def output_file(request: web.Request) -> AsyncIterator[IO[bytes]]:
    """Open a file without a name for the output of a service."""
    folder = request.app[FOLDER].path
    opening = asyncio.create_task(asyncio.to_thread(_new_file, folder))
    try:
        yield await asyncio.shield(opening)
    finally:
        await finish(_close(opening))


def _new_file(folder: Path) -> IO[bytes]:
    return TemporaryFile(dir=folder)


async def _close(opening: asyncio.Task[IO[bytes]]) -> None:
    file = await opening
    await asyncio.to_thread(file.close)


async def send_output(
    request: web.Request,
    response: web.StreamResponse,
    head: bytes,
    output: IO[bytes],
    writing: asyncio.Task[None],
) -> None:
    """Send the output of a service while it is written.

    Args:
        request: the request.
        response: the response, which is prepared with the first byte, or at the end.
        head: what precedes the output.
        output: the file that the service writes into.
        writing: ends with the service.

    Raises:
        web.HTTPServiceUnavailable: the service did not begin in time.
    """
    try:
        await _send(request, response, head, output, writing)
    except TimeoutError:
        if not response.prepared:
            raise web.HTTPServiceUnavailable(
                text="The server is overloaded; try again later.\n"
            ) from None
        if request.transport is not None:
            request.transport.abort()  # a truncated response must not look complete
    except ConnectionError:
        pass  # the client has gone


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    head: bytes,
    output: IO[bytes],
    writing: asyncio.Task[None],
) -> None:
    sent = 0
    while True:
        has_ended = writing.done()
        block = await asyncio.to_thread(os.pread, output.fileno(), BLOCK_BYTES, sent)
        if not block and not has_ended:
            await asyncio.wait([writing], timeout=_LOOK_EVERY_S)
            continue
        if not block:
            writing.result()
        sent += len(block)
        if not response.prepared:
            await response.prepare(request)
            block = head + block
        if block:
            async with asyncio.timeout(request.app[CONFIG].pong_wait_s):
                await response.write(block)
        elif has_ended:
            return


async def stop(writing: asyncio.Task[None]) -> None:
    """End the task that writes an output."""
    writing.cancel()
    await ended(writing)


async def ended(writing: asyncio.Task[None]) -> None:
    """Wait until the task that writes an output has ended, or failed."""
    await asyncio.wait([writing])
    if not writing.cancelled():
        writing.exception()  # `send_output` has raised it, unless its client had gone
