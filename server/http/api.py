"""The JSON API (docs/protocol.md), health checks and metrics."""

from aiohttp import web

from server.core.names import filename_of
from server.http.access import document_of
from server.http.app_keys import HUB
from server.protocol import HttpAnswer, encode
from server.support.metrics import METRICS_TYPE, render

_LISTED_MAX = 10_000  # documents in one answer: about 1 MB
_NO_DOCUMENT = "There is no such document."
_NO_BRANCH = "There is no such unmerged branch. It may have been merged meanwhile."


def routes() -> list[web.RouteDef]:
    return [
        web.get("/api/documents", list_documents),
        web.get("/api/documents/{document}", show_document),
        web.get("/api/documents/{document}/unmerged", list_unmerged),
        web.get("/api/documents/{document}/unmerged/{id}", show_unmerged),
        web.get("/api/documents/{document}/mirror", list_mirrors),
        web.get("/healthz", show_health),
        web.get("/readyz", show_readiness),
        web.get("/metrics", show_metrics),
    ]


async def list_documents(request: web.Request) -> web.Response:
    """List the documents by name, one page at a time."""
    after = request.query.get("after", "")
    return _json(await request.app[HUB].reader.documents(after, _LISTED_MAX))


async def show_document(request: web.Request) -> web.Response:
    document = document_of(request)
    revision = await request.app[HUB].reader.revision(document)
    if revision is None:
        return _not_found(_NO_DOCUMENT)
    return web.json_response(
        {"document": document, "revision": revision, "file": filename_of(document)}
    )


async def list_unmerged(request: web.Request) -> web.Response:
    """List the branches that anybody can merge (rule P15)."""
    found = await request.app[HUB].reader.unmerged(document_of(request))
    return _json(found) if found else _not_found(_NO_DOCUMENT)


async def show_unmerged(request: web.Request) -> web.Response:
    """Show the conflict of one unmerged branch."""
    document = document_of(request)
    found = await request.app[HUB].reader.conflict(document, request.match_info["id"])
    return _json(found) if found else _not_found(_NO_BRANCH)


async def list_mirrors(request: web.Request) -> web.Response:
    """List the mirrors of a document, each with the revision that it has."""
    document = document_of(request)
    if await request.app[HUB].reader.revision(document) is None:
        return _not_found(_NO_DOCUMENT)
    return _json(request.app[HUB].mirrors(document))


async def show_health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def show_readiness(request: web.Request) -> web.Response:
    """Answer 200 while the server accepts new connections."""
    if request.app[HUB].is_stopping:
        raise web.HTTPServiceUnavailable(text="stopping\n")
    return web.Response(text="ok\n")


async def show_metrics(request: web.Request) -> web.Response:
    """Answer with the metrics in the format of Prometheus."""
    headers = {"Content-Type": METRICS_TYPE, "Cache-Control": "no-store"}
    return web.Response(text=render(request.app[HUB].metrics()), headers=headers)


def _json(answer: HttpAnswer) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=encode(answer), content_type="application/json", headers=headers)


def _not_found(sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=404)
