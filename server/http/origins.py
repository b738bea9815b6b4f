"""The web site whose page has sent a request: those of others may not write."""

from urllib.parse import urlsplit

from aiohttp import web

from server.config import Config
from server.http.app_keys import CONFIG, HUB

_BAD_ORIGIN = "Pages of other web sites may not write here.\n"


def check_origin(request: web.Request) -> None:
    """Refuse a request that writes from a page of another web site.

    Raises:
        web.HTTPForbidden: it is from such a page.
    """
    if not _is_allowed_origin(request, request.app[CONFIG]):
        request.app[HUB].meters.refused("origin")
        raise web.HTTPForbidden(text=_BAD_ORIGIN)


def _is_allowed_origin(request: web.Request, config: Config) -> bool:
    """Check rule P13. Programs send no Origin; browsers do with every request that may write."""
    origin = request.headers.get("Origin")
    if origin is None or origin in config.origins:
        return True
    try:
        return urlsplit(origin).netloc.lower() == request.host.lower()
    except ValueError:  # not a web address
        return False
