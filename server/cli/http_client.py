"""What the commands ask of a server: the plain HTTP addresses alone (docs/protocol.md).

CommandError         a command cannot be carried out
├─ UnreachableError  there is no server, or it went
└─ RefusedError      the server has its reasons
DisputedError        others changed the same words
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

_WAIT_S = 60.0  # for each answer
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
HERE = "http://localhost:8080"
_DOCUMENT = re.compile(r"(?P<before>.*)/(?:d/(?P<page>[^/]+)(?:/raw)?|(?P<git>[^/]+)\.git)/?")


class CommandError(UserError):
    """A command cannot be carried out; the message is one line for the user."""


class UnreachableError(CommandError):
    """There is no answer, and there will be none to the next question."""


class RefusedError(CommandError):
    """The server refuses; carries the status of HTTP and the server's sentence."""

    def __init__(self, url: str, status: int, sentence: str) -> None:
        super().__init__(f"{shown(url)}: {sentence}")
        self.status = status
        self.sentence = sentence


class DisputedError(Exception):
    """Others changed the same words; carries the server's JSON."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    revision: str


# --- addresses


def server_of(url: str) -> str:
    """The address of the server, of any address there."""
    parts = _parts(url)
    found = _DOCUMENT.fullmatch(parts.path)
    path: str = found["before"] if found else parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def document_in(url: str) -> str | None:
    """The document that an address is of, if it is one's."""
    found = _DOCUMENT.fullmatch(_parts(url).path)
    return unquote(found["page"] or found["git"]) if found else None


def raw_of(url: str, query: Mapping[str, str]) -> str:
    """The address of a document's text, of the addresses that a user has."""
    document = document_in(url)
    if document is None:
        raise CommandError(f"{shown(url)} is no document; it looks like {HERE}/d/NAME")
    return text_at(server_of(url), document, query)


def text_at(server: str, document: str, query: Mapping[str, str] = {}) -> str:
    """The address of the text of a server's document."""
    return f"{server}/d/{quote(document)}/raw" + (f"?{urlencode(query)}" if query else "")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts
    except ValueError:
        pass  # half a bracket
    raise CommandError(f"{url} is no address; it looks like {HERE}/d/NAME")


# --- questions


def documents(server: str) -> Iterator[str]:
    """The names of all documents of a server, in order."""
    after: str | None = ""
    while after is not None:
        answer = ask("GET", f"{server}/api/documents?{urlencode({'after': after})}")
        found = json.loads(answer.body)
        for document in found["documents"]:
            yield document["document"]
        after = found["documents"][-1]["document"] if found["more"] else None


def put(url: str, text: bytes, condition: Mapping[str, str]) -> Answer:
    """Send a whole version; `condition` is the header that says what it is made from."""
    return ask("PUT", url, text, {**TEXT, **condition})


def ask(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}
) -> Answer:
    """Ask the server.

    Raises:
        UnreachableError: there is no answer.
        RefusedError: it is a refusal.
        DisputedError: others changed the same words.
    """
    address, sign_in = _apart(url)
    request = Request(address, body, {**headers, **sign_in}, method=method)  # noqa: S310  _parts
    try:
        with urlopen(request, timeout=_WAIT_S) as answer:  # noqa: S310  _parts
            return Answer(answer.read(), answer.headers.get("ETag", "").strip('W/"'))
    except HTTPError as refusal:
        raise _refusal(url, refusal) from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        reason = problem.reason if isinstance(problem, URLError) else problem
        why = getattr(reason, "strerror", None) or reason
        raise UnreachableError(f"{shown(url)} cannot be reached: {why}") from None


def _refusal(url: str, refusal: HTTPError) -> Exception:
    """What a refusal means; a page is from somebody in between, and would fill the terminal."""
    with refusal:
        kind, said = refusal.headers.get_content_type(), refusal.read()
    if refusal.code == 409 and kind == "application/json":
        return DisputedError(json.loads(said))
    sentence = said.decode(errors="replace") if kind == "text/plain" else ""
    sentence = " ".join(sentence.split()) or f"{refusal.code} {refusal.reason}"
    return RefusedError(url, refusal.code, harmless(sentence))


def _apart(url: str) -> tuple[str, dict[str, str]]:
    """The address without name and password, and the header that holds them."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    secret = base64.b64encode(unquote(user).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {secret}"}


def shown(url: str) -> str:
    """An address for a message: no password, and as the user wrote it."""
    parts = urlsplit(without_password(url))
    return urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix("/raw"), "", ""))
