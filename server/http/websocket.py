"""The websocket: passes frames between aiohttp and the hub, with pings and timeouts."""

import asyncio
import time
from dataclasses import dataclass
from math import inf

from aiohttp import WSMsgType, web

from server.config import Config
from server.core.access.access import Access, WrongCredentialsError
from server.core.access.identity import NOBODY
from server.core.standing import Member
from server.http.app_keys import ACCESS, CONFIG, FOLDER, HUB
from server.http.audit import audit_refusal, audit_request
from server.http.budgets import budget_of, hold, in_progress
from server.http.documents import name_in
from server.http.identity import CREDENTIALS, identity_of
from server.http.rights import closing_code, code_without, member_of
from server.http.unread_bytes import UnreadBytes
from server.hub.gate import OverloadedError, TooManyError
from server.hub.live_document import Connection
from server.protocol import CloseCode

# A frame of at most this many times the limit is read to its end before the connection is closed:
# closing it in the middle of a frame resets it, and the client would not receive the code (1009).
_READ_FACTOR = 2

# While the write buffer is empty, a frame shorter than this is sent at once.
_UNTIMED_BYTES_MAX = 32 * 1024


_REASONS = {
    CloseCode.NOT_SIGNED_IN: "sign in, or use another link",
    CloseCode.NO_SUCH_DOCUMENT: "no such document, or no access to it",
}


def routes() -> list[web.RouteDef]:
    return [web.get("/ws", connect), web.get("/ws/{document}", connect)]


async def connect(request: web.Request) -> web.StreamResponse:
    """Serve one connection, from the handshake to the close."""
    config = request.app[CONFIG]
    document = name_in(request)
    websocket = web.WebSocketResponse(
        autoping=False,
        compress=False,
        decode_text=False,
        max_msg_size=_READ_FACTOR * config.frame_bytes_max,
        timeout=config.write_wait_s,
    )
    if not websocket.can_prepare(request):
        raise web.HTTPUpgradeRequired(
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
            text="This address speaks websocket only.\n",
        )
    try:
        await websocket.prepare(request)
    except ConnectionError:  # the client has gone already
        return websocket
    in_progress(request).close()  # it counts as a connection from now on
    with UnreadBytes(request, budget_of(request)) as unread:
        try:
            guard = await _let_in(request, document)
        except _RefusedError as refusal:
            await websocket.close(code=refusal.code, message=str(refusal).encode())
            return websocket
        guards = request.app[GUARDS]
        guards.add(guard)
        guard.check(request.app[ACCESS].current, time.time())  # it may have changed meanwhile
        try:
            await _Websocket(request, websocket, guard.connection, unread, config).serve()
        finally:
            guards.discard(guard)
            guard.connection.disconnect()
    return websocket


class _RefusedError(Exception):
    """The websocket is closed at once; has the code, and the reason as its message."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


async def _let_in(request: web.Request, document: str) -> "Guard":
    """Connect the user to the document.

    Raises:
        _RefusedError: there is no access, no document, or no room.
    """
    code = await closing_code(request)
    if code is not None:
        audit_refusal(request, "forbidden")
        raise _RefusedError(code, _REASONS[code])
    new_name = request.app[FOLDER].catalog.moved_to(document)
    if new_name is not None:
        raise _RefusedError(CloseCode.RENAMED, new_name)
    member = member_of(request.app[ACCESS].current, identity_of(request), document)
    try:
        connection = request.app[HUB].connect(document, member, budget_of(request))
    except OverloadedError as problem:
        if isinstance(problem, TooManyError):
            await hold(budget_of(request))
        raise _RefusedError(CloseCode.OVERLOADED, str(problem)) from None
    return Guard(request, document, member, connection)


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """An open websocket, and what its user may do there."""

    request: web.Request
    document: str
    member: Member
    connection: Connection

    def check(self, access: Access, now: float) -> None:
        """Close the websocket if its user has lost access, or has other rights than before.

        The document may have been renamed; then it is closed with the new name next, which others
        must not learn.
        """
        try:
            identity = access.identify(self.request[CREDENTIALS], now)
        except WrongCredentialsError:
            identity = NOBODY
        document = self.request.app[FOLDER].catalog.moved_to(self.document) or self.document
        code = code_without(access, identity, document)
        if code is not None:
            audit_request(self.request, "access-ended", self.document)
            self.connection.close(code, _REASONS[code])
        elif member_of(access, identity, document) != self.member:
            self.connection.close(CloseCode.SHUTDOWN, "reconnect")


GUARDS = web.AppKey("guards", set[Guard])


def recheck(app: web.Application) -> None:
    """Check all open websockets: accounts, links or the policy have changed."""
    access, now = app[ACCESS].current, time.time()
    guards = app[GUARDS]
    for guard in tuple(guards):
        guard.check(access, now)


class _Websocket:
    """One websocket and its connection: three tasks that end together."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        connection: Connection,
        unread: UnreadBytes,
        config: Config,
    ) -> None:
        self._request = request
        self._socket = socket
        self._connection = connection
        self._unread = unread
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._received_at = self._loop.time()
        self._deadline = asyncio.timeout(config.hello_wait_s)

    async def serve(self) -> None:
        """Pass frames both ways until either side closes."""
        self._connection.send_by(self._send_now)
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(self._write()), tasks.create_task(self._watch())]
            try:
                await self._read()
            finally:
                for task in others:
                    task.cancel()

    async def _read(self) -> None:
        """Pass received frames to the hub until the connection ends or its deadline passes."""
        try:
            async with self._deadline:
                while await self._read_one():
                    self._received_at = self._loop.time()
                    if self._connection.is_greeted and self._deadline.when() is not None:
                        self._deadline.reschedule(None)
        except TimeoutError:
            reason = b"silent for too long" if self._connection.is_greeted else b"no hello in time"
            await self._socket.close(code=CloseCode.POLICY, message=reason)

    async def _read_one(self) -> bool:
        """Receive one frame; return False if the connection has ended."""
        message = await self._socket.receive()
        self._received_at = inf  # the time that we need does not count as silence
        match message.type:
            case WSMsgType.TEXT | WSMsgType.BINARY:
                await self._handle(message.data)
            case WSMsgType.PING:
                await self._pong(message.data)
            case WSMsgType.PONG:
                pass
            case _:
                return False
        self._unread.read(len(message.data))
        await self._connection.pace(len(message.data))
        return True

    async def _pong(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._config.write_wait_s):
                await self._socket.pong(data)
        except TimeoutError:
            self._cut_off()

    async def _handle(self, frame: bytes) -> None:
        if len(frame) > self._config.frame_bytes_max:
            self._connection.close(CloseCode.TOO_LARGE, "the message is too large")
        else:
            await self._connection.receive(frame)

    async def _write(self) -> None:
        """Send the queued frames; cut off a client that does not read them in time (rule P7)."""
        try:
            while True:
                frames, closing = await self._connection.outgoing()
                for frame in frames:
                    await self._send(frame)
                if closing:
                    async with asyncio.timeout(self._config.write_wait_s):
                        await self._socket.close(code=closing.code, message=closing.reason.encode())
                    return
        except (TimeoutError, ConnectionError):
            self._cut_off()

    def _send_now(self, frame: bytes) -> bool:
        """Send a short frame, if the write buffer is empty; return False if it is not sent.

        It takes a third of the time of aiohttp's coroutine, and no task wakes up for it.
        """
        transport = self._request.transport
        if (
            transport is None
            or transport.is_closing()
            or self._socket.closed
            or len(frame) >= _UNTIMED_BYTES_MAX
            or transport.get_write_buffer_size()
        ):
            return False
        transport.write(text_frame(frame))
        return True

    async def _send(self, frame: bytes) -> None:
        if self._send_now(frame):
            return
        async with asyncio.timeout(self._config.write_wait_s):
            await self._socket.send_frame(frame, WSMsgType.TEXT)

    async def _watch(self) -> None:
        """Ping the client; end its reader's deadline once it has been silent for too long."""
        config, time = self._config, self._loop.time
        ping_at = time() + config.ping_every_s
        try:
            while time() < (silent_at := self._received_at + config.pong_wait_s):
                await asyncio.sleep(min(ping_at, silent_at) - time())
                if time() >= ping_at:
                    async with asyncio.timeout(config.write_wait_s):
                        await self._socket.ping()
                    ping_at = time() + config.ping_every_s
        except (TimeoutError, ConnectionError):
            self._cut_off()
        else:
            self._deadline.reschedule(time())

    def _cut_off(self) -> None:
        """Abort the connection; the reader then finds it closed."""
        if self._request.transport is not None:
            self._request.transport.abort()


def text_frame(payload: bytes) -> bytes:
    """Return a websocket frame of a whole text message of less than 64 KB (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    return b"\x81\x7e" + size.to_bytes(2, "big") + payload
