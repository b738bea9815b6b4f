"""The document that a request is for, and whether the request may write into it."""

from urllib.parse import urlsplit

from aiohttp import web

from server.config import Config
from server.core.names import is_document_name
from server.http.app_keys import CONFIG

_DEFAULT_DOCUMENT = "welcome"  # of an address without a name: /ws
_BAD_NAME = (
    "That name can't be used. Names have 1 to 64 characters: lowercase letters, digits, '.', '_'\n"
    "and '-'. They start with a letter or digit and don't end in .git or .lock.\n"
)
_BAD_ORIGIN = "Pages of other web sites may not write here.\n"


def document_of(request: web.Request, *, writing: bool = False) -> str:
    """Return the document that a request is for.

    Args:
        request: its address has the document's name.
        writing: refuse requests from pages of other web sites.

    Raises:
        web.HTTPNotFound: no document can have the name.
        web.HTTPForbidden: the page that sent the request may not write.
    """
    document = request.match_info.get("document", _DEFAULT_DOCUMENT)
    if not is_document_name(document):
        raise web.HTTPNotFound(text=_BAD_NAME)
    if writing and not _is_allowed_origin(request, request.app[CONFIG]):
        raise web.HTTPForbidden(text=_BAD_ORIGIN)
    return document


def _is_allowed_origin(request: web.Request, config: Config) -> bool:
    """Check rule P13. Programs send no Origin; browsers do with every request that may write."""
    origin = request.headers.get("Origin")
    if origin is None or origin in config.origins:
        return True
    try:
        return urlsplit(origin).netloc.lower() == request.host.lower()
    except ValueError:  # not a web address
        return False


def address_of(request: web.Request) -> str:
    """Return the client that shares are counted for: its address."""
    return request.remote or ""
