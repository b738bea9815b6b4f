"""A server that is killed while it works, and the connections to it."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.server.sockets.client import DEADLINE_S, Client, Message
from tests.server.sockets.real_server import RealServer, start

_ANSWERS = ("welcome", "merged", "conflict")


@dataclass
class KillPlan:
    """When to kill: after a number of answers, then of frames, then of seconds."""

    answers: int
    frames: int
    seconds: float

    @property
    def is_due(self) -> bool:
        """Whether only the seconds remain."""
        return self.answers <= 0 and self.frames <= 0

    def count(self, message: Message) -> None:
        """Count a message that a client received."""
        if self.answers > 0:
            self.answers -= message["type"] in _ANSWERS
        else:
            self.frames -= 1


class Connection(Client):
    """A client's connection that can resend a message unchanged."""

    on_message: Callable[[Message], None]

    async def receive_raw(self) -> Message:
        message = await super().receive_raw()
        self.on_message(message)
        return message

    async def put(self, message: Message, text: str) -> None:
        """Send or resend a submission that results in `text`."""
        self.seq = message["seq"]
        self._sent[self.seq] = text
        self._outstanding.add(self.seq)
        await self.send(**message)

    async def vanish(self) -> None:
        """Abort the connection, if it is still open."""
        if (connection := self.socket._conn) and connection.transport:
            connection.transport.abort()
        await self.socket.close()


class CrashingServer(RealServer):
    """A `gollabedit serve` that is killed according to a plan."""

    def __init__(self, data: Path, *options: str) -> None:
        super().__init__(data, *options)
        self.ready_s = 0.0
        self.is_killed = False
        self._plan: KillPlan | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await super().__aenter__()
            await self._readiness()
        except BaseException as problem:
            await self.__aexit__(type(problem))
            raise
        self.ready_s = loop.time() - began
        return self

    async def _readiness(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                async with self.http.get(f"{self.url}/readyz") as response:
                    if response.status == 200:
                        return
                await asyncio.sleep(0.005)

    async def connect(self, document: str = "notes") -> Connection:
        connection = await Connection.connect(self.http, f"{self.url}/ws/{document}")
        connection.on_message = self._on_message
        self._clients.append(connection)
        return connection

    async def raw(self, document: str) -> tuple[str, str] | None:
        """Return the last revision and its text over plain HTTP, or None without a document."""
        async with self.http.get(f"{self.url}/d/{document}/raw") as response:
            if response.status == 404:
                return None
            assert response.status == 200, await response.text()
            return response.headers["ETag"].strip('"'), await response.text()

    # --- kills

    def kill_after(self, plan: KillPlan) -> None:
        """Kill the server according to a plan, counted from now."""
        self._plan = plan
        self._kill_if_due()

    def _on_message(self, message: Message) -> None:
        if self._plan:
            self._plan.count(message)
            self._kill_if_due()

    def _kill_if_due(self) -> None:
        if self._plan and self._plan.is_due:
            asyncio.get_running_loop().call_later(self._plan.seconds, self.kill)
            self._plan = None

    def kill(self) -> None:
        """Send SIGKILL to the server and all its Git processes."""
        if not self.is_killed:
            self.is_killed = True
            self.signal(signal.SIGKILL)
            kill_all_in(self.data)


async def kill_while_starting(data: Path, *options: str, after_s: float) -> str:
    """Start a server and kill it after `after_s`; return what went wrong, if anything."""
    process = await start(data, *options)
    with suppress(TimeoutError):
        async with asyncio.timeout(after_s):
            await process.wait()
    if process.returncode is None:
        process.kill()
    kill_all_in(data)
    _, stderr = await process.communicate()
    is_well = process.returncode == -signal.SIGKILL
    return "" if is_well else f"a start ended with {process.returncode}: {stderr.decode()}"


def kill_all_in(data: Path) -> None:
    """Kill the Git processes in a data folder: in their own sessions, they survive the server."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has exited, or belongs to another user
            place = (process / "cmdline").read_bytes() + bytes((process / "cwd").readlink())
            if os.fsencode(data) + b"/" in place:
                os.kill(int(process.name), signal.SIGKILL)
