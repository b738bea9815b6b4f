"""The pages and their static files."""

from functools import lru_cache
from html import escape
from string import Template

from aiohttp import web
from aiohttp.typedefs import Handler

from server.core.names import is_document_name
from server.core.titles import UNTITLED, title_of
from server.http.addresses import path_in, relative, root_of
from server.http.app_keys import ACCESS, CONFIG, FILES, FOLDER, HUB
from server.http.documents import document_of
from server.http.identity import can_sign_out, identity_of
from server.http.not_found import no_access_page_of, page_of
from server.http.responses import NO_STORE, unless_known
from server.http.rights import may_create_some, may_edit
from server.http.static_files import PageFile


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", landing_page),
        web.get("/d/{document}", document_page),
        web.get("/d/{document}/view", read_view),
        web.get("/help", help_page),
        web.get("/search", search_page),
        web.get("/static/{file:.+}", static_file),
    ]


@web.middleware
async def explain_not_found(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a page where a browser asks for a page that does not exist."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        is_name = request.match_info.handler in (document_page, read_view)
        is_page = is_name or request.match_info.http_exception is not None
        if not is_page or "text/html" not in request.headers.get("Accept", ""):
            raise
        template = request.app[FILES]["pages/not_found.html"].plain.body.decode()
        root = root_of(request)
        if is_name and is_document_name(request.match_info["document"]):
            page = no_access_page_of(template, root)
        else:
            page = page_of(template, path=path_in(request), is_name=is_name, root=root)
        return web.Response(text=page, status=404, content_type="text/html", headers=NO_STORE)


async def to_landing_page(request: web.Request) -> web.Response:
    """Redirect the base path itself: the addresses in the page are relative to `/pad/`."""
    raise web.HTTPFound(root_of(request))


async def landing_page(request: web.Request) -> web.Response:
    """Return the page to start from, with the name of the user."""
    template = request.app[FILES]["pages/index.html"].plain.body
    return await file_response(request, _filled_in("index.html", template, **_account(request)))


async def search_page(request: web.Request) -> web.Response:
    """Return the page that shows what a search has found."""
    template = request.app[FILES]["pages/search.html"].plain.body
    return await file_response(request, _filled_in("search.html", template, **_account(request)))


async def help_page(request: web.Request) -> web.Response:
    return await _file(request, "pages/help.html")


async def document_page(request: web.Request) -> web.Response:
    """Return the page of a document; who may only view it is led to the read view.

    With `?plain` in the address, they get the plain text.
    """
    document = document_of(request)
    found = await request.app[HUB].reader.text(document)
    intended = document.rstrip(".")  # the full stop of a sentence may have become part of a link
    if intended != document and found is None:
        raise web.HTTPFound(relative(request, f"/d/{intended}"))
    if "plain" not in request.query and not may_edit(request, document):
        raise web.HTTPFound(relative(request, f"/d/{document}/view"))
    template = request.app[FILES]["pages/document.html"].plain.body
    former_names = " ".join(request.app[FOLDER].catalog.former_names(document))
    values = {
        "document": document,
        "title": escape(title_of(found[1]) if found else UNTITLED),
        "former_names": former_names,
        "root": root_of(request),
        **_account(request),
    }
    return await file_response(request, _filled_in("document.html", template, **values))


async def read_view(request: web.Request) -> web.Response:
    """Return the page that shows a document's Markdown as a page, to be read."""
    document = document_of(request)
    found = await request.app[HUB].reader.text(document)
    template = request.app[FILES]["pages/view.html"].plain.body
    is_editor = may_edit(request, document)
    values = {
        "document": document,
        "title": escape(title_of(found[1]) if found else UNTITLED),
        "root": root_of(request),
        "owner": escape(_owner_of(request)),
        "plain": "" if is_editor else "?plain",
        "if_edit": "" if is_editor else "hidden",
        "if_view": "hidden" if is_editor else "",
    }
    return await file_response(request, _filled_in("view.html", template, **values))


def _account(request: web.Request) -> dict[str, str]:
    """Return what pages say of access and of the user: attributes that hide what does not hold."""
    identity, is_open = identity_of(request), request.app[ACCESS].current.is_open
    holds = {
        "open": is_open,
        "closed": not is_open,
        "signed_in": bool(identity.user),
        "sign_in": not is_open and not identity.user,
        "sign_out": can_sign_out(request),
        "create": may_create_some(request),
        "search": is_open or bool(identity.user),
    }
    hidden = {f"if_{name}": "" if it else "hidden" for name, it in holds.items()}
    return {"user": escape(identity.name), "owner": escape(_owner_of(request)), **hidden}


def _owner_of(request: web.Request) -> str:
    """Return for whom a browser may keep texts; empty for nobody.

    Guests cannot sign out, so nothing is kept for them.
    """
    if request.app[CONFIG].offline == "refused":
        return ""
    if user := identity_of(request).user:
        return f"user {user}"
    return "everybody" if request.app[ACCESS].current.is_open else ""


@lru_cache(maxsize=256)
def _filled_in(name: str, template: bytes, **values: str) -> PageFile:
    page = Template(template.decode()).safe_substitute(values)
    return PageFile(name, page.encode())


async def static_file(request: web.Request) -> web.Response:
    return await _file(request, request.match_info["file"])


async def _file(request: web.Request, name: str) -> web.Response:
    file = request.app[FILES].get(name)
    if file is None:
        raise web.HTTPNotFound(text="There is no such file.\n")
    return await file_response(request, file)


async def file_response(request: web.Request, file: PageFile) -> web.Response:
    """Return a file in the smallest form that the client takes, or 304 if it has it."""
    sent = await file.for_client(request.headers.get("Accept-Encoding", ""))
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if sent.encoding is not None:
        headers["Content-Encoding"] = sent.encoding
    response = web.Response(
        body=sent.body, content_type=file.content_type, charset="utf-8", headers=headers
    )
    response.etag = sent.etag
    return unless_known(request, response)
