"""The empty document in which pages show a text, in a frame: the second line of defence.

The first is the page, which removes from a text everything that could run. This one holds if
something is left: the policy allows no script, and no request except for pictures from servers
that the user has named.
"""

import re
from collections.abc import Iterable

from aiohttp import web

from server.http.app_keys import FILES

# No scripts, no forms, no way to the page around it. That page fills in the text, so it needs the
# same origin; links open new tabs; a print dialog is a modal.
_SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-modals"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:{}; form-action 'none'; base-uri 'none';"
    f" frame-ancestors 'self'; sandbox {_SANDBOX}"
)
_SERVER = re.compile(r"https?://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?")
_SERVERS_MAX = 20


def routes() -> list[web.RouteDef]:
    return [web.get("/preview", frame)]


async def frame(request: web.Request) -> web.Response:
    """Return the document; `pictures` of the query are servers whose pictures may be loaded."""
    servers = request.query.getall("pictures", [])
    if len(servers) > _SERVERS_MAX or not all(_SERVER.fullmatch(it) for it in servers):
        raise web.HTTPBadRequest(
            text=f"`pictures` is the address of a server, such as https://example.org, at most"
            f" {_SERVERS_MAX} times.\n"
        )
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy_for(servers),
        "Referrer-Policy": "no-referrer",
        "X-DNS-Prefetch-Control": "off",
    }
    body = request.app[FILES]["preview/frame.html"].plain.body
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


def policy_for(servers: Iterable[str]) -> str:
    """Return the frame's policy, with pictures from some servers."""
    return _POLICY.format("".join(f" {it}" for it in servers))
