"""Git over smart HTTP: clone and fetch, by Git's own `upload-pack`.

Every protocol version works, also shallow and partial clones. The number of processes and their
time are limited, and a process ends when its client disconnects. For `git push` see
`server.http.git_push`.
"""

import asyncio
from asyncio.subprocess import PIPE, Process

from aiohttp import web

from server.git.objects import DELTA_DEPTH_MAX
from server.http.access import document_of
from server.http.app_keys import CONFIG, FOLDER, GIT_PROCESSES, HUB
from server.http.git_backend import BLOCK_BYTES, response_for, run_service, stream_output
from server.http.git_push import advertise_push

_SERVICE = "upload-pack"
_CONTENT_TYPE = f"application/x-git-{_SERVICE}-request"
_REQUEST_BYTES_MAX = 16 * 1024 * 1024  # of a negotiation; ordinary ones have a few KB

_SETTINGS = (
    "safe.directory=*",  # a mounted data folder may belong to another user
    f"pack.depth={DELTA_DEPTH_MAX}",  # with less it would split our delta chains
    "uploadpack.allowFilter=true",
    "uploadpack.allowAnySHA1InWant=true",  # a partial clone asks for single blobs later
)


def routes() -> list[web.RouteDef]:
    return [
        web.get("/{document}.git/info/refs", advertise),
        # What people paste: the address of the page, or one without `.git`.
        web.get("/d/{document}.git/info/refs", redirect),
        web.get("/d/{document}/info/refs", redirect),
        web.get("/{document}/info/refs", redirect),
        web.post("/{document}.git/git-upload-pack", upload_pack),
    ]


async def redirect(request: web.Request) -> web.StreamResponse:
    """Send Git to the repository's address. It goes on there, and stores the one it was given."""
    address = request.url.with_path(f"/{document_of(request)}.git/info/refs", keep_query=True)
    raise web.HTTPMovedPermanently(address.relative())


async def advertise(request: web.Request) -> web.StreamResponse:
    """Answer with the refs: the first request of every clone, fetch and push."""
    match request.query.get("service"):
        case "git-upload-pack":
            return await _serve(request, b"")
        case "git-receive-pack":
            return await advertise_push(request)
        case _:
            raise web.HTTPForbidden(text="This server speaks smart HTTP only; use a newer Git.\n")


async def upload_pack(request: web.Request) -> web.StreamResponse:
    """Answer with the pack that the client asks for."""
    # Browsers send this type to their own origin only: no foreign page can start a process.
    if request.content_type != _CONTENT_TYPE:
        raise web.HTTPUnsupportedMediaType(text="This address is for git clone and git fetch.\n")
    try:
        async with asyncio.timeout(request.app[CONFIG].git_wait_s):
            body = await _body(request)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="The request did not arrive in time.\n") from None
    return await _serve(request, body)


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        body += block
        if len(body) > _REQUEST_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(_REQUEST_BYTES_MAX, len(body))
    return bytes(body)


async def _serve(request: web.Request, body: bytes) -> web.StreamResponse:
    """Run `upload-pack` for one request and stream its output."""
    document = document_of(request)
    folder = request.app[FOLDER]
    await request.app[HUB].checkpoint(document)
    if not folder.exists(document):
        raise web.HTTPNotFound(text=f"There is no document {document!r} here yet.\n")
    response = response_for(request, _SERVICE)
    path = folder.repository_path(document)
    try:
        async with (
            asyncio.timeout(request.app[CONFIG].git_wait_s),
            request.app[GIT_PROCESSES],
            run_service(request, _SERVICE, path, settings=_SETTINGS, stdin=PIPE) as process,
        ):
            await _exchange(request, response, process, body)
    except TimeoutError:
        if not response.prepared:
            raise web.HTTPServiceUnavailable(
                text="The server is overloaded; try again later.\n"
            ) from None
        if request.transport is not None:
            request.transport.abort()  # a truncated response must not look complete
    except ConnectionError:
        pass  # the client has gone
    return response


async def _exchange(
    request: web.Request, response: web.StreamResponse, process: Process, body: bytes
) -> None:
    assert process.stdin is not None
    feeding = asyncio.create_task(_feed(process.stdin, body))
    try:
        await stream_output(request, response, _SERVICE, process)
    finally:
        feeding.cancel()


async def _feed(stdin: asyncio.StreamWriter, body: bytes) -> None:
    try:
        if not stdin.is_closing():  # uvloop refuses to write to a closed pipe
            stdin.write(body)
            await stdin.drain()
    except ConnectionError:
        pass  # it stopped reading; its output says why
    finally:
        stdin.close()
