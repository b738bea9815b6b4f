"""Git over smart HTTP: clone and fetch, by Git's own `upload-pack`.

Any protocol version, shallow and partial clones. The number of processes and their time are
limited, and a process ends when its client goes. For `git push` see `server.http.git_push`.
"""

import asyncio
from asyncio.subprocess import PIPE, Process

from aiohttp import web

from server.core.names import is_document_name
from server.git.objects import DELTA_DEPTH_MAX
from server.http.app_keys import CONFIG, FOLDER, GIT_PROCESSES, HUB
from server.http.git_backend import BLOCK_BYTES, pass_on, response_for, run_service
from server.http.git_push import advertise_push

_SERVICE = "upload-pack"
_REQUEST_BYTES_MAX = 16 * 1024 * 1024  # of a fetch's negotiation; an ordinary one has a few KB

_SETTINGS = (
    "safe.directory=*",  # a mounted data folder may belong to another user
    f"pack.depth={DELTA_DEPTH_MAX}",  # with less it would take our chains of deltas apart
    "uploadpack.allowFilter=true",
    "uploadpack.allowAnySHA1InWant=true",  # a partial clone asks for single blobs later
)


def routes() -> list[web.RouteDef]:
    return [
        web.get("/{document}.git/info/refs", advertise),
        web.post("/{document}.git/git-upload-pack", upload_pack),
    ]


async def advertise(request: web.Request) -> web.StreamResponse:
    """What there is: the first request of every clone, fetch and push."""
    match request.query.get("service"):
        case "git-upload-pack":
            return await _serve(request, b"")
        case "git-receive-pack":
            return await advertise_push(request)
        case _:
            raise web.HTTPForbidden(text="This server speaks smart HTTP only; use a newer Git.\n")


async def upload_pack(request: web.Request) -> web.StreamResponse:
    """The pack that a client asks for."""
    return await _serve(request, await _body(request))


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        body += block
        if len(body) > _REQUEST_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(_REQUEST_BYTES_MAX, len(body))
    return bytes(body)


async def _serve(request: web.Request, body: bytes) -> web.StreamResponse:
    """Run `upload-pack` for one request and pass on what it says."""
    document = request.match_info["document"]
    folder = request.app[FOLDER]
    await request.app[HUB].checkpoint(document)
    if not is_document_name(document) or not folder.exists(document):
        raise web.HTTPNotFound(text=f"There is no document {document!r} here yet.\n")
    response = response_for(request, _SERVICE)
    path = folder.repository_path(document)
    try:
        async with (
            asyncio.timeout(request.app[CONFIG].git_wait_s),
            request.app[GIT_PROCESSES],
            run_service(request, _SERVICE, path, settings=_SETTINGS, given=PIPE) as process,
        ):
            await _feed_and_pass_on(request, response, process, body)
    except TimeoutError:
        if not response.prepared:
            raise web.HTTPServiceUnavailable(text="Too much to do; try again later.\n") from None
        if request.transport is not None:
            request.transport.abort()  # half an answer must not look like a whole one
    except ConnectionError:
        pass  # the client has gone, and the rest is for nobody
    return response


async def _feed_and_pass_on(
    request: web.Request, response: web.StreamResponse, process: Process, body: bytes
) -> None:
    assert process.stdin is not None
    feeding = asyncio.create_task(_feed(process.stdin, body))
    try:
        await pass_on(request, response, _SERVICE, process)
    finally:
        feeding.cancel()


async def _feed(stdin: asyncio.StreamWriter, body: bytes) -> None:
    try:
        if not stdin.is_closing():  # uvloop does not take a write to a pipe that is closed
            stdin.write(body)
            await stdin.drain()
    except ConnectionError:
        pass  # it has heard enough; what it said is in its answer
    finally:
        stdin.close()
