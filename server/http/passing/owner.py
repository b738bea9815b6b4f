"""Serves a request where its document is: here, or at the node that owns it.

    reached node                                    owner
    authorize ─▶ pass_to_owner ─▶ requests, sockets ─▶ ... authorize ─▶ pass_to_owner ─▶ handler

A request is passed on once. Whoever gets it that way owns the document, takes it, or refuses; then
the reached node asks the database again, or has the client come back.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from server.http.addresses import route_of
from server.http.app_keys import FOLDER, HUB
from server.http.documents import current_name, name_in
from server.http.forwarded import PEER, PREFIX
from server.http.identity import identity_of
from server.http.needs import Need, need_of
from server.http.passing.original import ORIGINAL, REFUSED, Original, headers_for
from server.http.passing.requests import NotServedError, pass_request
from server.http.passing.sockets import pass_websocket
from server.http.responses import unavailable
from server.http.rights import closing_code
from server.hub.gate import OverloadedError
from server.protocol import CloseCode
from server.storage.journal import JournalError

_log = logging.getLogger(__name__)

_Pass = Callable[[web.Request, str, Mapping[str, str]], Awaitable[web.StreamResponse]]
_NEEDS = (Need.VIEW, Need.EDIT, Need.MANAGE, Need.PUSH, Need.SOCKET)
_LINKS = "/api/documents/{document}/links"  # which no document has
_TRIES = 2
_ELSEWHERE = "Another node serves this document, and cannot at the moment. Try again later."


@web.middleware
async def pass_to_owner(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve a request that is about a document at the node which owns it."""
    owners = request.app[HUB].owners
    if not owners.are_shared or not await _is_about_a_document(request):
        return await handler(request)
    document = current_name(request)
    is_socket = need_of(request) is Need.SOCKET
    passed: _Pass = pass_websocket if is_socket else pass_request
    try:
        for tried in range(_TRIES):
            # What is sent once only is sent to whom the database names now.
            url = await owners.find(document, may_be_old=not (tried or request.body_exists))
            if not url:
                with owners.using(document):
                    return await handler(request)
            if ORIGINAL in request:
                raise OverloadedError("another node owns the document")  # noqa: TRY301
            try:
                return await passed(request, url, headers_for(_original(request), _secret(request)))
            except NotServedError:
                owners.forget(document)
                if request.body_exists:
                    break
    except OverloadedError as problem:
        return await _refuse(request, is_socket=is_socket, why=str(problem))
    except JournalError as problem:
        if not is_socket:
            raise
        _log.error("%s cannot be served: %s", document, problem)
    return await _refuse(request, is_socket=is_socket, why=_ELSEWHERE)


async def _is_about_a_document(request: web.Request) -> bool:
    """Return whether the owner of a document must serve a request."""
    need = need_of(request)
    if need not in _NEEDS or (route_of(request) or "").startswith(_LINKS):
        return False
    if need is Need.SOCKET:
        is_moved = request.app[FOLDER].catalog.moved_to(name_in(request)) is not None
        if is_moved or not web.WebSocketResponse().can_prepare(request):
            return False
        return await closing_code(request) is None  # else it is told so here
    return True


def _original(request: web.Request) -> Original:
    return Original(
        peer=request[PEER],
        remote=request.remote or "",
        scheme=request.scheme,
        host=request.host,
        prefix=request.get(PREFIX, ""),
        who=identity_of(request).who,
    )


def _secret(request: web.Request) -> bytes:
    return request.app[HUB].journal.secret


async def _refuse(request: web.Request, *, is_socket: bool, why: str) -> web.StreamResponse:
    """Have the client, or the node that has passed the request on, come back."""
    if is_socket and ORIGINAL not in request:
        websocket = web.WebSocketResponse(compress=False)
        await websocket.prepare(request)
        await websocket.close(code=CloseCode.MOVED, message=b"the document is being moved")
        return websocket
    refusal = unavailable(why)
    if ORIGINAL in request:
        refusal.headers[REFUSED] = "1"
    raise refusal
