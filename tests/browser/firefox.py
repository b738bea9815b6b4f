"""Find and start the Firefox of this machine."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.browser.driver import driver
from tests.browser.installed import installed

_DEADLINE_MS = 20_000  # as in Chromium
_PREFERENCES: dict[str, str | float | bool] = {"layout.frame_rate": 20}  # it draws in software
_NAMES = ("firefox-esr", "firefox")
_RELAY = Path(__file__).with_name("firefox_relay.py")


@asynccontextmanager
async def firefox() -> AsyncIterator[Browser]:
    """Run a browser.

    Raises:
        NoBrowserError: if there is none.
    """
    environment: dict[str, str | float | bool] = {
        **os.environ,
        "FIREFOX": path_of_firefox(),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # for the relay's first line
    }
    expect.set_options(timeout=_DEADLINE_MS)
    async with driver() as playwright:
        browser = await playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=_RELAY,
            env=environment,
            firefox_user_prefs=_PREFERENCES,
        )
        yield browser
        await browser.close()


def path_of_firefox() -> str:
    """Return the path of the executable.

    Raises:
        NoBrowserError: if there is none.
    """
    return installed("Firefox", _NAMES)
