"""The websocket: frames between aiohttp and a connection of the hub, with pings and deadlines."""

import asyncio
from math import inf

from aiohttp import WSMsgType, web

from server.config import Config
from server.core.names import is_document_name
from server.http.app_keys import CONFIG, HUB
from server.http.origins import is_allowed_origin
from server.hub.hub import OverloadedError
from server.hub.live_document import Connection
from server.protocol import CloseCode

_DEFAULT_DOCUMENT = "welcome"

# A frame up to this many times the limit is read to its end before it is refused: a connection that
# is closed in the middle of a frame is reset, and the sender would not hear why (code 1009).
_REFUSED_POLITELY = 2

# With nothing left to send, a frame up to this length goes out without waiting.
_SENT_AT_ONCE = 32 * 1024


def routes() -> list[web.RouteDef]:
    return [web.get("/ws", connect), web.get("/ws/{document}", connect)]


async def connect(request: web.Request) -> web.StreamResponse:
    """One connection, from the handshake to its end."""
    config, hub = request.app[CONFIG], request.app[HUB]
    document = request.match_info.get("document", _DEFAULT_DOCUMENT)
    if not is_document_name(document):
        raise web.HTTPNotFound(text=f"No document can be called {document!r}.\n")
    if not is_allowed_origin(request, config):
        raise web.HTTPForbidden(text="Pages of other web sites may not connect here.\n")
    websocket = web.WebSocketResponse(
        autoping=False,
        compress=False,
        decode_text=False,
        max_msg_size=_REFUSED_POLITELY * config.frame_bytes_max,
        timeout=config.write_wait_s,
    )
    if not websocket.can_prepare(request):
        raise _upgrade_required()
    try:
        await websocket.prepare(request)
    except ConnectionError:  # who asked is gone already
        return websocket
    try:
        connection = hub.connect(document)
    except OverloadedError as problem:
        await websocket.close(code=CloseCode.OVERLOADED, message=str(problem).encode())
        return websocket
    try:
        await _Websocket(request, websocket, connection, config).serve()
    finally:
        connection.disconnect()
    return websocket


def _upgrade_required() -> web.HTTPException:
    return web.HTTPUpgradeRequired(
        headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        text="This address speaks websocket only.\n",
    )


class _Websocket:
    """One websocket and its connection: three tasks that end together."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        connection: Connection,
        config: Config,
    ) -> None:
        self._request = request
        self._socket = socket
        self._connection = connection
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._deadline = asyncio.timeout(config.hello_wait_s)

    async def serve(self) -> None:
        """Pump frames both ways until either side ends."""
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(self._write()), tasks.create_task(self._watch())]
            try:
                await self._read()
            finally:
                for task in others:
                    task.cancel()

    async def _read(self) -> None:
        """Hand in frames until the connection ends, or stays silent for too long."""
        try:
            async with self._deadline:
                while await self._read_one():
                    self._heard_at = self._loop.time()
                    if self._connection.is_greeted and self._deadline.when() is not None:
                        self._deadline.reschedule(None)
        except TimeoutError:
            reason = b"silent for too long" if self._connection.is_greeted else b"no hello in time"
            await self._socket.close(code=CloseCode.POLICY, message=reason)

    async def _read_one(self) -> bool:
        """Take in one frame; False where the connection has ended."""
        message = await self._socket.receive()
        self._heard_at = inf  # nobody is silent while we deal with what was said
        match message.type:
            case WSMsgType.TEXT | WSMsgType.BINARY:
                await self._take(message.data)
            case WSMsgType.PING:
                await self._socket.pong(message.data)
            case WSMsgType.PONG:
                pass
            case _:
                return False
        return True

    async def _take(self, frame: bytes) -> None:
        if len(frame) > self._config.frame_bytes_max:
            self._connection.close(CloseCode.TOO_LARGE, "the message is too large")
        else:
            await self._connection.receive(frame)

    async def _write(self) -> None:
        """Send queued frames; cut off a client that does not take them in time (rule P7)."""
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

    async def _send(self, frame: bytes) -> None:
        transport = self._request.transport
        if transport and len(frame) < _SENT_AT_ONCE and not transport.get_write_buffer_size():
            await self._socket.send_frame(frame, WSMsgType.TEXT)  # does not wait: needs no timer
            return
        async with asyncio.timeout(self._config.write_wait_s):
            await self._socket.send_frame(frame, WSMsgType.TEXT)

    async def _watch(self) -> None:
        """Make the other side say something, and notice when it does not."""
        config, time = self._config, self._loop.time
        ping_at = time() + config.ping_every_s
        try:
            while time() < (silent_at := self._heard_at + config.pong_wait_s):
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
        """End the connection at once; the reader then sees that it is closed."""
        if self._request.transport is not None:
            self._request.transport.abort()
