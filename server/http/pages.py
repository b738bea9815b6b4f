"""The pages and their static files."""

from aiohttp import web
from aiohttp.typedefs import Handler

from server.http.access import document_of
from server.http.app_keys import FILES, HUB
from server.http.not_found import page_of
from server.http.responses import unless_known


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", landing_page),
        web.get("/d/{document}", document_page),
        web.get("/static/{file:.+}", static_file),
    ]


@web.middleware
async def explain_not_found(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a page where a browser asks for a page that does not exist."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        is_name = handler is document_page
        is_page = is_name or request.match_info.http_exception is not None
        if not is_page or "text/html" not in request.headers.get("Accept", ""):
            raise
        template = request.app[FILES]["pages/not_found.html"].plain.body.decode()
        page = page_of(template, path=request.rel_url.raw_path, is_name=is_name)
        return web.Response(text=page, status=404, content_type="text/html")


async def landing_page(request: web.Request) -> web.Response:
    return _file(request, "pages/index.html")


async def document_page(request: web.Request) -> web.Response:
    document = document_of(request)
    intended = document.rstrip(".")  # the full stop of a sentence may have become part of a link
    if intended != document and await request.app[HUB].reader.revision(document) is None:
        raise web.HTTPFound(request.url.with_path(f"/d/{intended}").relative())
    return _file(request, "pages/document.html")


async def static_file(request: web.Request) -> web.Response:
    return _file(request, request.match_info["file"])


def _file(request: web.Request, name: str) -> web.Response:
    file = request.app[FILES].get(name)
    if file is None:
        raise web.HTTPNotFound(text="There is no such file.\n")
    sent = file.for_client(request.headers.get("Accept-Encoding", ""))
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if sent.encoding is not None:
        headers["Content-Encoding"] = sent.encoding
    response = web.Response(
        body=sent.body, content_type=file.content_type, charset="utf-8", headers=headers
    )
    response.etag = sent.etag
    return unless_known(request, response)
