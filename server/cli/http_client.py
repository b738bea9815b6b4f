"""The HTTP client of the commands, for the plain HTTP addresses (docs/protocol.md).

CommandError         the command cannot be carried out
├─ UnreachableError  the server cannot be reached
└─ RejectedError     the server rejects the request
ConflictError        others changed the same words
"""

import base64
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from server.support.errors import UserError
from server.support.terminal import harmless, without_password

_WAIT_S = 60.0  # for each response
TEXT_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}
DEFAULT_SERVER = "http://localhost:8080"
_DOCUMENT = re.compile(r"(?P<before>.*)/(?:d/(?P<page>[^/]+)(?:/raw)?|(?P<git>[^/]+)\.git)/?")


class CommandError(UserError):
    """The command cannot be carried out."""


class UnreachableError(CommandError):
    """The server cannot be reached; further requests would fail, too."""


class RejectedError(CommandError):
    """The server rejects the request; has the HTTP status and the server's sentence."""

    def __init__(self, url: str, status: int, sentence: str) -> None:
        super().__init__(f"{shown(url)}: {sentence}")
        self.status = status
        self.sentence = sentence


class ConflictError(Exception):
    """Others changed the same words; has the server's JSON."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    revision: str


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


def text_url_for(url: str, query: Mapping[str, str]) -> str:
    """Return the URL of a document's text for a URL that the user gave."""
    document = document_in(url)
    if document is None:
        raise CommandError(
            f"{shown(url)} is not the address of a document, such as {DEFAULT_SERVER}/d/NAME"
        )
    return text_url(server_of(url), document, query)


def text_url(server: str, document: str, query: Mapping[str, str] = {}) -> str:
    """Return the URL of a document's text."""
    return f"{server}/d/{quote(document)}/raw" + (f"?{urlencode(query)}" if query else "")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts
    except ValueError:
        pass  # such as an unmatched bracket
    raise CommandError(f"{url} is not an address, such as {DEFAULT_SERVER}/d/NAME")


# --- requests


def documents(server: str) -> Iterator[str]:
    """Yield the names of all documents of a server, in order."""
    after: str | None = ""
    while after is not None:
        answer = send("GET", f"{server}/api/documents?{urlencode({'after': after})}")
        found = json.loads(answer.body)
        for document in found["documents"]:
            yield document["document"]
        after = found["documents"][-1]["document"] if found["more"] else None


def put(url: str, text: bytes, condition: Mapping[str, str]) -> Answer:
    """Send a whole version; `condition` is the header that names the version it was made from."""
    return send("PUT", url, text, {**TEXT_HEADERS, **condition})


def send(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}
) -> Answer:
    """Send a request and return the answer.

    Raises:
        UnreachableError: there is no answer.
        RejectedError: the server rejects the request.
        ConflictError: others changed the same words.
    """
    address, credentials = _split_credentials(url)
    request = Request(address, body, {**headers, **credentials}, method=method)  # noqa: S310  _parts
    try:
        with urlopen(request, timeout=_WAIT_S) as answer:  # noqa: S310  _parts
            return Answer(answer.read(), answer.headers.get("ETag", "").strip('W/"'))
    except HTTPError as error:
        raise _rejection(url, error) from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        reason = problem.reason if isinstance(problem, URLError) else problem
        why = getattr(reason, "strerror", None) or reason
        raise UnreachableError(f"{shown(url)} cannot be reached: {why}") from None


def _rejection(url: str, error: HTTPError) -> Exception:
    """Return the exception for an error response. An HTML page, of a proxy, is left out."""
    with error:
        content_type, body = error.headers.get_content_type(), error.read()
    if error.code == 409 and content_type == "application/json":
        return ConflictError(json.loads(body))
    sentence = body.decode(errors="replace") if content_type == "text/plain" else ""
    sentence = " ".join(sentence.split()) or f"{error.code} {error.reason}"
    return RejectedError(url, error.code, harmless(sentence))


def _split_credentials(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without user and password, and the header that has them."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    secret = base64.b64encode(unquote(user).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {secret}"}


def shown(url: str) -> str:
    """Return a URL as the user wrote it, without the password, for a message."""
    parts = urlsplit(without_password(url))
    return urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix("/raw"), "", ""))
