"""A document's text written over plain HTTP: a whole version put, or lines appended.

Whoever asks waits for the answer, so it says all: what the text is now, or what disagrees. A page
of another web site may not write here; the names that no document can have are refused as always.
"""

import asyncio
from typing import assert_never

from aiohttp import web

from server import protocol
from server.config import Config
from server.core.names import clean_name
from server.core.submission import (
    Accepted,
    AlreadyExists,
    Append,
    Conflicted,
    Create,
    MergeText,
    Outcome,
    Replace,
    Submission,
    line_of,
)
from server.http.app_keys import CONFIG, HUB
from server.http.origins import is_allowed_origin
from server.http.pages import document_of
from server.hub.hub import OverloadedError
from server.protocol import Code

_BLOCK_BYTES = 64 * 1024
_RETRY_AFTER_S = 2
_NOBODY = "HTTP"  # who wrote it, where no name is given
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}

_DISPUTED = (
    "Others changed the same words; nothing of this text was taken in. Get the document anew,"
    " decide between both sides at each of the hunks, and send the result with the new revision"
    " in If-Match."
)
_EXISTS = (
    "The document exists. Send If-Match with the ETag of the revision that your text was made"
    ' from, like If-Match: "{revision}"; or If-Match: * to take the place of whatever it holds.\n'
)
_UNKNOWN = (
    "The document has no such revision. If-Match takes the ETag of a GET of this address; a"
    " document that does not exist is made with If-None-Match: *.\n"
)
_ONE_REVISION = 'If-Match takes one revision in double quotes, or *: If-Match: "0123abc".\n'


def routes() -> list[web.RouteDef]:
    return [web.put("/d/{document}/raw", put_text), web.post("/d/{document}/raw", append_text)]


async def put_text(request: web.Request) -> web.Response:
    """A whole version: merged with what others wrote since, or not taken in at all."""
    document = _writable(request)
    text = await _text(request)
    submission = _proposal(request, text)
    outcome = await _ask(request, document, submission)
    match outcome:
        case Accepted(created=created):
            if isinstance(submission, Create) and not created:
                raise web.HTTPBadRequest(text="An empty text makes no document.\n")
            return _taken(outcome, outcome.text)
        case AlreadyExists(revision):
            raise _exists(request, revision)
        case Conflicted():
            return _disputed(document, text, outcome)
        case _:
            assert_never(outcome)


async def append_text(request: web.Request) -> web.Response:
    """Lines behind whatever there is."""
    document = _writable(request)
    text = await _text(request)
    if not text:
        raise web.HTTPBadRequest(text="There is nothing to append: the body is empty.\n")
    taken = await _ask(request, document, Append(text))
    assert isinstance(taken, Accepted), "what is appended changes no words"
    return _taken(taken, "")


# --- what is asked


def _writable(request: web.Request) -> str:
    """The document, if this page or program may write into it."""
    document = document_of(request)
    if not is_allowed_origin(request, request.app[CONFIG]):
        raise web.HTTPForbidden(text="Pages of other web sites may not write here.\n")
    return document


def _proposal(request: web.Request, text: str) -> Submission:
    """What is to become of a text, by the conditions of the request."""
    if "If-Match" not in request.headers:
        return Create(text)
    tags = request.if_match or ()
    if len(tags) != 1:
        raise web.HTTPBadRequest(text=_ONE_REVISION)
    [tag] = tags
    return Replace(text) if tag.value == "*" else MergeText(text, tag.value)


async def _text(request: web.Request) -> str:
    """The body, as a text that a document may hold."""
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise web.HTTPUnsupportedMediaType(text="Send the text as UTF-8.\n")
    if request.content_type.startswith("multipart/"):
        raise web.HTTPUnsupportedMediaType(text="Send the text as the body, not as a form.\n")
    try:
        text = (await _body(request)).decode()
    except UnicodeDecodeError as problem:
        raise web.HTTPBadRequest(
            text=f"The text is not UTF-8, at byte {problem.start}.\n"
        ) from None
    if "\0" in text:
        raise web.HTTPBadRequest(text="A text cannot hold the character NUL.\n")
    return text


async def _body(request: web.Request) -> bytes:
    """All of the body, up to the largest message that a client may send."""
    config, body = request.app[CONFIG], bytearray()
    try:
        while True:
            async with asyncio.timeout(config.pong_wait_s):
                block = await request.content.read(_BLOCK_BYTES)
            body += block
            if len(body) > config.frame_bytes_max:
                raise _too_large(config)
            if not block:
                return bytes(body)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="The text did not come in time.\n") from None


async def _ask(request: web.Request, document: str, submission: Submission) -> Outcome:
    """What the document says to it; what it refuses becomes an answer of HTTP."""
    name = clean_name(request.query.get("name", "")) or _NOBODY
    try:
        outcome = await request.app[HUB].submit(document, name, submission)
    except OverloadedError:
        raise _unavailable("Too much to do; try again later.") from None
    if isinstance(outcome, protocol.Error):
        raise _refused(request, outcome)
    return outcome


# --- what is answered


def _taken(taken: Accepted, text: str) -> web.Response:
    status = 201 if taken.created else 200
    response = web.Response(
        text=text, status=status, content_type="text/plain", charset="utf-8", headers=_HEADERS
    )
    response.etag = taken.revision
    return response


def _disputed(document: str, sent: str, disputed: Conflicted) -> web.Response:
    hunks = [
        protocol.DisputedHunk(
            hunk.start,
            hunk.end,
            hunk.base,
            hunk.ours,
            hunk.theirs,
            line_of(disputed.text, hunk.start),
            line_of(sent, hunk.in_theirs.start),
        )
        for hunk in disputed.hunks
    ]
    answer = protocol.DisputedText(_DISPUTED, document, disputed.revision, hunks)
    body = protocol.encode(answer)
    return web.Response(body=body, status=409, content_type="application/json", headers=_HEADERS)


def _exists(request: web.Request, revision: str) -> web.HTTPException:
    sentence = _EXISTS.format(revision=revision)
    if "If-None-Match" in request.headers:
        return web.HTTPPreconditionFailed(text=sentence)
    return web.HTTPPreconditionRequired(text=sentence)


def _refused(request: web.Request, error: protocol.Error) -> web.HTTPException:
    match error.code:
        case Code.UNKNOWN_BASE:
            return web.HTTPPreconditionFailed(text=_UNKNOWN)
        case Code.TOO_LARGE:
            return _too_large(request.app[CONFIG])
        case _:
            return _unavailable(error.message)


def _too_large(config: Config) -> web.HTTPException:
    most = config.document_bytes_max
    sentence = f"The text is too large: a document can hold {most:,} bytes.\n"
    return web.HTTPRequestEntityTooLarge(most, 0, text=sentence)


def _unavailable(sentence: str) -> web.HTTPException:
    headers = {"Retry-After": str(_RETRY_AFTER_S)}
    return web.HTTPServiceUnavailable(text=f"{sentence}\n", headers=headers)
