"""Who may write here by way of a browser: pages of this host, and of origins that are allowed."""

from urllib.parse import urlsplit

from aiohttp import web

from server.config import Config


def is_allowed_origin(request: web.Request, config: Config) -> bool:
    """Rule P13. Programs send no Origin; browsers always do where something may change."""
    origin = request.headers.get("Origin")
    if origin is None or origin in config.origins:
        return True
    try:
        return urlsplit(origin).netloc.lower() == request.host.lower()
    except ValueError:  # not even a web address
        return False
