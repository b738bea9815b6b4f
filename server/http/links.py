"""The addresses about links to a document: list, make and revoke them."""

import time

import msgspec
from aiohttp import web

from server.core.access.accounts import DAY_S, Link
from server.core.access.right import SHARED
from server.http.app_keys import ACCESS
from server.http.audit import audit_request, audited
from server.http.bodies import json_body
from server.http.documents import document_of
from server.http.identity import identity_of
from server.http.responses import json_error, json_response
from server.protocol.answers import LinkList, LinkState, NewLink
from server.storage.accounts import AccountError

_NEW_LINK = msgspec.json.Decoder(NewLink)


def routes() -> list[web.RouteDef]:
    links = "/api/documents/{document}/links"
    return [
        web.get(links, list_links),
        web.post(links, audited(make_link)),
        web.delete(f"{links}/{{id}}", audited(revoke_link)),
    ]


async def list_links(request: web.Request) -> web.Response:
    """List the links to a document, the newest first; their keys are not known."""
    document = document_of(request)
    return json_response(LinkList([_state(link) for link in _links(request, document)]))


async def make_link(request: web.Request) -> web.Response:
    """Make a link; only this answer has its key."""
    document = document_of(request)
    wanted = await json_body(request, _NEW_LINK)
    now = time.time()
    expires = now + wanted.expires_days * DAY_S if wanted.expires_days else None
    control = request.app[ACCESS]
    right, user = SHARED[wanted.right], identity_of(request).user
    try:
        link, key = await control.change(
            control.store.add_link, document, right, user, now, expires
        )
    except AccountError as problem:
        raise json_error(web.HTTPConflict, str(problem)) from None
    audit_request(request, "link", document, link=link.id, right=link.right.label)
    response = json_response(_state(link, key))
    response.set_status(201)
    return response


async def revoke_link(request: web.Request) -> web.Response:
    """Revoke a link; the websockets that it let in are closed."""
    document = document_of(request)
    control = request.app[ACCESS]
    try:
        await control.change(control.store.remove_link, request.match_info["id"], document)
    except AccountError:
        raise json_error(web.HTTPNotFound, "There is no such link to this document.") from None
    audit_request(request, "revoke-link", document, link=request.match_info["id"])
    return web.Response(status=204)


def _links(request: web.Request, document: str) -> list[Link]:
    links = request.app[ACCESS].current.accounts.links.values()
    found = [link for link in links if link.document == document]
    return sorted(found, key=lambda link: -link.created)


def _state(link: Link, key: str | None = None) -> LinkState:
    return LinkState(
        link.id,
        link.right.label,
        link.made_by,
        link.created,
        link.expires,
        link.used,
        msgspec.UNSET if key is None else key,
    )
