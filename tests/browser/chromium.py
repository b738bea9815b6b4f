"""Find and start the Chromium of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright, expect

from tests.browser.installed import installed

_DEADLINE_MS = 20_000  # for one expectation; far more than any takes
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a browser.

    Raises:
        NoBrowserError: if there is none.
    """
    path = path_of_chromium()
    expect.set_options(timeout=_DEADLINE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


def path_of_chromium() -> str:
    """Return the path of the executable.

    Raises:
        NoBrowserError: if there is none.
    """
    return installed("Chromium", _NAMES)
