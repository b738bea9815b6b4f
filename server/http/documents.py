"""The document that a request is for, by the name in its address."""

from aiohttp import web

from server.core.names import is_document_name
from server.http.addresses import relative
from server.http.app_keys import CONFIG, FOLDER
from server.http.responses import NO_STORE

_DEFAULT_DOCUMENT = "welcome"  # of an address without a name: /ws
NO_DOCUMENT = "There is no such document."
BAD_NAME = (
    "That name can't be used. Names have 1 to 64 characters: lowercase letters, digits, '.', '_'\n"
    "and '-'. They start with a letter or digit and don't end in .git or .lock. Before a name can\n"
    "be up to three folders, as in docs/plan.md, with 200 characters in all; some words, such as\n"
    "view and raw, are reserved then.\n"
)


def document_of(request: web.Request) -> str:
    """Return the document that a request is for, by the name in its address.

    Raises:
        web.HTTPNotFound: no document can have the name.
        web.HTTPTemporaryRedirect: the document has another name now, or the address ends in a dot.
    """
    name = name_in(request)
    document = request.app[FOLDER].catalog.moved_to(name) or name
    if document != request.match_info.get("document", name):
        raise _redirect(request, name, document)
    return name


def current_name(request: web.Request) -> str:
    """Return the name that the document in an address has now.

    Raises:
        web.HTTPNotFound: no document can have the name in the address.
    """
    name = name_in(request)
    return request.app[FOLDER].catalog.moved_to(name) or name


def name_in(request: web.Request) -> str:
    """Return the name in the address of a request, which may be a former one of a document.

    Raises:
        web.HTTPNotFound: no document can have the name.
    """
    name = request.match_info.get("document", _DEFAULT_DOCUMENT)
    if "/" in name:
        name = name.rstrip(".")  # the full stop of a sentence may have become part of a link
    if not is_document_name(name):
        raise web.HTTPNotFound(text=BAD_NAME)
    return name


def _redirect(request: web.Request, name: str, document: str) -> web.HTTPException:
    """Return the redirect to the same address of a renamed document.

    It is not a permanent one, which browsers keep: the old name may be given up.
    """
    resource = request.match_info.route.resource
    assert resource is not None
    url = resource.url_for(**{**request.match_info, "document": document})
    target = str(url.with_query(request.query)).removeprefix(request.app[CONFIG].base_path)
    return web.HTTPTemporaryRedirect(
        relative(request, target),
        headers=NO_STORE,
        text=f"{name} is called {document} now.\n" if name != document else "",
    )
