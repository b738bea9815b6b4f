"""Nodes that share a database: real processes, each with a data folder of its own."""

import asyncio
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from aiohttp import ClientResponse

from tests.links import Link
from tests.server.sockets.client import DEADLINE_S
from tests.server.sockets.proxies import free_port
from tests.server.sockets.real_server import RealServer

_AGAIN_S = 0.05
_SOCKET = ".s.PGSQL.5432"
_SECRET = "secret"


class Databases(Protocol):
    """A PostgreSQL, or a primary with its standby."""

    @property
    def folders(self) -> tuple[Path, ...]: ...

    def new_database(self) -> str: ...

    def url(self, database: str, **more: str) -> str: ...

    def execute(self, command: str, database: str) -> list[tuple[Any, ...]]: ...


@dataclass
class Links:
    """The connections of a node that can be cut.

    Attributes:
        database: to PostgreSQL, one for each machine.
        peers: from other nodes.
        clients: from clients.
    """

    database: list[Link] = field(default_factory=list)
    peers: Link = field(default_factory=Link)
    clients: Link = field(default_factory=Link)
    database_ports: str = ""
    node_url: str = ""
    url: str = ""

    async def listen(self, host: str, folders: Sequence[Path]) -> None:
        """Listen for the node and for others, at free ports of a host."""
        self.database = [Link(folder / _SOCKET) for folder in folders]
        ports = [await link.listen((host, 0)) for link in self.database]
        self.database_ports = ",".join(map(str, ports))
        self.node_url = f"http://{host}:{await self.peers.listen((host, 0))}"
        self.url = f"http://{host}:{await self.clients.listen((host, 0))}"

    async def close(self) -> None:
        for link in (*self.database, self.peers, self.clients):
            await link.close()


class Node(RealServer):
    """A node.

    Attributes:
        node_url: where other nodes reach it.
        url: where clients reach it.
        links: its connections, if they can be cut.
    """

    def __init__(
        self, data: Path, node_url: str, *options: str, links: Links | None, **process: Any
    ) -> None:
        super().__init__(data, "--node-url", node_url, *options, **process)
        self.node_url = node_url
        self.links = links or Links()
        self._has_links = links is not None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        if self._has_links:
            host, _, port = self.url.removeprefix("http://").partition(":")
            self.links.peers.to = self.links.clients.to = (host, int(port))
            self.url = self.links.url
        return self

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it do nothing, as a machine that hangs."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    async def problem(self) -> str:
        """Return why it is not ready; empty if it is."""
        async with self.http.get(f"{self.url}/readyz") as answer:
            return "" if answer.status == 200 else await answer.text()


class Nodes:
    """Some nodes; each test has documents of its own.

    Args:
        databases: has the database.
        path: for the data folders.
        host: where they are reached, if their connections can be cut.
    """

    def __init__(self, databases: Databases, path: Path, host: str = "127.0.0.1") -> None:
        self._host = host
        self._databases = databases
        self._path = path
        self._database = databases.new_database()
        self._secret = secrets.token_bytes(32)
        self._stacks: dict[str, AsyncExitStack] = {}
        self._links: dict[str, Links] = {}

    async def start(
        self, name: str, *options: str, has_links: bool = False, **process: Any
    ) -> Node:
        """Start a node, with an empty data folder unless it has been started before.

        Args:
            name: of the node.
            options: of the command.
            has_links: whether its connections can be cut.
            process: more about its process; see `forks.start`.
        """
        data = self._path / name
        if not data.exists():
            data.mkdir(mode=0o700)
            (data / _SECRET).write_bytes(self._secret)  # so that clients come back to any node
        stack = self._stacks[name] = AsyncExitStack()
        if has_links:
            links = await self._links_of(name)
            where = {"host": self._host, "port": links.database_ports, "connect_timeout": "2"}
            journal = self._databases.url(self._database, **where)
            node_url, port = links.node_url, "0"
        else:
            links = None
            journal = self._databases.url(self._database)
            port = str(free_port())
            node_url = f"http://127.0.0.1:{port}"
        options = ("--journal", journal, "--port", port, *options)
        node = Node(data, node_url, *options, links=links, **process)
        return await stack.enter_async_context(node)

    async def _links_of(self, name: str) -> Links:
        if name not in self._links:
            links = self._links[name] = Links()
            await links.listen(self._host, self._databases.folders)
        return self._links[name]

    async def stop(self, name: str) -> None:
        """Stop a node that has been started."""
        await self._stacks.pop(name).aclose()

    def empty(self, name: str) -> None:
        """Lose what a node that is not running has on its disk."""
        for file in (self._path / name).iterdir():
            if file.name != _SECRET:
                shutil.rmtree(file) if file.is_dir() else file.unlink()

    async def close(self) -> None:
        for stack in self._stacks.values():
            await stack.aclose()
        for links in self._links.values():
            await links.close()

    def execute(self, command: str) -> list[tuple[Any, ...]]:
        """Execute a command in the database."""
        return self._databases.execute(command, self._database)

    def owner(self, document: str) -> str:
        """Return the URL of the last node that owned a document; empty if it released it."""
        rows = self.execute(
            "select n.url from gollabedit.documents d join gollabedit.nodes n on n.id = d.owner"
            f" where d.name = '{document}'"
        )
        return str(rows[0][0]) if rows else ""

    async def owned_by(self, node: Node, document: str, text: str) -> None:
        """Make a document at a node, which owns it then."""
        await _until_done(lambda: node.http.put(f"{node.url}/d/{document}/raw", data=text))
        assert self.owner(document) == node.node_url


@asynccontextmanager
async def nodes_on(
    databases: Databases, path: Path, host: str = "127.0.0.1"
) -> AsyncIterator[Nodes]:
    """Have nodes, which are ended in the end; see `Nodes`."""
    nodes = Nodes(databases, path, host)
    try:
        yield nodes
    finally:
        await nodes.close()


async def posted(node: Node, document: str, text: str) -> None:
    """Append a text, again and again until it is there."""
    await _until_done(lambda: node.http.post(f"{node.url}/d/{document}/raw", data=text))


async def taken(node: Node, document: str) -> None:
    """Have a node own a document: ask it for the text, until it has it."""
    await _until_done(lambda: node.http.get(f"{node.url}/d/{document}/raw"))


async def _until_done(ask: Callable[[], AbstractAsyncContextManager[ClientResponse]]) -> None:
    """Ask again while the server says that it cannot do it at the moment."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            async with ask() as answer:
                if answer.status in (200, 201):
                    return
                assert answer.status == 503, await answer.text()
                assert answer.headers["Retry-After"]
            await asyncio.sleep(_AGAIN_S)
