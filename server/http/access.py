"""The document that a request is for, and the web site whose page has sent it."""

from ipaddress import IPv6Address, IPv6Network
from urllib.parse import urlsplit

from aiohttp import web

from server.config import Config
from server.core.names import is_document_name
from server.http.addresses import relative
from server.http.app_keys import CONFIG, FOLDER, HUB
from server.http.forwarded import address_in

_DEFAULT_DOCUMENT = "welcome"  # of an address without a name: /ws
BAD_NAME = (
    "That name can't be used. Names have 1 to 64 characters: lowercase letters, digits, '.', '_'\n"
    "and '-'. They start with a letter or digit and don't end in .git or .lock.\n"
)
_BAD_ORIGIN = "Pages of other web sites may not write here.\n"


def document_of(request: web.Request) -> str:
    """Return the document that a request is for, by the name in its address.

    Raises:
        web.HTTPNotFound: no document can have the name.
        web.HTTPTemporaryRedirect: the document has another name now.
    """
    name = name_in(request)
    document = request.app[FOLDER].catalog.moved_to(name)
    if document is not None:
        raise _redirect(request, name, document)
    return name


def name_in(request: web.Request) -> str:
    """Return the name in the address of a request, which may be a former one of a document.

    Raises:
        web.HTTPNotFound: no document can have the name.
    """
    name = request.match_info.get("document", _DEFAULT_DOCUMENT)
    if not is_document_name(name):
        raise web.HTTPNotFound(text=BAD_NAME)
    return name


def check_origin(request: web.Request) -> None:
    """Refuse a request that writes from a page of another web site.

    Raises:
        web.HTTPForbidden: it is from such a page.
    """
    if not _is_allowed_origin(request, request.app[CONFIG]):
        request.app[HUB].meters.refused("origin")
        raise web.HTTPForbidden(text=_BAD_ORIGIN)


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
        headers={"Cache-Control": "no-store"},
        text=f"{name} is called {document} now.\n",
    )


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
    """Return the client that shares are counted for: its address.

    An IPv6 client is its network of 64 bits, within which it can choose any address.
    """
    address = address_in(request.remote or "")
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address or request.remote or "")
