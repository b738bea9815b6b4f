"""One Chromium and one server for all stories; a document and windows of its own for each.

At the end of every story: no page met an error, the server met no fault, and Git finds nothing
wrong with the repository. The server's log of the story is printed where it fails.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.room import Room
from tests.browser.server_process import ServerProcess, faults

_DEADLINE_MS = 20_000  # for one expectation; far more than any takes
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every story runs in the event loop that the browser lives in."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def _chromium_path() -> str:
    named = os.environ.get("CHROMIUM")
    path = shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)
    if not path:
        pytest.fail(
            f"The browser tests need Chromium, and CHROMIUM={named} is none."
            if named
            else "The browser tests need Chromium: `make test` gets it, or set CHROMIUM.",
            pytrace=False,
        )
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The Chromium of this machine."""
    path = _chromium_path()
    expect.set_options(timeout=_DEADLINE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """The server that all stories share."""
    server = ServerProcess(tmp_path_factory.mktemp("data"))
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def room(
    browser: Browser, server: ServerProcess, request: pytest.FixtureRequest
) -> AsyncIterator[Room]:
    """A document of this story's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:60]
    room = Room(browser, server, name.strip("-"))
    said_before = len(server.log)
    yield room
    await room.close()
    log = server.log[said_before:]
    print("\n".join(["the server's log:", *log]))  # shown where the story fails
    errors = [error for window in room.windows for error in window.errors]
    assert not errors, "\n".join(errors)
    assert not faults(log)
    await room.fsck()
