"""Passes a plain HTTP request on to another node, and its response back; both are streamed."""

import asyncio
from collections.abc import Iterable, Mapping

from aiohttp import ClientConnectorError, ClientError, ClientResponse, web
from multidict import CIMultiDict
from yarl import URL

from server.http.app_keys import CONFIG
from server.http.passing.nodes import NODES, GoneError
from server.http.passing.original import PREFIX, REFUSED

# Of one connection (RFC 9110, 7.6.1); what was expected was answered by this node.
_OF_A_CONNECTION = {
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_OWN = {"date", "server"}  # of a response
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_REPEATABLE = ("GET", "HEAD", "PUT")


class NotServedError(Exception):
    """The node has not served the request, which may be passed on again."""


async def pass_request(
    request: web.Request, url: str, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Have another node serve a request.

    Args:
        request: the request.
        url: the URL of the node.
        headers: in addition to those of the client.

    Raises:
        NotServedError: it does not own the document, or cannot be reached.
    """
    try:
        async with request.app[NODES].passing(url):
            return await _pass(request, url, headers)
    except GoneError:
        raise _lost(request) from None


async def _pass(request: web.Request, url: str, added: Mapping[str, str]) -> web.StreamResponse:
    headers = _passed(request.headers.items())
    headers.update(added)
    asking = request.app[NODES].session.request(
        request.method,
        URL(url + request.rel_url.raw_path_qs, encoded=True),
        headers=headers,
        data=request.content if request.can_read_body else None,
        allow_redirects=False,
        skip_auto_headers=_AUTOMATIC,
    )
    try:
        answer = await asking
    except ClientConnectorError:
        raise NotServedError from None
    except (ClientError, ConnectionError, TimeoutError):
        raise _lost(request) from None
    async with answer:
        if REFUSED in answer.headers:
            raise NotServedError
        return await _send(request, answer)


async def _send(request: web.Request, answer: ClientResponse) -> web.StreamResponse:
    headers = _passed((n, v) for n, v in answer.headers.items() if n.lower() not in _OWN)
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    await response.prepare(request)
    try:
        async for block in answer.content.iter_any():
            async with asyncio.timeout(request.app[CONFIG].pong_wait_s):
                await response.write(block)
    except (ClientError, TimeoutError):
        raise _cut(request) from None  # a truncated response must not look complete
    except asyncio.CancelledError:  # the client has gone, or the node
        _cut(request)
        raise
    await response.write_eof()
    return response


def _passed(headers: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
    """Return the headers without those of one connection and those between nodes."""
    given = CIMultiDict(headers)
    named = {
        name.strip().lower() for it in given.getall("Connection", ()) for name in it.split(",")
    }
    left_out = _OF_A_CONNECTION | named
    return CIMultiDict(
        (name, value)
        for name, value in given.items()
        if name.lower() not in left_out and not name.lower().startswith(PREFIX)
    )


def _lost(request: web.Request) -> Exception:
    """Return the error for a lost connection to the node, which may have served the request."""
    is_open = request.transport is not None and not request.transport.is_closing()
    return NotServedError() if is_open and request.method in _REPEATABLE else _cut(request)


def _cut(request: web.Request) -> Exception:
    """Cut the connection to the client, as would have happened without this node in between."""
    if request.transport is not None:
        request.transport.abort()
    return ConnectionResetError()
