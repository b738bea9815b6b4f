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
# Firefox without what no test looks at: processes in reserve, a start page, services of Mozilla's.
QUIET: dict[str, str | float | bool] = {
    "layout.frame_rate": 20,  # it draws in software
    "dom.ipc.processPrelaunch.enabled": False,
    "browser.startup.homepage": "about:blank",
    "browser.newtab.preload": False,
    "browser.newtabpage.enabled": False,
    "browser.pagethumbnails.capturing_disabled": True,
    "browser.region.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "app.normandy.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "identity.fxaccounts.enabled": False,
    "media.gmp-provider.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#nothing",
    "toolkit.telemetry.unified": False,
}
# One process for all pages, which stays: otherwise each page starts two.
_SHARED: dict[str, str | float | bool] = {
    "fission.autostart": False,
    "dom.ipc.processCount": 1,
    "dom.ipc.keepProcessesAlive.web": 1,
}
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
            firefox_user_prefs={**QUIET, **_SHARED},
        )
        yield browser
        await browser.close()


def path_of_firefox() -> str:
    """Return the path of the executable.

    Raises:
        NoBrowserError: if there is none.
    """
    return installed("Firefox", _NAMES)
