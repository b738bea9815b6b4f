"""Find and start the Chromium of this machine."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from playwright.async_api import Browser, expect

from tests.browser.driver import driver
from tests.browser.installed import NoBrowserError, installed

_DEADLINE_MS = 20_000  # for one expectation; far more than any takes
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SHELL_NAMES = ("chromium-headless-shell",)
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
    """Run a browser, without the parts that only its own windows and extensions need.

    Raises:
        NoBrowserError: if there is none.
    """
    path = _path_of_shell()
    expect.set_options(timeout=_DEADLINE_MS)
    async with driver() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


def path_of_chromium() -> str:
    """Return the path of the executable.

    Raises:
        NoBrowserError: if there is none.
    """
    return installed("Chromium", _NAMES)


def _path_of_shell() -> str:
    """Return the path of Chromium's headless shell, which takes half the CPU; else of Chromium."""
    if os.environ.get("CHROMIUM_SHELL") or not os.environ.get("CHROMIUM"):
        with suppress(NoBrowserError):
            return installed("Chromium_shell", _SHELL_NAMES)
    return path_of_chromium()
