"""The JSON API (docs/protocol.md), health checks and metrics."""

from collections.abc import Mapping

from aiohttp import web

from server.http.app_keys import FOLDER, HUB
from server.http.documents import NO_DOCUMENT, document_of
from server.http.responses import NO_STORE, json_response
from server.http.rights import listed_filter
from server.support.metrics import METRICS_TYPE, render

_LISTED_MAX = 10_000  # documents in one answer: about 1 MB
_NO_BRANCH = "There is no such unmerged branch. It may have been merged meanwhile."


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/documents", list_documents),
        web.get("/api/documents/{document}", get_document),
        web.get("/api/documents/{document}/unmerged", list_unmerged),
        web.get("/api/documents/{document}/unmerged/{id}", show_unmerged),
        web.get("/api/documents/{document}/mirror", list_mirrors),
        web.get("/healthz", show_health),
        web.get("/readyz", show_readiness),
        web.get("/metrics", show_metrics),
    ]


async def list_documents(request: web.Request) -> web.Response:
    """List the documents that the sender may see, by name, one page at a time.

    Archived ones are listed only with `?archived=1`. With `?under=docs/`, only those in a folder.
    """
    after = request.query.get("after", "")
    with_archived = request.query.get("archived", "") == "1"
    found = request.app[HUB].reader.documents(
        after, _LISTED_MAX, listed_filter(request), with_archived=with_archived
    )
    return json_response(await found)


async def get_document(request: web.Request) -> web.Response:
    return await show_document(request, document_of(request))


async def show_document(request: web.Request, document: str, status: int = 200) -> web.Response:
    """Answer with what a document is."""
    revision = await request.app[HUB].reader.revision(document)
    if revision is None:  # and the sender may create it, or would not have been let in
        return _json({"error": NO_DOCUMENT, "may_create": True}, 404)
    folder = request.app[FOLDER]
    shown: dict[str, object] = {
        "document": document,
        "revision": revision,
        "file": folder.filename(document),
    }
    if folder.catalog.is_archived(document):
        shown |= {"archived": True}
    return _json(shown, status)


async def list_unmerged(request: web.Request) -> web.Response:
    """List the branches that anybody can merge (rule P15)."""
    found = await request.app[HUB].reader.unmerged(document_of(request))
    return json_response(found) if found else _not_found(NO_DOCUMENT)


async def show_unmerged(request: web.Request) -> web.Response:
    """Show the conflict of one unmerged branch."""
    document = document_of(request)
    found = await request.app[HUB].reader.conflict(document, request.match_info["id"])
    return json_response(found) if found else _not_found(_NO_BRANCH)


async def list_mirrors(request: web.Request) -> web.Response:
    """List the mirrors of a document, each with the revision that it has."""
    document = document_of(request)
    if await request.app[HUB].reader.revision(document) is None:
        return _not_found(NO_DOCUMENT)
    return json_response(request.app[HUB].mirrors(document))


async def show_health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def show_readiness(request: web.Request) -> web.Response:
    """Answer 200 while edits can be accepted, else 503 with the reason."""
    problem = await request.app[HUB].problem()
    return web.Response(
        text=f"{problem or 'ok'}\n", status=503 if problem else 200, headers=NO_STORE
    )


async def show_metrics(request: web.Request) -> web.Response:
    """Answer with the metrics in the format of Prometheus."""
    headers = {"Content-Type": METRICS_TYPE, **NO_STORE}
    return web.Response(text=render(await request.app[HUB].metrics()), headers=headers)


def _not_found(sentence: str) -> web.Response:
    return _json({"error": sentence}, 404)


def _json(answer: Mapping[str, object], status: int) -> web.Response:
    return web.json_response(answer, status=status, headers=NO_STORE)
