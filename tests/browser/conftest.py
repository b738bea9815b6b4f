"""One browser and one server for all tests; a document and windows of its own for each.

The browser is Chromium. A test that is marked `engines` runs in Firefox as well.

At the end of every test no page may have had an error, the server none either, and `git fsck` finds
nothing wrong with the repository. The server's log is printed if a test fails.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests import leaks
from tests.browser.chromium import chromium
from tests.browser.closed_server import ClosedServer
from tests.browser.firefox import firefox
from tests.browser.installed import NoBrowserError
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess, faults

_ENGINES = {"chromium": chromium, "firefox": firefox}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every test in the event loop of the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("engines"):
        metafunc.parametrize("browser", _ENGINES, indirect=True)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail a test that leaks; the browsers and the shared server are processes that stay."""
    with leaks.none_left(children_may_stay=True):
        yield


class Browsers:
    """The browsers; each starts for the first test that needs it, and stays."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._started: dict[str, Browser] = {}

    async def get(self, engine: str) -> Browser:
        if engine not in self._started:
            browser = await self._stack.enter_async_context(_ENGINES[engine]())
            self._started[engine] = browser
        return self._started[engine]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers() -> AsyncIterator[Browsers]:
    async with AsyncExitStack() as stack:
        yield Browsers(stack)


@pytest_asyncio.fixture(loop_scope="session")
async def browser(browsers: Browsers, request: pytest.FixtureRequest) -> Browser:
    """Return a browser of this machine."""
    try:
        return await browsers.get(getattr(request, "param", "chromium"))
    except NoBrowserError as missing:
        pytest.fail(str(missing), pytrace=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """Run the server that all tests share."""
    server = ServerProcess(tmp_path_factory.mktemp("data"))
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def closed_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClosedServer]:
    """Run the closed server that all tests share."""
    async with ClosedServer(tmp_path_factory.mktemp("closed")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def room(
    browser: Browser, server: ServerProcess, request: pytest.FixtureRequest
) -> AsyncIterator[Room]:
    """Return a room with a document for this test alone."""
    async with _new_room(browser, server, request) as room:
        yield room


@pytest_asyncio.fixture(loop_scope="session")
async def closed_room(
    browser: Browser, closed_server: ClosedServer, request: pytest.FixtureRequest
) -> AsyncIterator[Room]:
    """Return such a room on a closed server, on which Ann and Bo have accounts."""
    async with _new_room(browser, closed_server, request) as room:
        yield room


@asynccontextmanager
async def _new_room(
    browser: Browser, server: ServerProcess, request: pytest.FixtureRequest
) -> AsyncIterator[Room]:
    # The end of the test's name, with the parameters: no two tests share a document.
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")
    room = Room(browser, server, name[-60:].strip("-"))
    said_before = len(server.log)
    yield room
    await room.close()
    log = server.log[said_before:]
    print("\n".join(["the server's log:", *log]))  # shown if the test fails
    errors = [error for window in room.windows for error in window.errors]
    assert not errors, "\n".join(errors)
    assert not faults(log)
    await room.fsck()


@pytest_asyncio.fixture(loop_scope="session")
async def mortal(browser: Browser, tmp_path: Path) -> AsyncIterator[Room]:
    """Return a room on a server of its own, which the test can kill."""
    server = ServerProcess(tmp_path / "data")
    await server.start()
    room = Room(browser, server, "notes")
    yield room
    await room.close()
    await server.stop()
    print("\n".join(["the server's log:", *server.log]))
    assert not [error for window in room.windows for error in window.errors]
    await room.fsck()
