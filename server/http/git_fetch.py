"""Git over smart HTTP: clone and fetch, by Git's own `upload-pack`.

Every protocol version works, also shallow and partial clones. The number of processes, their time
and memory are limited, and a process ends when its client disconnects. For `git push` see
`server.http.git_push`.
"""

import asyncio
from typing import IO

from aiohttp import web

from server.git.objects import DELTA_DEPTH_MAX
from server.http.addresses import relative
from server.http.app_keys import CONFIG, FOLDER, GIT_PROCESSES, HUB
from server.http.bodies import received_body
from server.http.budgets import who_of
from server.http.documents import current_name, document_of, name_in
from server.http.git_backend import (
    COMMON,
    Service,
    output_file,
    response_for,
    send_output,
    service_line,
    stop,
)
from server.http.git_push import advertise_push
from server.support.tasks import finish

_SERVICE = "upload-pack"
_CONTENT_TYPE = f"application/x-git-{_SERVICE}-request"
_REQUEST_BYTES_MAX = 4 * 1024 * 1024  # of a negotiation; ordinary ones have a few KB

_SETTINGS = (
    *COMMON,
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
    """Redirect Git to the repository's address. It continues there, but stores this one.

    This reveals nothing, and comes before Git is asked for a password, see `upload_pack`.
    """
    target = f"{name_in(request)}.git/info/refs?{request.rel_url.raw_query_string}"
    raise web.HTTPMovedPermanently(relative(request, target))


async def advertise(request: web.Request) -> web.StreamResponse:
    """Answer with the refs: the first request of every clone, fetch and push."""
    match request.query.get("service"):
        case "git-upload-pack":
            return await _serve(request, await _repository(request, document_of(request)), None)
        case "git-receive-pack":
            return await advertise_push(request)
        case _:
            raise web.HTTPForbidden(text="This server speaks smart HTTP only; use a newer Git.\n")


async def upload_pack(request: web.Request) -> web.StreamResponse:
    """Answer with the pack that the client asks for."""
    # Browsers send this type to their own origin only: no foreign page can start a process.
    if request.content_type != _CONTENT_TYPE:
        raise web.HTTPUnsupportedMediaType(text="This address is for git clone and git fetch.\n")
    # A former name is served here: Git follows a redirect of its first request only, and not of the
    # one that it repeats with a password.
    service = await _repository(request, current_name(request))  # before the body is read
    async with received_body(request, _REQUEST_BYTES_MAX) as body:
        return await _serve(request, service, body.file)


async def _repository(request: web.Request, document: str) -> Service:
    """Return the service for a document, with everything in its repository."""
    folder = request.app[FOLDER]
    await request.app[HUB].checkpoint(document)
    if not await asyncio.to_thread(folder.exists, document):
        raise web.HTTPNotFound(text=f"There is no document {document!r} here yet.\n")
    return Service(_SERVICE, folder.repository_path(document), _SETTINGS)


async def _serve(
    request: web.Request, service: Service, body: IO[bytes] | None
) -> web.StreamResponse:
    """Run `upload-pack` for one request, and send its output."""
    response = response_for(request, _SERVICE)
    async with output_file(request) as output:
        writing = asyncio.create_task(_write(request, service, output, body))
        try:
            head = service_line(request, _SERVICE)
            await send_output(request, response, head, output, writing)
        finally:
            await finish(stop(writing))
    return response


async def _write(
    request: web.Request, service: Service, output: IO[bytes], body: IO[bytes] | None
) -> None:
    async with (
        asyncio.timeout(request.app[CONFIG].git_wait_s),
        request.app[GIT_PROCESSES].of(who_of(request)),
    ):
        await service.run(request, output, body)
