"""The history of a document over HTTP: versions and their names, comparisons, authors, steps."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from server.core import git_model
from server.core.history.named import NAME_CHARACTERS_MAX, NOTE_CHARACTERS_MAX
from server.core.history.queries import HistoryQueries, VersionPage
from server.core.history.requests import (
    AlreadyNamed,
    HistoryReply,
    HistoryRequest,
    NameTaken,
    NameVersion,
    NoSuchVersion,
    RemoveName,
    Rename,
)
from server.core.history.version_list import Version
from server.core.history.window import Person
from server.core.names import one_line
from server.http.app_keys import HUB
from server.http.bodies import received_body
from server.http.documents import NO_DOCUMENT, document_of
from server.http.identity import author_of
from server.http.responses import NO_STORE, RETRY_AFTER_S, json_error, unless_known
from server.hub.history import UnavailableError

_LISTED_MAX, _LISTED = 200, 50
_CONTEXT = 400
_BODY_BYTES_MAX = 64 * 1024

_NO_VERSION = "There is no such document, version or revision."
_NO_STEPS = "There is no such revision, or the first one is not before the last one."
_NO_NAME = "No version has this name."
_TAKEN = "Another version has this name. Choose another one."
_ALREADY_NAMED = "This version is called “{}” already. Change that name."
_BAD_NAME = (
    f"A name has 1 to {NAME_CHARACTERS_MAX} characters, a note at most {NOTE_CHARACTERS_MAX}."
)
_BAD_BODY = 'Send JSON like {"name": "Sent to the board", "note": ""}.'
_BAD_NUMBER = "{name} must be a number from {least} to {most}, not {value!r}."


_Answer = TypeVar("_Answer")


class _Name(msgspec.Struct):
    """The body of a request that names a version."""

    name: str
    note: str = ""
    revision: str = ""


_decode_name = msgspec.json.Decoder(_Name).decode


def routes() -> list[web.RouteDef]:
    document = "/api/documents/{document}"
    return [
        web.get(f"{document}/versions", list_versions),
        web.post(f"{document}/versions", name_version),
        web.patch(f"{document}/versions/{{slug}}", rename_version),
        web.delete(f"{document}/versions/{{slug}}", remove_name),
        web.get(f"{document}/diff", compare),
        web.get(f"{document}/authors", list_authors),
        web.get(f"{document}/steps", list_steps),
    ]


async def list_versions(request: web.Request) -> web.Response:
    """List the versions, the newest first."""
    document = document_of(request)
    before = request.query.get("before", "")
    limit = _number(request, "limit", _LISTED, 1, _LISTED_MAX)
    page: VersionPage | None = await _read(
        request, document, lambda queries: queries.versions(before, limit)
    )
    if page is None:
        raise _not_found(_NO_VERSION if before else NO_DOCUMENT)
    return _json(
        {
            "document": document,
            "revision": page.revision,
            "more": page.more,
            "complete": page.complete,
            "versions": list(map(_version, page.versions)),
        }
    )


async def name_version(request: web.Request) -> web.Response:
    """Give a version a name; without a revision, make a version of what is there now."""
    document = document_of(request)
    body = await _name(request)
    asked = NameVersion(body.name, body.note, body.revision)
    return _json(await _ask(request, document, asked), 201)


async def rename_version(request: web.Request) -> web.Response:
    """Give a named version another name and note."""
    document = document_of(request)
    body = await _name(request)
    slug = request.match_info["slug"]
    return _json(await _ask(request, document, Rename(slug, body.name, body.note)))


async def remove_name(request: web.Request) -> web.Response:
    """Remove the name of a version."""
    document = document_of(request)
    await _ask(request, document, RemoveName(request.match_info["slug"]))
    return web.Response(status=204)


async def compare(request: web.Request) -> web.Response:
    """Compare two texts by words, or as a patch with `format=unified`."""
    document = document_of(request)
    first, last = _from_to(request)
    if request.query.get("format") == "unified":
        patch = await _read(request, document, lambda queries: queries.patch(first, last))
        if patch is None:
            raise _not_found(_NO_VERSION)
        return web.Response(text=patch, headers=NO_STORE)
    is_all = request.query.get("context") == "all"
    context = None if is_all else _number(request, "context", _CONTEXT, 0, 10**9)
    found = await _read(request, document, lambda queries: queries.compare(first, last, context))
    if found is None:
        raise _not_found(_NO_VERSION)
    return _json(
        {
            "document": document,
            "from": found.first,
            "to": found.last,
            "authors": list(map(_person, found.authors)),
            "runs": found.runs,
        }
    )


async def list_authors(request: web.Request) -> web.Response:
    """Tell who wrote a text."""
    document = document_of(request)
    name = request.query.get("revision", "now")
    found = await _read(request, document, lambda queries: queries.authors(name))
    if found is None:
        raise _not_found(_NO_VERSION)
    response = _json(
        {
            "document": document,
            "revision": found.revision,
            "authors": list(map(_person, found.authors)),
            "runs": found.runs,
        }
    )
    response.headers["Cache-Control"] = "no-cache"
    response.etag = found.revision
    return unless_known(request, response)


async def list_steps(request: web.Request) -> web.Response:
    """List the steps between two revisions, to play them."""
    document = document_of(request)
    first, last = _from_to(request)
    found = await _read(request, document, lambda queries: queries.steps(first, last))
    if found is None:
        raise _not_found(_NO_STEPS)
    return _json(
        {
            "document": document,
            "from": found.first,
            "to": found.last,
            "text": found.text,
            "authors": list(map(_person, found.authors)),
            "steps": found.steps,
            "more": found.more,
        }
    )


def _from_to(request: web.Request) -> tuple[str, str]:
    return request.query.get("from", ""), request.query.get("to", "now")


def _number(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    """Return a number of the query."""
    value = request.query.get(name, str(default))
    if not (value.isascii() and value.isdigit() and least <= int(value[:20]) <= most):
        raise json_error(web.HTTPBadRequest, _BAD_NUMBER.format_map(locals()))
    return int(value)


async def _name(request: web.Request) -> _Name:
    """Return the name and note in the body, as they are stored."""
    async with received_body(request, _BODY_BYTES_MAX) as body:
        try:
            found = _decode_name(body.file.read())
        except msgspec.DecodeError:
            raise json_error(web.HTTPBadRequest, _BAD_BODY) from None
    name, note = one_line(found.name), found.note.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or len(note) > NOTE_CHARACTERS_MAX:
        raise json_error(web.HTTPBadRequest, _BAD_NAME)
    return _Name(name, note, found.revision)


async def _ask(request: web.Request, document: str, asked: HistoryRequest) -> dict[str, Any]:
    """Have a request executed; return the version that it was about."""
    history = request.app[HUB].history
    name, email = author_of(request)
    request.app[HUB].check_writable(document)
    if await request.app[HUB].reader.revision(document) is None:
        raise _not_found(NO_DOCUMENT)
    try:
        outcome = await history.ask(document, name, asked, email)
    except UnavailableError as problem:
        raise _unavailable(problem) from None
    match outcome:
        case NameTaken():
            raise json_error(web.HTTPConflict, _TAKEN)
        case AlreadyNamed(other):
            raise json_error(web.HTTPConflict, _ALREADY_NAMED.format(other))
        case NoSuchVersion():
            raise _not_found(_NO_VERSION if isinstance(asked, NameVersion) else _NO_NAME)
        case HistoryReply(slug=""):
            return {}
        case HistoryReply(slug=slug):
            version = await _read(request, document, lambda queries: queries.named(slug))
            if version is None:
                raise _not_found(_NO_NAME)
            return _version(version)


async def _read(
    request: web.Request, document: str, query: Callable[[HistoryQueries], _Answer | None]
) -> _Answer | None:
    try:
        return await request.app[HUB].history.read(document, query)
    except UnavailableError as problem:
        raise _unavailable(problem) from None


def _version(version: Version) -> dict[str, Any]:
    authors = [
        {
            **_person(Person(author.name, author.email)),
            "added": author.added,
            "removed": author.removed,
        }
        for author in version.authors
    ]
    return {**asdict(version), "authors": authors}


def _person(person: Person) -> dict[str, str]:
    client = git_model.client_of(person.email)
    return {"name": person.name, "client": client, "email": "" if client else person.email}


def _json(answer: object, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(answer),
        status=status,
        content_type="application/json",
        headers=NO_STORE,
    )


def _not_found(sentence: str) -> web.HTTPException:
    return json_error(web.HTTPNotFound, sentence)


def _unavailable(problem: UnavailableError) -> web.HTTPException:
    return json_error(web.HTTPServiceUnavailable, str(problem), RETRY_AFTER_S)
