"""One of Git's own servers (`upload-pack`, `receive-pack`) as a subprocess, for one HTTP request.

Its output is streamed at the client's pace. The process does not outlive the call; that a push
which has begun runs to completion is up to the caller.
"""

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from server.git.process import ENVIRONMENT
from server.support.tasks import finish

BLOCK_BYTES = 64 * 1024

_PROTOCOL = re.compile(r"version=[012]")
_END_WAIT_S = 2.0  # for a process to remove its temporary files


@asynccontextmanager
async def run_service(
    request: web.Request,
    service: str,
    repository: Path,
    *,
    settings: Sequence[str],
    stdin: BinaryIO | int = DEVNULL,
    environment: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> AsyncIterator[Process]:
    """Run the service for one request; smart HTTP is stateless.

    Args:
        request: a GET asks for the refs (the first request of every fetch and push).
        service: `upload-pack` or `receive-pack`.
        repository: the bare repository.
        settings: Git settings, as `name=value`.
        stdin: its input.
        environment: additional variables.
        descriptors: file descriptors that it and its children inherit.
    """
    protocol = request.headers.get("Git-Protocol", "")
    version = {"GIT_PROTOCOL": protocol} if _PROTOCOL.fullmatch(protocol) else {}
    process = await asyncio.create_subprocess_exec(
        "git",
        *(word for setting in settings for word in ("-c", setting)),
        service,
        "--stateless-rpc",
        *(["--http-backend-info-refs"] if request.method == "GET" else []),
        str(repository),
        stdin=stdin,
        stdout=PIPE,
        stderr=DEVNULL,
        env={**ENVIRONMENT, **version, **(environment or {})},
        pass_fds=descriptors,
        start_new_session=True,
    )
    try:
        yield process
        await process.wait()
    finally:
        await finish(_end(process))


async def _end(process: Process) -> None:
    """End a process and its children: `upload-pack` starts others, which would go on."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # it then removes a partial upload
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_WAIT_S):
            await process.communicate()  # read to the end, or the pipe stays open
            return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.communicate()


def response_for(request: web.Request, service: str) -> web.StreamResponse:
    """Return a response with the headers for this request, to be streamed."""
    part = "advertisement" if request.method == "GET" else "result"
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = f"application/x-git-{service}-{part}"
    return response


def service_line(request: web.Request, service: str) -> bytes:
    """Return what precedes the list of refs in a response; see gitprotocol-http(5)."""
    if request.headers.get("Git-Protocol") == "version=2":
        return b""
    line = f"# service=git-{service}\n".encode()
    return b"%04x%s0000" % (len(line) + 4, line)


async def stream_output(
    request: web.Request, response: web.StreamResponse, service: str, process: Process
) -> None:
    """Stream the output of the service to the client."""
    assert process.stdout is not None
    await response.prepare(request)
    if request.method == "GET":
        await response.write(service_line(request, service))
    while block := await process.stdout.read(BLOCK_BYTES):
        await response.write(block)
