"""Serves a request where its document is: here, or at the node that owns it.

    reached node                                    owner
    authorize ─▶ pass_to_owner ─▶ requests, sockets ─▶ ... authorize ─▶ pass_to_owner ─▶ handler

A request is passed on once. The node that receives it owns the document, takes it, or refuses.
After a refusal the first node asks the database again, or has the client reconnect.
"""

import logging

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

_NEEDS = (Need.VIEW, Need.EDIT, Need.MANAGE, Need.PUSH, Need.SOCKET)
_LINKS = "/api/documents/{document}/links"  # which no document has
_TRIES = 2
_ELSEWHERE = "another node serves the document, and cannot be reached"
_REFUSAL = "The server cannot do this at the moment: {}. Try again later."


@web.middleware
async def pass_to_owner(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have a request about a document served by the node that owns it."""
    owners = request.app[HUB].owners
    if not owners.are_shared or not await _is_about_a_document(request):
        return await handler(request)
    document = current_name(request)
    for tried in range(_TRIES):
        try:
            # What is sent once only is sent to whom the database names now.
            url = await owners.find(document, may_be_old=not (tried or request.body_exists))
        except OverloadedError as problem:
            return await _refuse(request, str(problem))
        except JournalError as problem:
            if need_of(request) is not Need.SOCKET:
                raise
            _log.error("%s cannot be served: %s", document, problem)
            break
        if not url:
            with owners.using(document):
                return await handler(request)
        if ORIGINAL in request:
            return await _refuse(request, "another node owns the document")
        try:
            return await _pass(request, url)
        except NotServedError:
            owners.forget(document)
            if request.body_exists:
                break
    return await _refuse(request, _ELSEWHERE)


async def _pass(request: web.Request, url: str) -> web.StreamResponse:
    headers = headers_for(_original(request), request.app[HUB].journal.secret)
    if need_of(request) is Need.SOCKET:
        return await pass_websocket(request, url, headers)
    return await pass_request(request, url, headers)


async def _is_about_a_document(request: web.Request) -> bool:
    """Return whether the owner of a document must serve a request."""
    need = need_of(request)
    if need not in _NEEDS or (route_of(request) or "").startswith(_LINKS):
        return False
    if need is Need.SOCKET:
        is_moved = request.app[FOLDER].catalog.moved_to(name_in(request)) is not None
        if is_moved or not web.WebSocketResponse().can_prepare(request):
            return False
        return await closing_code(request) is None  # else the connection is closed here
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


async def _refuse(request: web.Request, why: str) -> web.StreamResponse:
    """Answer that the client, or the node that passed the request on, should try again."""
    if need_of(request) is Need.SOCKET and ORIGINAL not in request:
        websocket = web.WebSocketResponse(compress=False)
        await websocket.prepare(request)
        await websocket.close(code=CloseCode.MOVED, message=b"the document is being moved")
        return websocket
    refusal = unavailable(_REFUSAL.format(why))
    if ORIGINAL in request:
        refusal.headers[REFUSED] = "1"
    raise refusal
