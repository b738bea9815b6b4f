r"""A document for programs: its text, edits that are durable when they return, others' revisions.

    async with connect("http://localhost:8080/d/notes", name="Bot") as document:
        await document.edit(document.text + "One more line.\n")

The asyncio shell around `machine`. `Line` is one websocket that is always wanted, opened anew
after every loss with growing pauses; `Document` is what programs see. docs/client.md has examples.

Errors::

    ClientError             with a sentence for the user
    ├── NotReachableError   the document cannot be opened: no server, no such document
    ├── RefusedError        the server does not take this text; carries a wire code
    └── ConflictError       others changed the same words; the answer decides
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit, urlunsplit

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
from server.client.replica import (
    ClientSync,
    Known,
    UnexpectedMessageError,
    decode,
    encode,
    with_results,
)
from server.protocol import ClientMessage, ServerMessage, WireHunk
from server.support.terminal import without_password

_PAUSE_FIRST_S = 0.5
_PAUSE_MOST_S = 30.0
_HEARTBEAT_S = 15.0
_CONNECT_S = 10.0
# Close codes and HTTP answers after which trying again would be answered the same.
_REFUSED_CLOSES = {
    4401: "sign in first",
    protocol.CloseCode.NO_SUCH_DOCUMENT: "there is no such document",
}
_TRY_AGAIN = {408, 425, 429}
# So many texts of before may be named as what an edit was made of.
_TEXTS_KEPT = 32


class ClientError(Exception):
    """What a program's user should read."""


class NotReachableError(ClientError):
    """The document cannot be opened."""


class RefusedError(ClientError):
    """The server does not take this text; nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ConflictError(ClientError):
    """Others changed the same words. What does not disagree is merged already.

    Attributes:
        hunks: where the sides disagree: `base`, `ours` (the others'), `theirs` (this program's).
        text: what everybody has now, with `ours` at every hunk.
    """

    def __init__(self, document: "Document", conflict: protocol.Conflict) -> None:
        super().__init__("others changed the same words")
        self.hunks: Sequence[WireHunk] = conflict.hunks
        self.text = conflict.text
        self._document = document
        self._conflict = conflict

    async def resolve(self, results: Sequence[str]) -> None:
        """Put these words at the hunks, one for each; raises like `Document.edit`."""
        text = with_results(self._conflict, results)
        await self._document._decide(lambda sync: sync.resolve(self._conflict, text))  # noqa: SLF001

    async def park(self) -> None:
        """Decide later: it is kept as an unmerged branch, which anybody can take up."""
        await self._document._decide(ClientSync.park)  # noqa: SLF001


class Revision(NamedTuple):
    """A text that everybody has. `who` names the authors, as far as the server told."""

    id: str
    text: str
    who: tuple[str, ...]


# --- one websocket that is always wanted


class Listener(Protocol):
    """What a line tells. Each call may return messages to send."""

    def opened(self) -> Sequence[ClientMessage]: ...
    def received(self, message: ServerMessage) -> Sequence[ClientMessage]: ...
    def closed(self, why: str) -> None: ...


class Line:
    """The connection to one document, opened anew after every loss, with back-off and jitter."""

    def __init__(self, url: str, listener: Listener) -> None:
        self._page, self._url = without_password(url), websocket_url(url)
        self._listener = listener
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._socket: ClientWebSocketResponse[bool] | None = None

    async def run(self) -> None:
        """Keep it open until cancelled.

        Raises:
            NotReachableError: the server says that this will never do.
        """
        failures = 0
        timeout = ClientTimeout(total=None, connect=_CONNECT_S)
        async with ClientSession(timeout=timeout) as http:
            while True:
                why = await self._once(http)
                failures = 0 if why is None else failures + 1
                pause = min(_PAUSE_MOST_S, _PAUSE_FIRST_S * 2 ** min(failures, 10))
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311

    def send(self, messages: Sequence[ClientMessage]) -> None:
        """Send these if there is a connection; what is lost is sent again with the next welcome."""
        for message in messages:
            self._frames.put_nowait(encode(message).decode())

    async def _once(self, http: ClientSession) -> str | None:
        """One connection from its beginning to its end; returns why it never came about."""
        try:
            async with http.ws_connect(self._url, heartbeat=_HEARTBEAT_S, max_msg_size=0) as socket:
                self._frames, self._socket = asyncio.Queue(), socket
                self.send(self._listener.opened())
                why = await self._talk(socket)
        except WSServerHandshakeError as problem:
            why = self._refused(problem.status)
        except (OSError, HttpError, TimeoutError) as problem:
            why = _reason(problem)
        finally:
            self._socket = None
        self._listener.closed(why or "the connection is gone")
        return why

    def _refused(self, status: int) -> str:
        """What a handshake that was answered otherwise means.

        Raises:
            NotReachableError: trying again would be answered the same.
        """
        if status == HTTPStatus.NOT_FOUND:
            raise NotReachableError(
                f"{self._page} is no document: a name is 1 to 64 of a-z 0-9 . _ -, first a letter"
                " or a digit"
            )
        if 400 <= status < 500 and status not in _TRY_AGAIN:
            raise NotReachableError(f"{self._page}: the server answers {status}")
        return f"the server answers {status}"

    async def _talk(self, socket: ClientWebSocketResponse[bool]) -> str | None:
        """Send and listen, until there is nothing more to hear."""
        writing = asyncio.create_task(self._write(socket))
        try:
            return await self._listen(socket)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)  # the reader found out as well

    async def _write(self, socket: ClientWebSocketResponse[bool]) -> None:
        while True:
            await socket.send_str(await self._frames.get())

    async def _listen(self, socket: ClientWebSocketResponse[bool]) -> str | None:
        """Take in what comes; returns what went wrong if nothing came."""
        came = False
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                message = decode(frame.data)
                answers = self._listener.received(message) if message else ()
            except UnexpectedMessageError as problem:
                return str(problem)
            came = True
            self.send(answers)
        if socket.close_code in _REFUSED_CLOSES:
            raise NotReachableError(f"{self._page}: {_REFUSED_CLOSES[socket.close_code]}")
        return None if came else "the server closed the connection"


def _reason(problem: Exception) -> str:
    """Why a connection did not come about, for the user."""
    if isinstance(problem, ClientConnectorError):
        return f"{problem.host}:{problem.port}: {problem.os_error.strerror or problem.os_error}"
    return str(problem) or "the server does not answer"


def websocket_url(url: str) -> str:
    """The websocket of a document's page.

    Raises:
        NotReachableError: this is no address of a document.
    """
    parts = urlsplit(url)
    before, found, name = parts.path.rstrip("/").rpartition("/d/")
    if parts.scheme not in {"http", "https"} or not parts.netloc or not found or "/" in name:
        raise NotReachableError(
            f"{without_password(url)} is no address of a document; it looks like http://localhost:8080/d/notes"
        )
    return urlunsplit((parts.scheme, parts.netloc, f"{before}/ws/{name}", "", ""))


# --- a document


@asynccontextmanager
async def connect(
    url: str, *, name: str = "", wait_s: float | None = 10.0
) -> AsyncIterator["Document"]:
    """Open a document.

    Args:
        url: as in the browser, `http://localhost:8080/d/notes`.
        name: who writes; it stands in the history.
        wait_s: how long to wait for the first connection; None: for ever. Later ones are always
            waited for.

    Raises:
        NotReachableError: it cannot be opened.
    """
    document = Document(url, name)
    running = asyncio.create_task(document._run())  # noqa: SLF001
    try:
        await document._opened_within(wait_s)  # noqa: SLF001
        yield document
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Document:
    """A document that is kept in step; made by `connect`."""

    def __init__(self, url: str, name: str) -> None:
        self._sync = ClientSync()
        self._name = name
        self._line = Line(url, self)
        self._url = url
        self._people: dict[str, str] = {}
        self._texts: deque[Known] = deque(maxlen=_TEXTS_KEPT)
        self._revision: Revision | None = None
        self._who: tuple[str, ...] = ()
        self._one_edit = asyncio.Lock()
        self._changed = asyncio.Event()
        self._failure: ClientError | None = None
        self._why = ""
        self._retrying: asyncio.TimerHandle | None = None

    @property
    def text(self) -> str:
        """The text with everything that was heard of, and with this program's last edit."""
        return self._sync.local

    @property
    def people(self) -> tuple[str, ...]:
        """Who else is here."""
        return tuple(name for id, name in self._people.items() if id != self._sync.client)

    @property
    def conflict(self) -> ConflictError | None:
        """The conflict that is open, to be resolved or parked."""
        return ConflictError(self, self._sync.conflict) if self._sync.conflict else None

    async def edit(self, text: str, *, of: str | None = None) -> None:
        """Make this the text, merged with what others do; returns when it is durable.

        Args:
            text: the whole new text.
            of: the text that it was made of, if that may be an older one than `self.text` is now.

        Raises:
            ConflictError: others changed the same words; everything else is merged.
            RefusedError: the server does not take it.
            ValueError: `of` is no text of this document that is remembered.
        """
        made_of = self.text if of is None else of
        async with self._one_edit:
            await self._answer()
            base = self._known(made_of)
            self._sync.edited(text, base)
            await self._submitted()

    async def revisions(self) -> AsyncIterator[Revision]:
        """The revision that is there, then each newer one; whoever is slow sees the newest only."""
        last: Revision | None = None
        while True:
            await self._until(lambda: self._revision != last)  # noqa: B023
            last = self._revision
            assert last
            yield last

    async def _decide(self, decide: Callable[[ClientSync], None]) -> None:
        async with self._one_edit:
            await self._answer()
            if self._sync.conflict is None:
                return  # others settled it meanwhile
            decide(self._sync)
            await self._submitted()

    async def _submitted(self) -> None:
        """Send what is due, and wait for what comes of it."""
        self._proceed()
        self._line.send(self._sync.take_messages())
        await self._answer()
        refusal, conflict = self._sync.refusal, self._sync.conflict
        if refusal:
            self._sync.edited(self._sync.known.text)
            self._proceed()
            raise RefusedError(refusal.code, refusal.message)
        if conflict:
            raise ConflictError(self, conflict)

    async def _answer(self) -> None:
        """Wait until nothing is outstanding."""
        await self._until(lambda: self._sync.is_online and self._sync.is_idle)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            if self._failure:
                raise self._failure
            await self._changed.wait()

    async def _opened_within(self, wait_s: float | None) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._until(lambda: self._revision is not None)
        except TimeoutError:
            raise NotReachableError(
                f"{without_password(self._url)} cannot be reached: {self._why}"
            ) from None

    def _known(self, text: str) -> Known:
        if text == self._sync.known.text:
            return self._sync.known
        for known in reversed(self._texts):
            if known.text == text:
                return known
        raise ValueError("`of` is no text of this document that is remembered")

    # --- the line

    async def _run(self) -> None:
        try:
            await self._line.run()
        except ClientError as problem:
            self._failure = problem
            self._tell()
        finally:
            if self._retrying:
                self._retrying.cancel()

    def opened(self) -> Sequence[ClientMessage]:
        self._sync.opened(self._name)
        return self._sync.take_messages()

    def closed(self, why: str) -> None:
        self._why = why
        self._sync.closed()

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
        self._sync.received(message)
        self._proceed()
        if isinstance(message, protocol.Error) and self._sync.retry_after_s is not None:
            if self._retrying:
                self._retrying.cancel()
            loop = asyncio.get_running_loop()
            self._retrying = loop.call_later(self._sync.retry_after_s, self._retry)
        self._tell()
        return self._sync.take_messages()

    def _proceed(self) -> None:
        """Take over what others wrote, and send what is due."""
        sync = self._sync
        newest = sync.newest
        if sync.can_catch_up:
            sync.catch_up()
        sync.flush()
        if newest.is_revision and (not self._revision or self._revision.id != newest.commit):
            self._revision = Revision(newest.commit or "", newest.text, self._who)
            self._who = ()
        if sync.known.commit and (not self._texts or self._texts[-1] != sync.known):
            self._texts.append(sync.known)

    def _retry(self) -> None:
        self._sync.retry()
        self._line.send(self._sync.take_messages())

    def _tell(self) -> None:
        """Wake whoever waits for something to change."""
        self._changed.set()
        self._changed = asyncio.Event()
