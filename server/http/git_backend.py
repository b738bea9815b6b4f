"""One of Git's own servers (`upload-pack`, `receive-pack`) as a subprocess, for one HTTP request.

What it says is passed on at the client's pace. It does not outlive the request: a push that has
begun is let go on to its end, by its caller.
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
_END_WAIT_S = 2.0  # for a process to tidy up behind itself


@asynccontextmanager
async def run_service(
    request: web.Request,
    service: str,
    repository: Path,
    *,
    settings: Sequence[str],
    given: BinaryIO | int = DEVNULL,
    environment: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> AsyncIterator[Process]:
    """Run the service for one request, stateless as HTTP is.

    Args:
        request: a GET asks for what there is (the first request of every fetch and push).
        service: `upload-pack` or `receive-pack`.
        repository: the bare repository.
        settings: of Git, as `name=value`.
        given: what it reads.
        environment: more variables for it.
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
        stdin=given,
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
    """End it with its children: `upload-pack` leaves the work to others, who would work on."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # it removes what was half received
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_WAIT_S):
            await process.communicate()  # to its end, or the pipe would stay open
            return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.communicate()


def response_for(request: web.Request, service: str) -> web.StreamResponse:
    """The head of an answer to this request."""
    part = "advertisement" if request.method == "GET" else "result"
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = f"application/x-git-{service}-{part}"
    return response


def heading(request: web.Request, service: str) -> bytes:
    """What comes before what the service says at first; gitprotocol-http(5)."""
    if request.headers.get("Git-Protocol") == "version=2":
        return b""
    line = f"# service=git-{service}\n".encode()
    return b"%04x%s0000" % (len(line) + 4, line)


async def pass_on(
    request: web.Request, response: web.StreamResponse, service: str, process: Process
) -> None:
    """Stream what the service says to the client."""
    assert process.stdout is not None
    await response.prepare(request)
    if request.method == "GET":
        await response.write(heading(request, service))
    while block := await process.stdout.read(BLOCK_BYTES):
        await response.write(block)
