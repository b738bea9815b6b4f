"""Two nodes that share a PostgreSQL of this machine, and their documents."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Self, TypeVar

from aiohttp import ClientError, ClientSession

from bench.load.client import Client, Failure
from bench.load.databases import Running
from bench.load.processes import BenchError, Server, free_port
from bench.load.texts import KIB, text

_Result = TypeVar("_Result")

_TEXT = text(20 * KIB)
_EDITS = 20
_AGAIN_S = 0.01
_WAIT_S = 60.0
# So that documents are released soon.
_SETTINGS = ("--unload-after-s", "1", "--seal-idle-s", "1")
_HAS_NO_OWNER = "select 1 from gollabedit.documents where name = '{}' and owner = ''"


class Node(Server):
    """A `gollabedit serve` that shares the database with others, in a folder for its port."""

    def __init__(self, database: Running, folder: Path, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "server", "serve", "--port", str(port)]
        command += ["--data", str(folder / str(port)), "--node-url", self.url]
        command += _SETTINGS
        log = folder / f"{port}.log"
        log.unlink(missing_ok=True)
        super().__init__(command, log, {"GOLLABEDIT_JOURNAL": database.url})
        self.address(port)


class Site:
    """Two nodes; the block ends them. Its methods try again until they succeed."""

    def __init__(self, database: Running, folder: Path, http: ClientSession) -> None:
        self.database = database
        self._folder = folder
        self._http = http
        self._numbers = count()
        self._running = ExitStack()
        self._nodes: list[Node] = []

    def __enter__(self) -> Self:
        for _ in range(2):
            self._nodes.append(self._start(free_port()))
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @property
    def nodes(self) -> tuple[Node, Node]:
        first, second = self._nodes
        return first, second

    def _start(self, port: int) -> Node:
        return self._running.enter_context(Node(self.database, self._folder, port))

    async def restart(self, node: Node, port: int) -> None:
        """Start a node in place of one that was sent a signal."""
        await asyncio.to_thread(node.wait)
        self._nodes[self._nodes.index(node)] = await asyncio.to_thread(self._start, port)

    # --- documents

    async def make(self, node: Node) -> str:
        """Make a document with some edits, which the node owns; return its name."""
        document = f"doc-{next(self._numbers)}"
        await self._send("PUT", node, document, _TEXT)
        for number in range(_EDITS):
            await self._send("POST", node, document, f"line {number}\n")
        return document

    async def open(self, node: Node, document: str) -> Client:
        """Connect until there is the text."""
        return await _until(lambda: Client.join(self._http, node.url, document))

    async def save(self, node: Node, document: str) -> None:
        """Append a line until that is acknowledged."""
        await _until(lambda: self._send("POST", node, document, "saved\n"))

    async def _send(self, method: str, node: Node, document: str, content: str) -> None:
        url = f"{node.url}/d/{document}/raw"
        async with self._http.request(method, url, data=content.encode()) as answer:
            if not answer.ok:
                raise Failure(f"{method} was answered {answer.status}: {await answer.text()}")

    async def until_released(self, document: str) -> None:
        """Wait until nobody owns a document any more."""
        deadline = time.monotonic() + _WAIT_S
        while not self.database.execute(_HAS_NO_OWNER.format(document)):
            if time.monotonic() > deadline:
                raise BenchError(f"{document} was not released")
            await asyncio.sleep(0.1)


async def _until(attempt: Callable[[], Awaitable[_Result]]) -> _Result:
    """Attempt something again and again, until it succeeds."""
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            return await attempt()
        except (Failure, ClientError, OSError):
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_AGAIN_S)
