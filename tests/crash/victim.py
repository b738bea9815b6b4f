"""A server that is killed in the middle of its work, and the connections to it."""

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
class Fuse:
    """When to kill: after so many answers, so many more frames, and so many seconds more."""

    answers: int
    frames: int
    seconds: float

    @property
    def is_short(self) -> bool:
        """Whether only the seconds are left."""
        return self.answers <= 0 and self.frames <= 0

    def burn(self, message: Message) -> None:
        """A client has heard something."""
        if self.answers > 0:
            self.answers -= message["type"] in _ANSWERS
        else:
            self.frames -= 1


class Connection(Client):
    """A client's connection that can send something again just as it was."""

    heard: Callable[[Message], None]

    async def receive_raw(self) -> Message:
        message = await super().receive_raw()
        self.heard(message)
        return message

    async def put(self, message: Message, text: str) -> None:
        """Send a submission that stands for `text`, perhaps not for the first time."""
        self.seq = message["seq"]
        self._sent[self.seq] = text
        self._outstanding.add(self.seq)
        await self.send(**message)

    async def vanish(self) -> None:
        """Lose the connection without a word, if it is not lost yet."""
        if (connection := self.socket._conn) and connection.transport:
            connection.transport.abort()
        await self.socket.close()


class Victim(RealServer):
    """A `gollabedit serve` that dies when its fuse has burnt down."""

    def __init__(self, data: Path, *options: str) -> None:
        super().__init__(data, *options)
        self.ready_s = 0.0
        self.is_killed = False
        self._fuse: Fuse | None = None

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
                async with self._http.get(f"{self.url}/readyz") as response:
                    if response.status == 200:
                        return
                await asyncio.sleep(0.005)

    async def connect(self, document: str = "notes") -> Connection:
        connection = await Connection.connect(self._http, f"{self.url}/ws/{document}")
        connection.heard = self._heard
        self._clients.append(connection)
        return connection

    async def raw(self, document: str) -> tuple[str, str] | None:
        """The last revision and its text as plain HTTP gives them; None: no such document."""
        async with self._http.get(f"{self.url}/d/{document}/raw") as response:
            if response.status == 404:
                return None
            assert response.status == 200, await response.text()
            return response.headers["ETag"].strip('"'), await response.text()

    # --- the end

    def light(self, fuse: Fuse) -> None:
        """From now on, what the clients hear burns the fuse down."""
        self._fuse = fuse
        self._kill_if_short()

    def _heard(self, message: Message) -> None:
        if self._fuse:
            self._fuse.burn(message)
            self._kill_if_short()

    def _kill_if_short(self) -> None:
        if self._fuse and self._fuse.is_short:
            asyncio.get_running_loop().call_later(self._fuse.seconds, self.kill)
            self._fuse = None

    def kill(self) -> None:
        """SIGKILL, for the server and for every Git process that works for it."""
        if not self.is_killed:
            self.is_killed = True
            self.signal(signal.SIGKILL)
            kill_all_in(self.data)


async def kill_while_starting(data: Path, *options: str, after_s: float) -> str:
    """Start a server and kill it after a moment; returns what was wrong with it, if anything."""
    process = await start(data, *options)
    with suppress(TimeoutError):
        async with asyncio.timeout(after_s):
            await process.wait()
    if process.returncode is None:
        process.kill()
    kill_all_in(data)
    _, said = await process.communicate()
    is_well = process.returncode == -signal.SIGKILL
    return "" if is_well else f"a start ended with {process.returncode}: {said.decode()}"


def kill_all_in(data: Path) -> None:
    """Kill Git's processes in a data folder: they have sessions of their own, and outlive it."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            place = (process / "cmdline").read_bytes() + bytes((process / "cwd").readlink())
            if os.fsencode(data) + b"/" in place:
                os.kill(int(process.name), signal.SIGKILL)
