"""Git over smart HTTP: clone and fetch, by Git's own `upload-pack` as a subprocess.

Any protocol version, shallow and partial clones. The number of processes and their time are
limited, and a process ends when its client goes. Pushing is refused with a friendly word.
"""

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from server.app_keys import CONFIG, FOLDER, GIT_PROCESSES, HUB
from server.data_folder import is_document_name
from server.git_process import ENVIRONMENT
from server.upkeep import DEPTH

_BLOCK_BYTES = 64 * 1024
_REQUEST_BYTES_MAX = 16 * 1024 * 1024  # of a fetch's negotiation; an ordinary one has a few KB
_PROTOCOL = re.compile(r"version=[012]")

_SETTINGS = (
    "safe.directory=*",  # a mounted data folder may belong to another user
    f"pack.depth={DEPTH}",  # with less it would take our chains of deltas apart
    "uploadpack.allowFilter=true",
    "uploadpack.allowAnySHA1InWant=true",  # a partial clone asks for single blobs later
)
_NO_PUSH = (
    "This server takes no pushes yet. What is typed in the browser becomes a commit on master\n"
    "at once, and `git pull` brings it.\n"
)


def routes() -> list[web.RouteDef]:
    return [
        web.get("/{document}.git/info/refs", advertise),
        web.post("/{document}.git/git-upload-pack", upload_pack),
        web.post("/{document}.git/git-receive-pack", refuse_push),
    ]


async def advertise(request: web.Request) -> web.StreamResponse:
    """What there is to fetch: the first request of every clone and fetch."""
    service = request.query.get("service")
    if service == "git-receive-pack":
        return await refuse_push(request)
    if service != "git-upload-pack":
        raise web.HTTPForbidden(text="This server speaks smart HTTP only; use a newer Git.\n")
    return await _serve(request, "advertisement", b"")


async def upload_pack(request: web.Request) -> web.StreamResponse:
    """The pack that a client asks for."""
    return await _serve(request, "result", await _body(request))


async def refuse_push(_: web.Request) -> web.StreamResponse:
    raise web.HTTPForbidden(text=_NO_PUSH)


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for block in request.content.iter_chunked(_BLOCK_BYTES):
        body += block
        if len(body) > _REQUEST_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(_REQUEST_BYTES_MAX, len(body))
    return bytes(body)


async def _serve(request: web.Request, part: str, body: bytes) -> web.StreamResponse:
    """Run `upload-pack` for one request and pass on what it says."""
    document = request.match_info["document"]
    folder = request.app[FOLDER]
    await request.app[HUB].checkpoint(document)
    if not is_document_name(document) or not folder.exists(document):
        raise web.HTTPNotFound(text=f"There is no document {document!r} here yet.\n")
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = f"application/x-git-upload-pack-{part}"
    try:
        async with (
            asyncio.timeout(request.app[CONFIG].git_wait_s),
            request.app[GIT_PROCESSES],
            _upload_pack(request, str(folder.repository_path(document)), part) as process,
        ):
            await _pass_on(request, response, process, body)
    except TimeoutError:
        if not response.prepared:
            raise web.HTTPServiceUnavailable(text="Too much to do; try again later.\n") from None
        if request.transport is not None:
            request.transport.abort()  # half an answer must not look like a whole one
    return response


@asynccontextmanager
async def _upload_pack(request: web.Request, path: str, part: str) -> AsyncIterator[Process]:
    """Git's own server, which does not outlive the request."""
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    advertise = ["--http-backend-info-refs"] if part == "advertisement" else []
    protocol = request.headers.get("Git-Protocol", "")
    environment = dict(ENVIRONMENT)
    if _PROTOCOL.fullmatch(protocol):
        environment["GIT_PROTOCOL"] = protocol
    command = ["git", *settings, "upload-pack", "--stateless-rpc", *advertise, path]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        yield process
        await process.wait()
    finally:
        if process.returncode is None:
            _kill_with_children(process)
            await process.communicate()  # to its end, or the pipe would stay open


def _kill_with_children(process: Process) -> None:
    """`upload-pack` leaves the work to `pack-objects`, which would pack on for nobody."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _pass_on(
    request: web.Request, response: web.StreamResponse, process: Process, body: bytes
) -> None:
    """Feed the request in and stream the answer out, at the client's pace."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_feed(process.stdin, body))
            await response.prepare(request)
            if request.method == "GET" and request.headers.get("Git-Protocol") != "version=2":
                await response.write(b"001e# service=git-upload-pack\n0000")
            while block := await process.stdout.read(_BLOCK_BYTES):
                await response.write(block)
    except* ConnectionError:
        _kill_with_children(process)  # the client has gone, and the rest is for nobody


async def _feed(stdin: asyncio.StreamWriter, body: bytes) -> None:
    try:
        if not stdin.is_closing():  # uvloop does not take a write to a pipe that is closed
            stdin.write(body)
            await stdin.drain()
    except ConnectionError:
        pass  # it has heard enough; what it said is in its answer
    finally:
        stdin.close()
