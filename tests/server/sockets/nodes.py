"""Nodes that share a database: real processes, each with a data folder of its own."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.server.sockets.client import DEADLINE_S
from tests.server.sockets.proxies import free_port
from tests.server.sockets.real_server import RealServer


class Databases(Protocol):
    """A PostgreSQL, or a primary with its standby."""

    def new_database(self) -> str: ...

    def url(self, database: str) -> str: ...

    def execute(self, command: str, database: str) -> list[tuple[Any, ...]]: ...


class Nodes:
    """Some nodes; each test has documents of its own.

    Args:
        postgres: has the database.
        path: for the data folders.
    """

    def __init__(self, postgres: Databases, path: Path) -> None:
        self._postgres = postgres
        self._path = path
        self._database = postgres.new_database()
        self._secret = secrets.token_bytes(32)
        self._stacks: dict[str, AsyncExitStack] = {}

    async def start(self, name: str) -> RealServer:
        """Start a node, with an empty data folder unless it has been started before."""
        data = self._path / name
        if not data.exists():
            data.mkdir(mode=0o700)
            (data / "secret").write_bytes(self._secret)  # so that clients come back to any node
        port = str(free_port())
        url = f"http://127.0.0.1:{port}"
        journal = self._postgres.url(self._database)
        options = ("--journal", journal, "--node-url", url, "--port", port)
        stack = self._stacks[name] = AsyncExitStack()
        return await stack.enter_async_context(RealServer(data, *options))

    async def stop(self, name: str) -> None:
        """Stop a node that has been started."""
        await self._stacks.pop(name).aclose()

    async def close(self) -> None:
        for stack in self._stacks.values():
            await stack.aclose()

    def execute(self, command: str) -> list[tuple[Any, ...]]:
        """Execute a command in the database."""
        return self._postgres.execute(command, self._database)

    def owner(self, document: str) -> str:
        """Return the URL of the last node that owned a document; empty if it released it."""
        rows = self.execute(
            "select n.url from gollabedit.documents d join gollabedit.nodes n on n.id = d.owner"
            f" where d.name = '{document}'"
        )
        return str(rows[0][0]) if rows else ""

    async def owned_by(self, node: RealServer, document: str, text: str) -> None:
        """Make a document at a node, which owns it then."""
        answer = await node.http.put(f"{node.url}/d/{document}/raw", data=text)
        assert answer.status == 201, await answer.text()
        assert self.owner(document) == node.url


@asynccontextmanager
async def nodes_on(postgres: Databases, path: Path) -> AsyncIterator[Nodes]:
    nodes = Nodes(postgres, path)
    try:
        yield nodes
    finally:
        await nodes.close()


async def posted(node: RealServer, document: str, text: str) -> float:
    """Append a text, again and again until it is there; return how long that took, in seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(DEADLINE_S):
        while True:
            answer = await node.http.post(f"{node.url}/d/{document}/raw", data=text)
            if answer.status == 200:
                return loop.time() - began
            assert answer.status == 503, await answer.text()
            assert answer.headers["Retry-After"]
            await asyncio.sleep(0.05)
