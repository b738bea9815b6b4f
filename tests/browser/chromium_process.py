"""A Chromium with a profile on disk, which a test can kill and which restores its tabs.

A small extension discards and duplicates tabs, as the browser and its user do.
"""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, Playwright
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.chromium import FLAGS, path_of_chromium
from tests.browser.driver import driver
from tests.browser.installed import PAUSE
from tests.browser.profile import contains

_START_S = 30.0
_CONNECT_MS = 10_000
_CONNECTIONS_MAX = 3
_ADDRESS = "DevTools listening on "
_MANIFEST = {
    "manifest_version": 3,
    "name": "Tabs",
    "version": "1",
    "permissions": ["tabs"],
    "background": {"service_worker": "worker.js"},
}
_DISCARD = """
async url => {
  const [{id}] = await chrome.tabs.query({url: url + '*', active: false});
  const discarded = await chrome.tabs.discard(id);
  await chrome.tabs.update(discarded.id, {active: true});
}
"""
_DUPLICATE = """
async url => {
  const [{id}] = await chrome.tabs.query({url: url + '*'});
  await chrome.tabs.duplicate(id);
}
"""


class ChromiumProcess:
    """A running browser."""

    def __init__(self, profile: Path, context: BrowserContext, process: asyncio.subprocess.Process):
        self.context = context
        self._profile = profile
        self._process = process

    async def tab(self) -> Page:
        """Return its first tab."""
        pages = self.context.pages
        return pages[0] if pages else await self.context.wait_for_event("page")

    async def remembers(self, page: Page, words: str) -> None:
        """Wait until the browser has stored a form with these words, and the tab with it."""
        async with asyncio.timeout(_START_S):
            while not _is_in_session(self._profile, words):
                await page.evaluate(PAUSE)

    async def discards(self, page: Page) -> Page:
        """Discard a page, then go to its tab; return the page that is loaded there."""
        await self.context.new_page()  # the active tab is never discarded
        return await self._opened(_DISCARD, page.url)

    async def duplicates(self, page: Page) -> Page:
        return await self._opened(_DUPLICATE, page.url)

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def _opened(self, action: str, url: str) -> Page:
        """Run an action of the extension that opens a page."""
        workers = self.context.service_workers
        worker = workers[0] if workers else await self.context.wait_for_event("serviceworker")
        async with self.context.expect_page() as opening:
            await worker.evaluate(action, url)
        return await opening.value


@asynccontextmanager
async def running_chromium(
    profile: Path, opens: str = "about:blank"
) -> AsyncIterator[ChromiumProcess]:
    """Run the browser, and kill it at the end unless the test did.

    Args:
        profile: its folder.
        opens: an address, or the flag that restores the tabs. The browser's own start page would
            take 0.4 s of CPU.
    """
    process = await asyncio.create_subprocess_exec(
        path_of_chromium(),
        *FLAGS,
        *("--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}"),
        f"--load-extension={_extension_in(profile)}",
        opens,
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    assert process.stderr
    reading: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(_START_S):
            address = await _address(process.stderr)
        reading = asyncio.create_task(_drain(process.stderr))
        async with driver() as playwright:
            browser = await _connect(playwright, address)
            yield ChromiumProcess(profile, browser.contexts[0], process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if reading is not None:
            await reading


async def _connect(playwright: Playwright, address: str) -> Browser:
    """Connect to the browser; again if a page that closes at its start holds it up."""
    for _ in range(_CONNECTIONS_MAX - 1):
        with suppress(PlaywrightTimeoutError):
            return await playwright.chromium.connect_over_cdp(address, timeout=_CONNECT_MS)
    return await playwright.chromium.connect_over_cdp(address)


def new_profile(profile: Path, preferences: dict[str, Any] | None = None) -> None:
    """Create a profile. In one that Chromium creates itself it restores no tabs."""
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences or {}))


def _extension_in(profile: Path) -> Path:
    folder = profile / "extension"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(_MANIFEST))
    (folder / "worker.js").write_text("")
    return folder


def _is_in_session(profile: Path, words: str) -> bool:
    files = (profile / "Default" / "Sessions").glob("Session_*")
    return any(contains(file, words.encode("utf-16-le")) for file in files)


async def _address(out: asyncio.StreamReader) -> str:
    said = []
    while line := (await out.readline()).decode(errors="replace"):
        said.append(line)
        if line.startswith(_ADDRESS):
            return line.removeprefix(_ADDRESS).strip()
    raise RuntimeError("Chromium did not start:\n" + "".join(said))


async def _drain(out: asyncio.StreamReader) -> None:
    """Read until the end, so that the process never blocks on a full pipe."""
    while await out.readline():
        pass
