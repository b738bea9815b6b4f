"""The addresses that delete, rename, archive and restore documents (docs/documents.md)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
from aiohttp import web

from server.core.access.right import Right
from server.core.names import is_document_name
from server.http.api import show_document
from server.http.app_keys import MANAGEMENT
from server.http.audit import audit_request, audited
from server.http.bodies import json_body
from server.http.documents import BAD_NAME, document_of
from server.http.responses import RETRY_AFTER_S, json_error, json_response
from server.http.rights import check_new_name, right_filter
from server.hub.management import NoDocumentError, TakenError
from server.protocol.answers import DocumentChange, Restoration, TrashList
from server.storage.trash import TrashError

_T = TypeVar("_T", DocumentChange, Restoration)
_CHANGE = msgspec.json.Decoder(DocumentChange)
_RESTORATION = msgspec.json.Decoder(Restoration)


def routes() -> list[web.RouteDef]:
    return [
        web.delete("/api/documents/{document}", audited(delete_document)),
        web.patch("/api/documents/{document}", audited(change_document)),
        web.delete("/api/redirects/{name:.+}", audited(delete_redirect)),
        web.get("/api/trash", list_trash),
        web.post("/api/trash/{id}", audited(restore_document)),
    ]


async def delete_document(request: web.Request) -> web.Response:
    """Move a document to the trash; answer with its entry there."""
    document = document_of(request)
    async with _explained():
        entry = await request.app[MANAGEMENT].delete(document)
    audit_request(request, "delete", document, trash=entry.id)
    return json_response(entry)


async def change_document(request: web.Request) -> web.Response:
    """Rename a document, archive it, or undo that; answer with what it is then."""
    document = document_of(request)
    change = await _decoded(request, _CHANGE)
    management = request.app[MANAGEMENT]
    if change.document not in (None, document):
        check_new_name(request, change.document)  # before anything is changed
    async with _explained():
        if change.archived is not None:
            await management.archive(document, is_archived=change.archived)
            audit_request(request, "archive" if change.archived else "unarchive", document)
        if change.document not in (None, document):
            await management.rename(document, change.document)
            audit_request(request, "rename", document, to=change.document)
            document = change.document
    return await show_document(request, document)


async def delete_redirect(request: web.Request) -> web.Response:
    """Remove the redirect of a former name."""
    async with _explained():
        await request.app[MANAGEMENT].remove_redirect(request.match_info["name"])
    audit_request(request, "remove-redirect", request.match_info["name"])
    return web.Response(status=204)


async def list_trash(request: web.Request) -> web.Response:
    """List the deleted documents that can be restored."""
    found = await request.app[MANAGEMENT].trash()
    may_manage = right_filter(request, Right.MANAGE)
    return json_response(TrashList([it for it in found.trash if may_manage(it.document)]))


async def restore_document(request: web.Request) -> web.Response:
    """Bring a deleted document back; answer with what it is then."""
    restoration = await _decoded(request, _RESTORATION)
    if restoration.document is not None:
        check_new_name(request, restoration.document)
    async with _explained():
        document = await request.app[MANAGEMENT].restore(
            request.match_info["id"], restoration.document
        )
    audit_request(request, "undelete", document, trash=request.match_info["id"])
    return await show_document(request, document, status=201)


async def _decoded(request: web.Request, decoder: msgspec.json.Decoder[_T]) -> _T:
    """Return the body, whose new name is valid."""
    decoded = await json_body(request, decoder)
    if decoded.document is not None and not is_document_name(decoded.document):
        raise json_error(web.HTTPBadRequest, " ".join(BAD_NAME.split()))
    return decoded


@asynccontextmanager
async def _explained() -> AsyncIterator[None]:
    """Answer errors of the block with a sentence."""
    try:
        yield
    except NoDocumentError as problem:
        raise json_error(web.HTTPNotFound, str(problem)) from None
    except TakenError as problem:
        raise json_error(web.HTTPConflict, str(problem)) from None
    except TrashError as problem:
        raise json_error(web.HTTPServiceUnavailable, str(problem), RETRY_AFTER_S) from None
