"""The real command as a subprocess, found by the address that it logs."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from tests.server import forks
from tests.server.sockets.client import DEADLINE_S, Client, Message

_ADDRESS = re.compile(r"GollabEdit is on (http://\S+)")
_ROOT = Path(__file__).parents[3]
_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
_NONE: Mapping[str, str] = {}


class RealServer:
    """A `gollabedit serve`; ended, and its log shown if something failed, when left.

    Args:
        data: its data folder.
        options: those of `gollabedit serve`.
        is_forked: whether it need not be started by Python itself, which is slower.
        process: more about its process; see `forks.start` and `_start_python`.
    """

    def __init__(self, data: Path, *options: str, is_forked: bool = True, **process: Any) -> None:
        self.data = data
        self.url = ""
        self.log = ""
        self._options = options
        self._start: Any = start if is_forked else _start_python
        self._more = process
        self._clients: list[Client] = []

    async def __aenter__(self) -> Self:
        self._process: Process | forks.Command = await self._start(
            self.data, *self._options, **self._more
        )
        self.http = ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar())
        self._reader = asyncio.create_task(self._read_log())
        self._has_address = asyncio.Event()
        waiting = asyncio.create_task(self._has_address.wait())
        await asyncio.wait(
            [waiting, self._reader], timeout=DEADLINE_S, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        assert self.url, f"the server did not start:\n{self.log}"
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()
        await asyncio.gather(*(client.close() for client in self._clients))
        await self.http.close()
        if kind is not None:
            print(f"--- log of the server\n{self.log}")

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.log += line.decode()
            if not self.url and (found := _ADDRESS.search(self.log)):
                self.url = found[1].replace("localhost", "127.0.0.1")
                self._has_address.set()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send the server a signal."""
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for the end; returns the exit code."""
        async with asyncio.timeout(DEADLINE_S):
            code = await self._process.wait()
            await self._reader
        return code

    async def get(self, path: str) -> Message:
        """What an address of the API answers."""
        async with self.http.get(self.url + path) as response:
            answer: Message = await response.json()
            return answer

    async def connect(self, document: str = "notes") -> Client:
        """Open a websocket."""
        client = await Client.connect(self.http, f"{self.url}/ws/{document}")
        self._clients.append(client)
        return client

    async def join(self, name: str, document: str = "notes") -> Client:
        """Come in as somebody."""
        client = await self.connect(document)
        await client.hello(name=name)
        return client

    async def come_back(self, earlier: Client, document: str = "notes") -> Client:
        """The same client, with the text that it had."""
        client = await self.connect(document)
        client.remember(earlier)
        await client.hello(base=earlier.revision, **earlier.resuming)
        return client


async def start(data: Path, *options: str, **process: Any) -> forks.Command:
    """Start `gollabedit serve` on a free port."""
    command = ("serve", "--port", "0", "--data", str(data), *options)
    return await forks.start(*command, folder=_ROOT, environment=_ENVIRONMENT, **process)


async def _start_python(
    data: Path,
    *options: str,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] = _NONE,
) -> Process:
    """Start `gollabedit serve` as everybody does.

    Args:
        data: its data folder.
        options: those of the command.
        prefix: a command that starts it.
        environment: has these in addition.
    """
    command = (sys.executable, "-m", "server", "serve", "--port", "0", "--data", str(data))
    return await asyncio.create_subprocess_exec(
        *prefix, *command, *options, cwd=_ROOT, env={**_ENVIRONMENT, **environment}, stderr=PIPE
    )


async def refused(data: Path, *options: str) -> tuple[int, str]:
    """Start a server that cannot start; returns its exit code and what it says."""
    process = await start(data, *options)
    try:
        async with asyncio.timeout(DEADLINE_S):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode()
