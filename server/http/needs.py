"""What each address needs: one table, without which no address answers."""

from enum import Enum, auto

from aiohttp import web

from server.http.addresses import route_of


class Need(Enum):
    """What an address needs."""

    NOTHING = auto()  # everybody may use it
    SIGNED_IN = auto()  # an account; what it lists is filtered by rights
    OPERATOR = auto()  # the right to run the server
    VIEW = auto()  # a right on the document in the address
    EDIT = auto()
    MANAGE = auto()
    PUSH = auto()  # EDIT if it is for a push, else VIEW
    SOCKET = auto()  # VIEW; what is missing becomes the code that closes the websocket
    TRASH = auto()  # MANAGE, of the document that is in the trash
    REDIRECT = auto()  # MANAGE, of the document that it leads to


_GIT = "/{document}.git"
_API = "/api/documents/{document}"
NEEDS = {
    ("GET", ""): Need.NOTHING,  # the base path itself, which is redirected
    ("GET", "/"): Need.SIGNED_IN,
    ("GET", "/help"): Need.NOTHING,
    ("GET", "/static/{file}"): Need.NOTHING,
    ("GET", "/preview"): Need.NOTHING,
    ("GET", "/service-worker.js"): Need.NOTHING,
    ("GET", "/kept.json"): Need.NOTHING,
    ("GET", "/healthz"): Need.NOTHING,
    ("GET", "/readyz"): Need.NOTHING,
    ("GET", "/metrics"): Need.OPERATOR,
    ("GET", "/sign-in"): Need.NOTHING,
    ("POST", "/sign-in"): Need.NOTHING,
    ("POST", "/sign-out"): Need.NOTHING,
    ("GET", "/api/me"): Need.NOTHING,
    ("GET", "/d/{document}"): Need.VIEW,
    ("GET", "/d/{document}/view"): Need.VIEW,
    ("GET", "/ws"): Need.SOCKET,
    ("GET", "/ws/{document}"): Need.SOCKET,
    ("GET", "/d/{document}/raw"): Need.VIEW,
    ("PUT", "/d/{document}/raw"): Need.EDIT,
    ("POST", "/d/{document}/raw"): Need.EDIT,
    ("GET", f"{_GIT}/info/refs"): Need.PUSH,
    ("GET", "/d/{document}.git/info/refs"): Need.NOTHING,  # redirects
    ("GET", "/d/{document}/info/refs"): Need.NOTHING,
    ("GET", "/{document}/info/refs"): Need.NOTHING,
    ("POST", f"{_GIT}/git-upload-pack"): Need.VIEW,
    ("POST", f"{_GIT}/git-receive-pack"): Need.EDIT,
    ("GET", "/api/documents"): Need.SIGNED_IN,
    ("GET", "/search"): Need.SIGNED_IN,
    ("GET", "/api/search"): Need.SIGNED_IN,
    ("GET", _API): Need.VIEW,
    ("GET", f"{_API}/unmerged"): Need.VIEW,
    ("GET", f"{_API}/unmerged/{{id}}"): Need.VIEW,
    ("GET", f"{_API}/mirror"): Need.MANAGE,
    ("GET", f"{_API}/versions"): Need.VIEW,
    ("POST", f"{_API}/versions"): Need.EDIT,
    ("PATCH", f"{_API}/versions/{{slug}}"): Need.EDIT,
    ("DELETE", f"{_API}/versions/{{slug}}"): Need.EDIT,
    ("GET", f"{_API}/diff"): Need.VIEW,
    ("GET", f"{_API}/authors"): Need.VIEW,
    ("GET", f"{_API}/steps"): Need.VIEW,
    ("GET", f"{_API}/links"): Need.MANAGE,
    ("POST", f"{_API}/links"): Need.MANAGE,
    ("DELETE", f"{_API}/links/{{id}}"): Need.MANAGE,
    ("DELETE", _API): Need.MANAGE,
    ("PATCH", _API): Need.MANAGE,
    ("DELETE", "/api/redirects/{name}"): Need.REDIRECT,
    ("GET", "/api/trash"): Need.SIGNED_IN,
    ("POST", "/api/trash/{id}"): Need.TRASH,
}


def need_of(request: web.Request) -> Need | None:
    """Return what the address of a request needs; None if there is no such address."""
    route = route_of(request)
    if route is None or request.match_info.http_exception is not None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    return NEEDS[method, route]
