"""What the node that a client reached tells the owner of a document about a request.

The owner decides about rights, from the headers of the client; this node only says what it alone
knows: who the peer was, and what the client asked for. Nodes authenticate each other with a secret:
from anybody else these headers are ignored.
"""

import logging
from hmac import compare_digest

import msgspec
from aiohttp import web

from server.http.app_keys import HUB
from server.support.logs import Once

_log = logging.getLogger(__name__)

PREFIX = "x-gollabedit-"  # of headers between nodes: those of clients are not passed on
_SECRET = "X-GollabEdit-Node"  # noqa: S105  a header
_ORIGINAL = "X-GollabEdit-Original"
REFUSED = "X-GollabEdit-Refused"  # of an answer: the receiver does not own the document
PRETENDERS = web.AppKey("pretenders", Once)  # addresses of what is no node, and says so


class Original(msgspec.Struct, frozen=True):
    """A request as it reached the node that passed it on.

    Attributes:
        peer: the address that the connection came from, as a proxy's.
        remote: the address of the client.
        scheme: the scheme of the client's URL.
        host: the host of the client's URL.
        prefix: the path that a proxy has removed.
        who: how that node names the client in logs.
    """

    peer: str
    remote: str
    scheme: str
    host: str
    prefix: str
    who: str


ORIGINAL = web.RequestKey("original", Original)
_decode = msgspec.json.Decoder(Original).decode


def headers_for(original: Original, secret: bytes) -> dict[str, str]:
    """Return the headers that a node adds to a request which it passes on."""
    # In ASCII, as the host may have been anything.
    encoded = msgspec.json.encode(original).decode(errors="replace")
    return {_SECRET: secret.hex(), _ORIGINAL: encoded.encode("ascii", "backslashreplace").decode()}


def original_of(request: web.Request) -> Original | None:
    """Return the request as it reached another node; None if no other node has passed it on.

    Raises:
        web.HTTPBadRequest: that node has another version, whose headers are not understood.
    """
    given = request.headers.get(_SECRET)
    if given is None:
        return None
    secret = request.app[HUB].journal.secret
    if not secret or not compare_digest(given.encode(errors="replace"), secret.hex().encode()):
        if request.app[PRETENDERS].is_new(request.remote or ""):
            _log.warning("ignored headers for nodes from %s, which is not a node", request.remote)
        return None
    try:
        return _decode(request.headers.get(_ORIGINAL, ""))
    except msgspec.MsgspecError as problem:
        raise web.HTTPBadRequest(text=f"{_ORIGINAL}: {problem}\n") from None
