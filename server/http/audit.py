"""The audit of requests: who asked, from where, and what was done or refused."""

import time
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from aiohttp import web

from server.core.names import is_document_name
from server.core.rates import TokenBucket
from server.http.app_keys import HUB
from server.http.identity import identity_of
from server.support.audit import audit
from server.support.tasks import finish

_Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]
REFUSALS = web.AppKey("refusals", TokenBucket)
_LINES_PER_S, _LINES_AT_ONCE = 1.0, 100.0


def limit_of_refusals() -> TokenBucket:
    """Return the limit of lines about refusals, as strangers could fill the disk with them."""
    return TokenBucket(_LINES_PER_S, time.monotonic(), _LINES_AT_ONCE)


def audit_request(
    request: web.Request,
    event: str,
    document: str | None = None,
    *,
    who: str | None = None,
    **details: object,
) -> None:
    """Write a line to the audit about a request that was carried out.

    Args:
        request: the request.
        event: what happened; see `server.support.audit`.
        document: the document that it is about, if any.
        who: the person; by default the one who sent the request.
        details: further fields.
    """
    who = identity_of(request).who if who is None else who
    audit(event, who=who, address=request.remote or "", document=document, **details)


def audit_refusal(request: web.Request, reason: str) -> None:
    """Count a request that was refused, and write a line, unless there were too many lately.

    Args:
        request: the request.
        reason: see `Meters.refused`.
    """
    request.app[HUB].meters.refused(reason)
    if request.app[REFUSALS].take(time.monotonic()) == 0:
        name = request.match_info.get("document", "")
        document = name if is_document_name(name) else None
        audit_request(request, "refused", document, reason=reason, method=request.method)


def audited(handler: _Handler) -> _Handler:
    """Run a handler to its end, even if its client disconnects: the audit needs its outcome."""

    @wraps(handler)
    async def run(request: web.Request) -> web.StreamResponse:
        return await finish(handler(request))

    return run
