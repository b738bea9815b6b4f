"""The Chromium of this machine: where it is, and how the tests start it."""

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
    """A browser for as long as the context lasts.

    Raises:
        NoBrowserError: this machine has none.
    """
    path = path_of_chromium()
    expect.set_options(timeout=_DEADLINE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


def path_of_chromium() -> str:
    """Where it is.

    Raises:
        NoBrowserError: this machine has none.
    """
    return installed("Chromium", _NAMES)
