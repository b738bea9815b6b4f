"""What responses share: headers that protect, and conditional responses."""

import json
import logging
import sqlite3
from functools import cache
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from server.http.addresses import path_in
from server.http.app_keys import CONFIG
from server.hub.disk_space import FullError
from server.hub.gate import OverloadedError
from server.hub.hub import ArchivedError
from server.protocol import encode
from server.protocol.answers import HttpAnswer
from server.storage.journal import JournalError

_log = logging.getLogger(__name__)

NO_STORE = {"Cache-Control": "no-store"}  # what depends on who asks, and what is wrong now
RETRY_AFTER_S = 2
_RETRY_WHEN_FREE_S = 30  # somebody has to make space first
_NO_DISK = "The server cannot use its disk at the moment; try again later."
_NO_JOURNAL = "The server cannot read or save documents at the moment; try again later."
DAMAGED = "The body of the request is damaged.\n"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; font-src 'self'; frame-src 'self'; worker-src 'self';"
    " manifest-src 'self'; form-action 'self'{};"
    " base-uri 'none'; frame-ancestors 'none'"
)
# No Cross-Origin-Opener-Policy: with it Chromium forgets the state of a tab that it discards.
_PROTECTION = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "GollabEdit",
    "X-Content-Type-Options": "nosniff",
}
_KEPT_HEADERS = ("ETag", "Cache-Control", "Vary")
_FAULTS_OF_CLIENTS = (web.RequestPayloadError, HttpProcessingError, ConnectionError)


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Add the protecting headers to any response, also to errors, where it has none of its own."""
    response.headers.update(_PROTECTION)
    policy = _policy(request.app[CONFIG].sign_out_url)
    response.headers.setdefault("Content-Security-Policy", policy)
    # With none, the browser would hide the origin of forms.
    response.headers.setdefault("Referrer-Policy", "same-origin")


@cache
def _policy(sign_out_url: str) -> str:
    """Return the policy; the button Sign out may lead to where the proxy ends its sign-in."""
    there = urlsplit(sign_out_url)
    return _POLICY.format(f" {there.scheme}://{there.netloc}" if there.netloc else "")


@web.middleware
async def explain_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a sentence where a request cannot be served as it should.

    400 to a body that cannot be unpacked, 403 to writing into an archived document, and 503 while
    a document is moved, files cannot be opened, the journal fails, or the disk has no space.
    """
    try:
        return await handler(request)
    except ArchivedError as problem:
        raise web.HTTPForbidden(text=f"{problem}\n") from None
    except FullError as problem:
        raise unavailable(str(problem), _RETRY_WHEN_FREE_S) from None
    except OverloadedError as problem:
        sentence = f"The server cannot do this at the moment: {problem}. Try again later."
        raise unavailable(sentence) from None
    except web.RequestPayloadError:
        raise web.HTTPBadRequest(text=DAMAGED) from None
    except ConnectionError:
        raise  # the client has gone
    except (OSError, sqlite3.Error) as problem:
        _log.error("%s cannot be answered: %s", request.rel_url.raw_path, problem)
        raise unavailable(_NO_DISK) from None
    except JournalError as problem:
        _log.error("%s cannot be answered: %s", request.rel_url.raw_path, problem)
        raise unavailable(_NO_JOURNAL) from None


def is_own_fault(record: logging.LogRecord) -> bool:
    """Filter a log: whether a record has no error that a client has made.

    Such a record of aiohttp has kilobytes of traceback; a client could fill the disk with them.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], _FAULTS_OF_CLIENTS))


def json_response(answer: HttpAnswer) -> web.Response:
    """Return a response with an answer of the JSON API."""
    return web.Response(body=encode(answer), content_type="application/json", headers=NO_STORE)


def error_for(
    request: web.Request,
    kind: type[web.HTTPException],
    sentence: str,
    retry_after_s: int | None = None,
) -> web.HTTPException:
    """Return an error with a sentence for a person: JSON for the JSON API, else one line."""
    if path_in(request).startswith("/api/"):
        return json_error(kind, sentence, retry_after_s)
    return kind(text=f"{sentence}\n", headers=_error_headers(retry_after_s))


def json_error(
    kind: type[web.HTTPException], sentence: str, retry_after_s: int | None = None
) -> web.HTTPException:
    """Return an error of the JSON API, with a sentence for a person."""
    return kind(
        text=json.dumps({"error": sentence}),
        content_type="application/json",
        headers=_error_headers(retry_after_s),
    )


def unavailable(sentence: str, retry_after_s: int = RETRY_AFTER_S) -> web.HTTPException:
    """Return the answer to a request that may be repeated later."""
    return web.HTTPServiceUnavailable(text=f"{sentence}\n", headers=_error_headers(retry_after_s))


def _error_headers(retry_after_s: int | None) -> dict[str, str]:
    return NO_STORE if retry_after_s is None else {**NO_STORE, "Retry-After": str(retry_after_s)}


def unless_known(request: web.Request, response: web.Response) -> web.Response:
    """Return `response`, or 304 if the client names its ETag in `If-None-Match`."""
    known = request.if_none_match or ()
    if response.etag is not None and any(tag.value in (response.etag.value, "*") for tag in known):
        kept = {k: response.headers[k] for k in _KEPT_HEADERS if k in response.headers}
        return web.Response(status=304, headers=kept)
    return response
