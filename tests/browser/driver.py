"""The driver of Playwright: a process of Node that all browsers share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Playwright, async_playwright

_running: list[Playwright] = []


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Return the driver that runs, or run one until the context ends.

    It takes half a second of CPU to start.
    """
    if _running:
        yield _running[0]
        return
    async with async_playwright() as playwright:
        _running.append(playwright)
        try:
            yield playwright
        finally:
            _running.clear()
