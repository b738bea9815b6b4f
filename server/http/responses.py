"""Conditional responses: what pages, static files and raw texts share."""

from aiohttp import web

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_KEPT_HEADERS = ("ETag", "Cache-Control", "Vary")


def unless_known(request: web.Request, response: web.Response) -> web.Response:
    """Return `response`, or 304 if the client names its ETag in `If-None-Match`."""
    known = request.if_none_match or ()
    if response.etag is not None and any(tag.value in (response.etag.value, "*") for tag in known):
        kept = {k: response.headers[k] for k in _KEPT_HEADERS if k in response.headers}
        return web.Response(status=304, headers={**kept, **PAGE_HEADERS})
    return response
