"""A document's text over plain HTTP: read it, put a whole version, or append lines.

A writer waits for the merge: the answer has the text as it is now, or the words that conflict.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import assert_never

from aiohttp import web

from server import protocol
from server.config import Config
from server.core.budgets import Reason
from server.core.git_model import COMMIT_ID
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
from server.http.app_keys import CONFIG, HUB, LONG_TEXTS
from server.http.audit import audit_request
from server.http.bodies import received_body
from server.http.budgets import budget_of, check_new_document, too_many, who_of
from server.http.documents import document_of
from server.http.identity import author_of
from server.http.responses import RETRY_AFTER_S, unavailable, unless_known
from server.hub.gate import OverloadedError
from server.protocol import Code, answers

# A body may be this many times as large as a document: it may shorten one that is too large.
_BODY_FACTOR = 4
_HEADERS = {"Cache-Control": "no-cache"}

_CONFLICT = (
    "Others changed the same words; nothing of this text was merged. Get the document again,"
    " resolve each of the hunks, and send the result with the new revision in If-Match."
)
_EXISTS = (
    "The document exists. Send If-Match with the ETag of the revision that your text was made"
    ' from, like If-Match: "{revision}"; or If-Match: * to replace whatever it has.\n'
)
_UNKNOWN = (
    "The document has no such revision. If-Match takes the ETag of a GET of this address; a"
    " document that does not exist is created with If-None-Match: *.\n"
)
_BAD_RESTORES = "restores takes the 40 hexadecimal digits of the revision that is restored.\n"
_ONE_REVISION = 'If-Match takes one revision in double quotes, or *: If-Match: "0123abc".\n'


def routes() -> list[web.RouteDef]:
    return [
        web.get("/d/{document}/raw", get_text),
        web.put("/d/{document}/raw", put_text),
        web.post("/d/{document}/raw", append_text),
    ]


async def get_text(request: web.Request) -> web.Response:
    """Answer with the text of the last revision, or of the one in `?revision=`."""
    document = document_of(request)
    found = await request.app[HUB].reader.text(document, request.query.get("revision"))
    if found is None:
        raise web.HTTPNotFound(text=f"There is no document or revision {document!r} here.\n")
    revision, text = found
    return unless_known(request, _text_response(text, revision))


async def put_text(request: web.Request) -> web.Response:
    """Merge a whole version with what others wrote since, or reject all of it."""
    document = document_of(request)
    async with _text(request) as text:
        submission = _submission(request, text)
        if isinstance(submission, Create):
            await check_new_document(request, document)
        outcome = await _submit(request, document, submission)
        match outcome:
            case Accepted(created=created):
                if isinstance(submission, MergeText) and submission.restores:
                    audit_request(request, "restore", document, revision=submission.restores)
                if isinstance(submission, Create) and not created:
                    raise web.HTTPBadRequest(text="An empty text does not create a document.\n")
                return _text_response(outcome.text, outcome.revision, 201 if created else 200)
            case AlreadyExists(revision):
                raise _exists_error(request, revision)
            case Conflicted():
                return _conflict_response(document, text, outcome)
            case _:
                assert_never(outcome)


async def append_text(request: web.Request) -> web.Response:
    """Append lines to the last revision, which never conflicts."""
    document = document_of(request)
    async with _text(request) as text:
        if not text:
            raise web.HTTPBadRequest(text="There is nothing to append: the body is empty.\n")
        await check_new_document(request, document)
        accepted = await _submit(request, document, Append(text))
    assert isinstance(accepted, Accepted), "appending never conflicts"
    return _text_response("", accepted.revision, 201 if accepted.created else 200)


# --- requests


def _submission(request: web.Request, text: str) -> Submission:
    """Return how to submit a text, from the conditions of the request."""
    if "If-Match" not in request.headers:
        return Create(text)
    tags = request.if_match or ()
    if len(tags) != 1:
        raise web.HTTPBadRequest(text=_ONE_REVISION)
    [tag] = tags
    restores = request.query.get("restores", "")
    if restores and not COMMIT_ID.fullmatch(restores):
        raise web.HTTPBadRequest(text=_BAD_RESTORES)
    return Replace(text) if tag.value == "*" else MergeText(text, tag.value, restores=restores)


@asynccontextmanager
async def _text(request: web.Request) -> AsyncIterator[str]:
    """Receive the body, checked to be a text that a document can hold.

    Only a few long ones are in memory at the same time, until the end of the block.
    """
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise web.HTTPUnsupportedMediaType(text="Send the text as UTF-8.\n")
    if request.content_type.startswith("multipart/"):
        raise web.HTTPUnsupportedMediaType(text="Send the text as the body, not as a form.\n")
    config = request.app[CONFIG]
    async with AsyncExitStack() as stack:
        receiving = received_body(request, _BODY_FACTOR * config.document_bytes_max)
        try:
            body = await stack.enter_async_context(receiving)
        except web.HTTPRequestEntityTooLarge:
            raise _too_large(config) from None
        if body.is_short:
            yield _decoded(body.file.read())
            return
        await stack.enter_async_context(request.app[LONG_TEXTS].of(who_of(request)))
        yield _decoded(await asyncio.to_thread(body.file.read))


def _decoded(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        raise web.HTTPBadRequest(
            text=f"The text is not UTF-8, at byte {problem.start}.\n"
        ) from None
    if "\0" in text:
        raise web.HTTPBadRequest(text="A text cannot hold the character NUL.\n")
    return text


async def _submit(request: web.Request, document: str, submission: Submission) -> Outcome:
    """Submit a text and return the outcome.

    Raises:
        web.HTTPException: the document rejects the submission.
    """
    name, email = author_of(request)
    try:
        budget = budget_of(request)
        outcome = await request.app[HUB].submit(document, name, submission, email, budget)
    except OverloadedError:
        raise unavailable("The server is overloaded; try again later.") from None
    if isinstance(outcome, protocol.Error):
        raise _rejection(request, outcome)
    return outcome


# --- responses


def _text_response(text: str, revision: str, status: int = 200) -> web.Response:
    response = web.Response(
        text=text, status=status, content_type="text/plain", charset="utf-8", headers=_HEADERS
    )
    response.etag = revision
    return response


def _conflict_response(document: str, sent: str, conflicted: Conflicted) -> web.Response:
    hunks = [
        answers.DisputedHunk(
            hunk.start,
            hunk.end,
            hunk.base,
            hunk.ours,
            hunk.theirs,
            line_of(conflicted.text, hunk.start),
            line_of(sent, hunk.in_theirs.start),
        )
        for hunk in conflicted.hunks
    ]
    answer = answers.DisputedText(_CONFLICT, document, conflicted.revision, hunks)
    body = protocol.encode(answer)
    return web.Response(body=body, status=409, content_type="application/json", headers=_HEADERS)


def _exists_error(request: web.Request, revision: str) -> web.HTTPException:
    sentence = _EXISTS.format(revision=revision)
    if "If-None-Match" in request.headers:
        return web.HTTPPreconditionFailed(text=sentence)
    return web.HTTPPreconditionRequired(text=sentence)


def _rejection(request: web.Request, error: protocol.Error) -> web.HTTPException:
    match error.code:
        case Code.UNKNOWN_BASE:
            return web.HTTPPreconditionFailed(text=_UNKNOWN)
        case Code.TOO_LARGE:
            return _too_large(request.app[CONFIG])
        case Code.RATE_LIMITED:
            return too_many(request, Reason.WORK, error.retry_after_s or RETRY_AFTER_S)
        case _:
            return unavailable(error.message)


def _too_large(config: Config) -> web.HTTPException:
    most = config.document_bytes_max
    sentence = f"The text is too large: a document can hold {most:,} bytes.\n"
    return web.HTTPRequestEntityTooLarge(most, 0, text=sentence)
