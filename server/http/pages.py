"""The pages, their static files, and the plain HTTP addresses that are not Git's."""

from aiohttp import web
from aiohttp.typedefs import Handler

from server.core.names import filename_of, is_document_name
from server.http.app_keys import FILES, HUB
from server.http.not_found import NAME_HELP, page_of
from server.protocol import HttpAnswer, encode
from server.support.metrics import METRICS_TYPE, render

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_LISTED_MAX = 10_000  # documents in one answer: about 1 MB
_KEPT_WHEN_KNOWN = ("ETag", "Cache-Control", "Vary")


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", landing_page),
        web.get("/d/{document}", document_page),
        web.get("/d/{document}/raw", raw_text),
        web.get("/api/documents", documents),
        web.get("/api/documents/{document}", document_state),
        web.get("/api/documents/{document}/unmerged", unmerged_branches),
        web.get("/api/documents/{document}/unmerged/{id}", unmerged_branch),
        web.get("/api/documents/{document}/mirror", mirrors),
        web.get("/static/{file:.+}", static_file),
        web.get("/healthz", alive),
        web.get("/readyz", ready),
        web.get("/metrics", metrics),
    ]


@web.middleware
async def explain_to_people(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Where a person asked for a page that is not there, the answer is a page too."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        is_page = handler is document_page or request.match_info.http_exception is not None
        if not is_page or "text/html" not in request.headers.get("Accept", ""):
            raise
        return _not_found(request, is_name=handler is document_page)


def _not_found(request: web.Request, *, is_name: bool) -> web.Response:
    template = request.app[FILES]["pages/not_found.html"].plain.body.decode()
    page = page_of(template, path=request.rel_url.raw_path, is_name=is_name)
    return web.Response(text=page, status=404, content_type="text/html", headers=_HEADERS)


async def landing_page(request: web.Request) -> web.Response:
    return _file(request, "pages/index.html")


async def document_page(request: web.Request) -> web.Response:
    document_of(request)
    return _file(request, "pages/document.html")


async def static_file(request: web.Request) -> web.Response:
    return _file(request, request.match_info["file"])


def _file(request: web.Request, name: str) -> web.Response:
    file = request.app[FILES].get(name)
    if file is None:
        raise web.HTTPNotFound(text="There is no such file.\n")
    sent = file.for_client(request.headers.get("Accept-Encoding", ""))
    headers = {**_HEADERS, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if sent.encoding is not None:
        headers["Content-Encoding"] = sent.encoding
    response = web.Response(
        body=sent.body, content_type=file.kind, charset="utf-8", headers=headers
    )
    response.etag = sent.etag
    return _unless_known(request, response)


async def raw_text(request: web.Request) -> web.Response:
    """The document's text, the last revision or the one that is asked for."""
    document = document_of(request)
    found = await request.app[HUB].reader.text(document, request.query.get("revision"))
    if found is None:
        raise web.HTTPNotFound(text=f"There is no document or revision {document!r} here.\n")
    revision, text = found
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    response = web.Response(text=text, content_type="text/plain", charset="utf-8", headers=headers)
    response.etag = revision
    return _unless_known(request, response)


async def documents(request: web.Request) -> web.Response:
    """What documents there are, some thousands at a time."""
    after = request.query.get("after", "")
    return _json(await request.app[HUB].reader.documents(after, _LISTED_MAX), "")


async def document_state(request: web.Request) -> web.Response:
    """Whether a document exists, and where it stands."""
    document = document_of(request)
    found = await request.app[HUB].reader.text(document)
    if found is None:
        return web.json_response({"error": "There is no such document."}, status=404)
    state = {"document": document, "revision": found[0], "file": filename_of(document)}
    return web.json_response(state)


async def unmerged_branches(request: web.Request) -> web.Response:
    """What anybody can take up (rule P15)."""
    document = document_of(request)
    found = await request.app[HUB].reader.unmerged(document)
    return _json(found, "There is no such document.")


async def unmerged_branch(request: web.Request) -> web.Response:
    """What an unmerged branch disagrees about."""
    document = document_of(request)
    found = await request.app[HUB].reader.conflict(document, request.match_info["id"])
    return _json(found, "There is no such unmerged branch. It may have been merged meanwhile.")


async def mirrors(request: web.Request) -> web.Response:
    """How far the copies of a document on other servers are."""
    document = document_of(request)
    exists = await request.app[HUB].reader.text(document) is not None
    found = request.app[HUB].mirrors(document) if exists else None
    return _json(found, "There is no such document.")


def _json(found: HttpAnswer | None, otherwise: str) -> web.Response:
    if found is None:
        return web.json_response({"error": otherwise}, status=404)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return web.Response(body=encode(found), content_type="application/json", headers=headers)


async def alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Ready means: new connections are taken."""
    if request.app[HUB].is_stopping:
        raise web.HTTPServiceUnavailable(text="stopping\n")
    return web.Response(text="ok\n")


async def metrics(request: web.Request) -> web.Response:
    """What goes on here, in numbers, for Prometheus."""
    headers = {"Content-Type": METRICS_TYPE, "Cache-Control": "no-store"}
    return web.Response(text=render(request.app[HUB].metrics()), headers=headers)


def document_of(request: web.Request) -> str:
    document = request.match_info["document"]
    if not is_document_name(document):
        raise web.HTTPNotFound(text=NAME_HELP)
    return document


def _unless_known(request: web.Request, response: web.Response) -> web.Response:
    """304 where the browser has this very answer."""
    known = request.if_none_match or ()
    if response.etag is not None and any(tag.value in (response.etag.value, "*") for tag in known):
        kept = {k: response.headers[k] for k in _KEPT_WHEN_KNOWN if k in response.headers}
        return web.Response(status=304, headers={**kept, **_HEADERS})
    return response
