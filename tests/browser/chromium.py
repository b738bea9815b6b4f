"""The Chromium of this machine: where it is, and how the tests start it."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright, expect

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


class NoChromiumError(Exception):
    """It says what to do."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser for as long as the context lasts.

    Raises:
        NoChromiumError: this machine has none.
    """
    path = _path()
    expect.set_options(timeout=_DEADLINE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        await browser.close()


def _path() -> str:
    named = os.environ.get("CHROMIUM")
    path = shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)
    if path:
        return path
    raise NoChromiumError(
        f"The browser tests need Chromium, and CHROMIUM={named} is none."
        if named
        else "The browser tests need Chromium: `make test` gets it, or set CHROMIUM."
    )
