"""Servers to test with; see harness.py and client.py."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from server.cli.serve import new_event_loop
from server.config import Config
from server.storage.data_folder import DataFolder
from server.storage.journal import opening
from tests.postgres import MISSING, Postgres
from tests.server import forks
from tests.server.sockets.client import Client
from tests.server.sockets.clones import TEXT
from tests.server.sockets.gated_journal import GatedJournal
from tests.server.sockets.harness import Serve, Served
from tests.server.sockets.nodes import Databases, Nodes, nodes_on
from tests.server.sockets.shell import Shell


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The tests run on the event loop that people's servers run on."""
    return {"server": new_event_loop}


@pytest.fixture(scope="session", autouse=True)
def commands_can_fork() -> None:
    forks.begin()


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts servers with these settings, on one data folder each; stops them after the test."""
    async with AsyncExitStack() as stack:

        async def start(data: str = "data", **settings: Any) -> Served:
            config = Config(data=tmp_path / data, **settings)
            folder = stack.enter_context(DataFolder(config.data))
            http = ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar())
            await stack.enter_async_context(http)
            served = Served(config, folder, http)
            await served.start()
            stack.push_async_callback(served.stop)
            stack.push_async_callback(served.close_clients)
            return served

        yield start


@pytest.fixture
async def server(serve: Serve) -> Served:
    """A server with the settings that everybody has."""
    return await serve()


@pytest.fixture
async def shell(tmp_path: Path, server: Served) -> Shell:
    """Runs commands for the document `notes` of the server."""
    return Shell(tmp_path / "home", f"{server.url}/d/notes")


@pytest.fixture(scope="module")
def databases(postgres: Postgres | None) -> Databases:
    """What nodes share; another one in a module that has a fixture of this name."""
    if postgres is None:
        pytest.skip(MISSING)
    return postgres


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nodes(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Nodes]:
    """Nodes that the tests of a module start and share."""
    async with nodes_on(databases, tmp_path_factory.mktemp("nodes")) as nodes:
        yield nodes


@pytest.fixture(autouse=True)
def server_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """After every test: the server met no fault of its own. A test that made one clears this."""
    caplog.set_level(logging.INFO)
    yield caplog
    faults = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
    assert not faults, "\n".join(f"{r.name}: {r.getMessage()} {r.exc_text or ''}" for r in faults)


@pytest.fixture
async def ann(server: Served) -> Client:
    client = await server.join("Ann")
    await client.edit(TEXT)
    return client


@pytest.fixture
async def clone(server: Served, ann: Client, tmp_path: Path) -> Path:
    del ann  # who wrote what is cloned
    return await server.clone(tmp_path / "clone")


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[GatedJournal]]:
    """The journal of the servers of this test."""

    class Journal(GatedJournal):
        gate = threading.Event()
        waits = threading.Event()

    monkeypatch.setattr(opening, "SqliteJournal", Journal)
    Journal.gate.set()
    yield Journal
    Journal.gate.set()
