"""The addresses of this server, which may be below a path: by `base_path`, or by its proxy.

A proxy may remove the path from requests, so the server need not know it. Therefore pages, scripts
and redirects name other addresses relative to their own. Cookies alone need the whole path.
"""

from collections.abc import Iterable, Iterator

from aiohttp import web

from server.core.names import ADDRESS_WORDS
from server.http.app_keys import CONFIG
from server.http.forwarded import PREFIX

# A name in an address, valid or not. No folder or document in a folder is called like what follows
# a name in addresses: `/d/notes/view` is the view of `notes`. A slash has one form, so that a
# document has one address, also for proxies that guard some.
_SEGMENT = "(?:(?!%2F)[^/])+"
_DOCUMENT = rf"{_SEGMENT}(?:/(?!(?:{ADDRESS_WORDS})(?:/|$)){_SEGMENT})*"


def below(base_path: str, routes: Iterable[web.RouteDef]) -> Iterator[web.RouteDef]:
    """Yield the routes below a path, which may be empty; `{document}` in them may have folders."""
    for route in routes:
        path = base_path + route.path.replace("{document}", f"{{document:{_DOCUMENT}}}")
        yield web.RouteDef(route.method, path, route.handler, route.kwargs)


def route_of(request: web.Request) -> str | None:
    """Return the path of the route of a request, such as `/d/{document}`, without the base path."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    return resource.canonical.removeprefix(request.app[CONFIG].base_path)


def path_in(request: web.Request) -> str:
    """Return the encoded path of a request without the base path."""
    path, base_path = request.rel_url.raw_path, request.app[CONFIG].base_path
    return path.removeprefix(base_path) if path.startswith(f"{base_path}/") else path


def root_of(request: web.Request) -> str:
    """Return the start page's address, relative to that of a request: `../` for `/d/notes`."""
    path, base_path = request.rel_url.raw_path, request.app[CONFIG].base_path
    up = "../" * (path_in(request).count("/") - 1)
    is_outside = not path.startswith(f"{base_path}/")
    return up + (f"{base_path[1:]}/" if is_outside else "") or "./"


def relative(request: web.Request, target: str) -> str:
    """Return where to redirect a request.

    Args:
        request: the request.
        target: the encoded path to redirect to, without the base path; may have a query.
    """
    return root_of(request) + target.removeprefix("/")


def cookie_path(request: web.Request) -> str:
    """Return the path that cookies are for: that of the start page, as the client sees it."""
    prefix, base_path = request.get(PREFIX, ""), request.app[CONFIG].base_path
    # A proxy that removes nothing may still name the base path.
    return (prefix if base_path and prefix.endswith(base_path) else prefix + base_path) or "/"
