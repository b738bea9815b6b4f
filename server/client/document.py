r"""A document for programs: its text, durable edits, and the revisions of others.

    async with connect("http://localhost:8080/d/notes", name="Bot") as document:
        await document.edit(document.text + "One more line.\n")

This is the asyncio shell around `Replica`. `Connection` is a websocket that reconnects with
exponential back-off; `Document` is the public interface. docs/client.md has examples.

Errors::

    ClientError              has a sentence for the user
    ├── NotReachableError    the document cannot be opened
    │   ├── NotSignedInError   it needs a token, or the token is not valid any more
    │   ├── NoAccessError      there is no such document, or no access to it
    │   └── DeletedError       the document was deleted
    ├── RefusedError         the server refuses the text; has a wire code
    └── ConflictError        others changed the same words; resolve it or park it
"""

import asyncio
import os
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NamedTuple, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from aiohttp import (
    ClientConnectorError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    WSMsgType,
    WSServerHandshakeError,
)
from aiohttp import (
    ClientError as HttpError,
)

from server import protocol
from server.client.replica import Known, Replica, UnexpectedMessageError, resolution_of
from server.protocol import (
    BadMessageError,
    ClientMessage,
    ServerMessage,
    WireHunk,
    decode_server_message,
    encode,
)
from server.support.backoff import backoff_s
from server.support.credentials import CredentialsError, authorization_for
from server.support.terminal import harmless, without_password

_RETRY_BASE_S = 0.5
_RETRY_MAX_S = 30.0
_HEARTBEAT_S = 15.0
_FRAME_BYTES_MAX = 64 * 1024 * 1024  # a server that sends more is none of ours
_CONNECT_S = 10.0
_SIGN_IN = "sign in with a valid token (docs/access.md)"
_NO_ACCESS = "there is no such document, or no access to it"
_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)
_RETRYABLE_STATUSES = {408, 425, 429}
_TEXTS_MAX = 32  # older texts that an edit may name as its base


class ClientError(Exception):
    """Base of all errors of this package; the message is a sentence for the user."""


class NotReachableError(ClientError):
    """The document cannot be opened."""


class NotSignedInError(NotReachableError):
    """The document requires signing in; the token is missing, wrong, expired or revoked."""


class NoAccessError(NotReachableError):
    """There is no such document, or no access to it."""


class DeletedError(NotReachableError):
    """The document was deleted."""


class TakenOverError(NotReachableError):
    """Another program uses the key of this client."""


class RefusedError(ClientError):
    """The server rejected the text; nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ConflictError(ClientError):
    """Others changed the same words. Everything else is already merged.

    Attributes:
        hunks: the conflicting regions: `base`, `ours` (the others'), `theirs` (this program's).
        text: the text of `master`, with `ours` at every hunk.
    """

    def __init__(self, document: "Document", conflict: protocol.Conflict) -> None:
        super().__init__("others changed the same words")
        self.hunks: Sequence[WireHunk] = conflict.hunks
        self.text = conflict.text
        self._document = document
        self._conflict = conflict

    async def resolve(self, results: Sequence[str]) -> None:
        """Replace the hunks by the results, one for each; raises the errors of `Document.edit`."""
        text = resolution_of(self._conflict, results)
        await self._document._decide(  # noqa: SLF001
            lambda replica: replica.resolve(self._conflict, text)
        )

    async def park(self) -> None:
        """Put the conflict off: it becomes an unmerged branch, which anybody can resolve."""
        await self._document._decide(Replica.park)  # noqa: SLF001


class Revision(NamedTuple):
    """A revision of `master`. `who` names the authors, where the server sent them."""

    id: str
    text: str
    who: tuple[str, ...]


# --- a websocket that reconnects


class Listener(Protocol):
    """The owner of a connection. Returned messages are sent."""

    def opened(self) -> Sequence[ClientMessage]: ...
    def received(self, message: ServerMessage) -> Sequence[ClientMessage]: ...
    def closed(self, problem: str) -> None: ...
    def moved(self, url: str) -> None: ...


class Connection:
    """The connection to one document; it reconnects with exponential back-off and jitter."""

    def __init__(
        self, url: str, listener: Listener, authorization: Callable[[], str | None] | None = None
    ) -> None:
        """Make the connection; it is opened by `run`.

        Args:
            url: the address of the document, as in the browser.
            listener: the owner.
            authorization: returns the header with the credentials for each attempt to connect;
                by default those of `url`, the environment or netrc.
        """
        self._address = url
        self._page, self._url = without_password(url), websocket_url(url)
        self._listener = listener
        self._authorization = authorization or self._found_authorization
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._socket: ClientWebSocketResponse[bool] | None = None

    async def run(self) -> None:
        """Keep the connection open until cancelled.

        Raises:
            NotReachableError: The server refuses permanently.
        """
        failures = 0
        timeout = ClientTimeout(total=None, connect=_CONNECT_S)
        async with ClientSession(timeout=timeout) as http:
            while True:
                problem = await self._connect_once(http)
                failures = 0 if problem is None else failures + 1
                jitter = random.random()  # noqa: S311
                await asyncio.sleep(
                    backoff_s(failures, jitter, base_s=_RETRY_BASE_S, max_s=_RETRY_MAX_S)
                )

    def send(self, messages: Sequence[ClientMessage]) -> None:
        """Send messages if connected; the replica resends lost ones after the next welcome."""
        for message in messages:
            self._frames.put_nowait(encode(message).decode())

    def _found_authorization(self) -> str | None:
        return authorization_for(self._address, os.environ)

    def _headers(self) -> dict[str, str]:
        try:
            authorization = self._authorization()
        except CredentialsError as problem:
            raise NotSignedInError(str(problem)) from None
        return {"Authorization": authorization} if authorization else {}

    async def _connect_once(self, http: ClientSession) -> str | None:
        """Connect and serve until disconnected; return the problem, if any."""
        try:
            async with http.ws_connect(
                self._url,
                headers=self._headers(),
                heartbeat=_HEARTBEAT_S,
                max_msg_size=_FRAME_BYTES_MAX,
            ) as socket:
                self._frames, self._socket = asyncio.Queue(), socket
                self.send(self._listener.opened())
                problem = await self._serve(socket)
        except WSServerHandshakeError as error:
            problem = self._handshake_problem(error.status)
        except (OSError, HttpError, TimeoutError) as error:
            problem = _reason(error)
        finally:
            self._socket = None
        self._listener.closed(problem or "the connection was lost")
        return problem

    def _handshake_problem(self, status: int) -> str:
        """Describe a failed handshake.

        Raises:
            NotReachableError: A retry would fail in the same way.
        """
        if status == HTTPStatus.UNAUTHORIZED:
            raise NotSignedInError(f"{self._page}: {_SIGN_IN}")
        if status == HTTPStatus.FORBIDDEN:
            raise NoAccessError(f"{self._page}: the server refuses the connection (403)")
        if status == HTTPStatus.NOT_FOUND:
            raise NotReachableError(
                f"{self._page} is not a document: a name has 1 to 64 of a-z 0-9 . _ - and starts"
                " with a letter or a digit"
            )
        if 400 <= status < 500 and status not in _RETRYABLE_STATUSES:
            raise NotReachableError(f"{self._page}: the server answered {status}")
        return f"the server answered {status}"

    async def _serve(self, socket: ClientWebSocketResponse[bool]) -> str | None:
        """Send and receive until the connection is closed."""
        writing = asyncio.create_task(self._write(socket))
        try:
            return await self._read(socket)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)  # the reader fails as well

    async def _write(self, socket: ClientWebSocketResponse[bool]) -> None:
        while True:
            await socket.send_str(await self._frames.get())

    async def _read(self, socket: ClientWebSocketResponse[bool]) -> str | None:
        """Pass messages to the listener until disconnected; return the problem, if any."""
        received = False
        while (frame := await socket.receive()).type not in _ENDS:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                message = decode_server_message(frame.data)
                answers = self._listener.received(message) if message else ()
            except (BadMessageError, UnexpectedMessageError) as problem:
                return str(problem)
            received = True
            self.send(answers)
        if frame.type is WSMsgType.CLOSE:
            received |= self._follow(frame.data, frame.extra or "")
        if received:
            return None
        reason = f": {harmless(frame.extra)}" if frame.extra else ""
        return f"the server closed the connection{reason}"

    def _follow(self, code: int, reason: str) -> bool:
        """Follow the document to its new name; return whether it has one.

        Raises:
            NotReachableError: A retry would fail in the same way.
        """
        if code == protocol.CloseCode.RENAMED and reason:
            self._address = _with_name(self._address, reason)
            self._page, self._url = without_password(self._address), websocket_url(self._address)
            self._listener.moved(self._address)
            return True
        if code == protocol.CloseCode.DELETED:
            raise DeletedError(f"{self._page}: the document was deleted")
        if code == protocol.CloseCode.NOT_SIGNED_IN:
            raise NotSignedInError(f"{self._page}: {_SIGN_IN}")
        if code == protocol.CloseCode.NO_SUCH_DOCUMENT:
            raise NoAccessError(f"{self._page}: {_NO_ACCESS}")
        if reason == protocol.TAKEN_OVER:
            raise TakenOverError(f"{self._page}: another program uses the key of this client")
        return False


def _reason(problem: Exception) -> str:
    """Return for the user why a connection failed."""
    if isinstance(problem, ClientConnectorError):
        return f"{problem.host}:{problem.port}: {problem.os_error.strerror or problem.os_error}"
    return str(problem) or "the server did not answer"


def _with_name(url: str, document: str) -> str:
    """Return the address of the document of another name on the same server."""
    parts = urlsplit(url)
    before, found, _ = parts.path.rstrip("/").rpartition("/d/")
    return urlunsplit(parts._replace(path=f"{before}{found}{quote(document)}"))


def websocket_url(url: str) -> str:
    """Return the address of a document's websocket.

    Raises:
        NotReachableError: `url` is not the address of a document.
    """
    parts = urlsplit(url)
    before, found, name = parts.path.rstrip("/").removesuffix("/view").rpartition("/d/")
    if parts.scheme not in {"http", "https"} or not parts.netloc or not found or not name:
        raise NotReachableError(
            f"{without_password(url)} is not the address of a document, such as"
            " http://localhost:8080/d/notes"
        )
    host = parts.netloc.rpartition("@")[2]  # the credentials are sent as a header
    return urlunsplit((parts.scheme, host, f"{before}/ws/{name}", "", ""))


# --- a document


@asynccontextmanager
async def connect(
    url: str, *, name: str = "", token: str | None = None, wait_s: float | None = 10.0
) -> AsyncIterator["Document"]:
    """Open a document.

    Args:
        url: as in the browser, `http://localhost:8080/d/notes`.
        name: the author's name in the history; that of the token's account takes precedence.
        token: with which the program signs in; by default that of `GOLLABEDIT_TOKEN_FILE`,
            `GOLLABEDIT_TOKEN` or netrc, if there is one.
        wait_s: how long to wait for the first connection, in seconds; None waits forever. Later
            reconnections are always waited for.

    Raises:
        NotReachableError: The document cannot be opened.
    """
    document = Document(url, name, token)
    running = asyncio.create_task(document._run())  # noqa: SLF001
    try:
        await document._wait_opened(wait_s)  # noqa: SLF001
        yield document
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _bearer(token: str) -> Callable[[], str]:
    return lambda: f"Bearer {token}"


class Document:
    """A live document; created by `connect`."""

    def __init__(self, url: str, name: str, token: str | None = None) -> None:
        self._replica = Replica()
        self._name = name
        self._connection = Connection(url, self, None if token is None else _bearer(token))
        self._url = url
        self._people: dict[str, str] = {}
        self._texts: deque[Known] = deque(maxlen=_TEXTS_MAX)
        self._revision: Revision | None = None
        self._who: tuple[str, ...] = ()
        self._one_edit = asyncio.Lock()
        self._changed = asyncio.Event()
        self._failure: ClientError | None = None
        self._last_problem = ""
        self._retry_timer: asyncio.TimerHandle | None = None

    @property
    def text(self) -> str:
        """The current text, including this program's last edit."""
        return self._replica.local

    @property
    def people(self) -> tuple[str, ...]:
        """The names of the other clients."""
        return tuple(name for id, name in self._people.items() if id != self._replica.client)

    @property
    def conflict(self) -> ConflictError | None:
        """The open conflict, to be resolved or parked."""
        return ConflictError(self, self._replica.conflict) if self._replica.conflict else None

    async def edit(self, text: str, *, of: str | None = None) -> None:
        """Edit the text; returns when the edit is durable and merged.

        Args:
            text: the whole new text.
            of: the text that it was made from, if `self.text` may have changed since.

        Raises:
            ConflictError: Others changed the same words; everything else is merged.
            RefusedError: The server refuses the text.
            ValueError: `of` is not among the last texts of this document.
        """
        base_text = self.text if of is None else of
        async with self._one_edit:
            await self._wait_idle()
            base = self._base_with(base_text)
            self._replica.edited(text, base)
            await self._submit()

    async def revisions(self) -> AsyncIterator[Revision]:
        """Yield the current revision, then newer ones; a slow reader gets only the newest."""
        last: Revision | None = None
        while True:
            await self._wait_until(lambda: self._revision != last)  # noqa: B023
            last = self._revision
            assert last
            yield last

    async def _decide(self, decide: Callable[[Replica], None]) -> None:
        async with self._one_edit:
            await self._wait_idle()
            if self._replica.conflict is None:
                return  # it has resolved itself
            decide(self._replica)
            await self._submit()

    async def _submit(self) -> None:
        """Send what is due and wait for the answer."""
        self._proceed()
        self._connection.send(self._replica.take_messages())
        await self._wait_idle()
        refused, conflict = self._replica.refused, self._replica.conflict
        if refused:
            self._replica.edited(self._replica.known.text)
            self._proceed()
            raise RefusedError(refused.code, refused.message)
        if conflict:
            raise ConflictError(self, conflict)

    async def _wait_idle(self) -> None:
        """Wait until nothing is outstanding."""
        await self._wait_until(lambda: self._replica.is_online and self._replica.is_idle)

    async def _wait_until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            if self._failure:
                raise self._failure
            await self._changed.wait()

    async def _wait_opened(self, wait_s: float | None) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._wait_until(lambda: self._revision is not None)
        except TimeoutError:
            raise NotReachableError(
                f"{without_password(self._url)} cannot be reached: {self._last_problem}"
            ) from None

    def _base_with(self, text: str) -> Known:
        if text == self._replica.known.text:
            return self._replica.known
        for known in reversed(self._texts):
            if known.text == text:
                return known
        raise ValueError("`of` is not among the last texts of this document")

    # --- the connection

    async def _run(self) -> None:
        try:
            await self._connection.run()
        except ClientError as problem:
            self._failure = problem
            self._notify()
        finally:
            if self._retry_timer:
                self._retry_timer.cancel()

    def opened(self) -> Sequence[ClientMessage]:
        self._replica.opened(self._name)
        return self._replica.take_messages()

    def closed(self, problem: str) -> None:
        self._last_problem = problem
        self._replica.closed()

    def moved(self, url: str) -> None:
        self._url = url

    def received(self, message: ServerMessage) -> Sequence[ClientMessage]:
        match message:
            case protocol.Welcome():
                self._people = {person.client: person.name for person in message.people}
            case protocol.PersonMoved():
                self._people[message.client] = message.name
            case protocol.PersonLeft():
                self._people.pop(message.client, None)
            case protocol.Update():
                self._who = tuple(self._people[id] for id in message.clients if id in self._people)
            case _:
                pass
        self._replica.received(message)
        self._proceed()
        if isinstance(message, protocol.Error) and self._replica.retry_after_s is not None:
            if self._retry_timer:
                self._retry_timer.cancel()
            loop = asyncio.get_running_loop()
            self._retry_timer = loop.call_later(self._replica.retry_after_s, self._retry)
        self._notify()
        return self._replica.take_messages()

    def _proceed(self) -> None:
        """Catch up with others and queue what is due."""
        replica = self._replica
        newest = replica.newest
        if replica.can_catch_up:
            replica.catch_up()
        replica.flush()
        if newest.is_revision and (not self._revision or self._revision.id != newest.commit):
            self._revision = Revision(newest.commit or "", newest.text, self._who)
            self._who = ()
        if replica.known.commit and (not self._texts or self._texts[-1] != replica.known):
            self._texts.append(replica.known)

    def _retry(self) -> None:
        self._replica.retry()
        self._connection.send(self._replica.take_messages())

    def _notify(self) -> None:
        """Wake all waiting coroutines."""
        self._changed.set()
        self._changed = asyncio.Event()
