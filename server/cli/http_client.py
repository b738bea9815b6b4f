"""The HTTP client of the commands, for the plain HTTP addresses (docs/protocol.md).

CommandError         the command cannot be carried out
├─ UnreachableError  the server cannot be reached
└─ RejectedError     the server rejects the request
ConflictError        others changed the same words
"""

import http.client
import json
import os
import re
import time
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from server.core.names import is_document_name
from server.support.credentials import TOKEN, TOKEN_FILE, authorization_for, risks_of
from server.support.errors import UserError
from server.support.terminal import harmless, say, without_password

_WAIT_S = 60.0  # for each response
_PATIENCE_S = 60.0  # with a server that asks to repeat a request later, in all
_BODY_BYTES_MAX = 64 * 1024 * 1024  # of a response; a server that sends more is none of ours
TEXT_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}
DEFAULT_SERVER = "http://localhost:8080"
_ETAG = re.compile(r'(?:W/)?"([0-9a-f]{40})"')
_PAGE = r"d/(?P<page>[^/]+(?:/[^/]+)*?)(?:/(?:raw|view))?"
_DOCUMENT = re.compile(rf"(?P<before>.*)/(?:{_PAGE}|(?P<git>[^/]+)\.git)/?")


class CommandError(UserError):
    """The command cannot be carried out."""


class UnreachableError(CommandError):
    """The server cannot be reached; further requests would fail, too."""


class RejectedError(CommandError):
    """The server rejects the request; has the HTTP status and the server's sentence.

    `retry_after_s` is 0 unless a budget of the client is used up.
    """

    def __init__(self, url: str, status: int, sentence: str, retry_after_s: int = 0) -> None:
        super().__init__(f"{shown(url)}: {sentence}")
        self.status = status
        self.sentence = sentence
        self.retry_after_s = retry_after_s


class ConflictError(Exception):
    """Others changed the same words; has the server's JSON."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    revision: str


class _TokenFile(Action):
    """Names the file in the environment, where all that sends requests looks."""

    def __call__(
        self, _: ArgumentParser, _namespace: Namespace, values: Any, _option: str | None = None
    ) -> None:
        os.environ[TOKEN_FILE] = values


def add_token_file(command: ArgumentParser) -> None:
    """Add the option of all commands that talk to a server."""
    command.add_argument(
        "--token-file",
        metavar="FILE",
        action=_TokenFile,
        help=f"file with the token to sign in with (default: {TOKEN_FILE}, {TOKEN}, or ~/.netrc)",
    )


def add_document(command: ArgumentParser) -> None:
    """Add the argument that names a document."""
    command.add_argument("url", metavar="URL", help="address of a document: http://HOST/d/NAME")


def add_server(command: ArgumentParser) -> None:
    """Add the argument that names a server, which may be left out."""
    command.add_argument(
        "url", metavar="URL", nargs="?", default=DEFAULT_SERVER, help=f"default: {DEFAULT_SERVER}"
    )


def add_under(command: ArgumentParser) -> None:
    """Add the option that names a folder of documents."""
    command.add_argument("--under", metavar="FOLDER", help="only the documents in this folder")


def listed(options: Namespace) -> dict[str, str]:
    """Return the query for what the options `--under` and `--archived` name."""
    under = {"under": options.under} if options.under else {}
    return under | ({"archived": "1"} if options.archived else {})


# --- addresses


def server_of(url: str) -> str:
    """Return the URL of the server, given any URL there."""
    parts = _parts(url)
    found = _DOCUMENT.fullmatch(parts.path)
    path: str = found["before"] if found else parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def document_in(url: str) -> str | None:
    """Return the name of the document that a URL is of; None if it is of none."""
    found = _DOCUMENT.fullmatch(_parts(url).path)
    return unquote(found["page"] or found["git"]) if found else None


def document_of(url: str) -> str:
    """Return the name of the document that a URL is of.

    Raises:
        CommandError: it is of none.
    """
    document = document_in(url)
    if document is None:
        raise CommandError(
            f"{shown(url)} is not the address of a document, such as {DEFAULT_SERVER}/d/NAME"
        )
    return document


def text_url_for(url: str, query: Mapping[str, str]) -> str:
    """Return the URL of a document's text for a URL that the user gave."""
    return text_url(server_of(url), document_of(url), query)


def text_url(server: str, document: str, query: Mapping[str, str] = {}) -> str:
    """Return the URL of a document's text."""
    return f"{server}/d/{quote(document)}/raw" + (f"?{urlencode(query)}" if query else "")


def api_url_for(url: str, *path: str, **query: str) -> str:
    """Return the URL of a document in the JSON API, or one below it, for a URL of the user."""
    address = api_url(server_of(url), "documents", document_of(url), *path)
    return address + (f"?{urlencode(query)}" if query else "")


def api_url(server: str, *path: str) -> str:
    """Return a URL of the JSON API."""
    return "/".join((f"{server}/api", *map(quote, path)))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts
    except ValueError:
        pass  # such as an unmatched bracket
    raise CommandError(f"{url} is not an address, such as {DEFAULT_SERVER}/d/NAME")


# --- requests


def documents(server: str, query: Mapping[str, str] = {}) -> Iterator[str]:
    """Yield the names of the documents of a server, in order.

    Args:
        server: its URL.
        query: which ones; see `listed`.

    Raises:
        CommandError: the server lists something that cannot be the name of a document. Nothing is
            taken from such a list, since names become files.
    """
    last, more = "", True
    while more:
        url = f"{api_url(server, 'documents')}?{urlencode({**query, 'after': last})}"
        names, more = _listing(url, send("GET", url).body)
        for name in names:
            if not is_document_name(name) or name <= last:
                raise CommandError(f"{shown(server)} lists an invalid document: {name!a}")
            yield name
            last = name
        more = more and bool(names)


def _listing(url: str, body: bytes) -> tuple[list[str], bool]:
    """Return the names on one page of the list of documents, and whether another page follows."""
    try:
        found = json.loads(body)
        names, more = [entry["document"] for entry in found["documents"]], bool(found["more"])
    except (ValueError, LookupError, TypeError):
        raise not_understood(url) from None
    if not all(isinstance(name, str) for name in names):
        raise not_understood(url)
    return names, more


def put(url: str, text: bytes, condition: Mapping[str, str]) -> Answer:
    """Send a whole version; `condition` is the header that names the version it was made from."""
    return send("PUT", url, text, {**TEXT_HEADERS, **condition})


def send(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}
) -> Answer:
    """Send a request and return the answer. If the server says how long to wait, wait and repeat.

    Raises:
        UnreachableError: there is no answer.
        RejectedError: the server rejects the request.
        ConflictError: others changed the same words.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return _send_once(method, url, body, headers)
        except RejectedError as rejected:
            wait_s = rejected.retry_after_s
            if not wait_s or time.monotonic() + wait_s > until:
                raise
            time.sleep(wait_s)


def _send_once(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
    request = Request(without_password(url), body, headers, method=method)  # noqa: S310  _parts
    if authorization := authorization_for(url, os.environ):
        for risk in risks_of(url, os.environ):
            _warn_once(risk)
        request.add_unredirected_header("Authorization", authorization)
    try:
        with _opener().open(request, timeout=_WAIT_S) as answer:
            text = _body(url, answer)
            if answer.length:  # bytes that did not arrive
                raise http.client.IncompleteRead(text, answer.length)
            return Answer(text, _revision(answer.headers.get("ETag", "")))
    except HTTPError as error:
        raise _rejection(url, error) from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        reason = problem.reason if isinstance(problem, URLError) else problem
        why = getattr(reason, "strerror", None) or reason
        raise UnreachableError(f"{shown(url)} cannot be reached: {why}") from None


class _Redirects(HTTPRedirectHandler):
    """Follows redirects, and sends the credentials again only to the same server."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request and (request.type, request.host) == (req.type, req.host):
            for name, value in req.unredirected_hdrs.items():
                request.add_unredirected_header(name, value)
        return request


@cache
def _opener() -> OpenerDirector:
    return build_opener(_Redirects)


@cache
def _warn_once(sentence: str) -> None:
    say(f"gollabedit: {sentence}")


def _rejection(url: str, error: HTTPError) -> Exception:
    """Return the exception for an error response. An HTML page, of a proxy, is left out."""
    with error:
        content_type, body = error.headers.get_content_type(), _body(url, error)
    sentence = body.decode(errors="replace") if content_type == "text/plain" else ""
    if content_type == "application/json":
        answer = _json_object(body)
        if error.code == 409 and ("hunks" in answer or "error" not in answer):
            return _conflict(url, answer)
        sentence = str(answer.get("error", ""))
    sentence = " ".join(sentence.split()) or f"{error.code} {error.reason}"
    if error.code == HTTPStatus.UNAUTHORIZED:
        sentence += " (--token-file names a file with the token.)"
    is_over = error.code == HTTPStatus.TOO_MANY_REQUESTS
    retry_after = error.headers.get("Retry-After", "") if is_over else ""
    retry_after_s = int(retry_after) if retry_after.isdecimal() else 0
    return RejectedError(url, error.code, harmless(sentence), retry_after_s)


def _json_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object; an empty one if it is none."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _conflict(url: str, answer: dict[str, Any]) -> Exception:
    """Return the exception for a response that reports a conflict."""
    try:
        sides = [hunk[side] for hunk in answer["hunks"] for side in ("base", "ours", "theirs")]
        lines = [hunk["line_sent"] for hunk in answer["hunks"]]
        is_valid = all(isinstance(it, str) for it in (answer["revision"], *sides))
        if is_valid and all(isinstance(line, int) for line in lines):
            return ConflictError(answer)
    except (ValueError, LookupError, TypeError):
        pass
    return not_understood(url)


def _body(url: str, answer: IO[bytes]) -> bytes:
    """Read a response.

    Raises:
        CommandError: it is too large.
    """
    body = answer.read(_BODY_BYTES_MAX + 1)
    if len(body) > _BODY_BYTES_MAX:
        size = _BODY_BYTES_MAX // 1024**2
        raise CommandError(f"{shown(url)}: the server sends more than {size} MB; nothing was kept")
    return body


def _revision(etag: str) -> str:
    """Return the revision that an ETag names; empty if it names none."""
    found = _ETAG.fullmatch(etag)
    return found[1] if found else ""


def not_understood(url: str) -> CommandError:
    """Return the error for an answer that is not one of a GollabEdit server."""
    return CommandError(f"{shown(url)}: this is not the answer of a GollabEdit server")


def shown(url: str) -> str:
    """Return a URL as the user wrote it, without the password, for a message."""
    parts = urlsplit(without_password(url))
    return urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix("/raw"), "", ""))
