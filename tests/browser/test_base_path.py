"""The pages below a path: every address that they use is below it, too."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, Response, expect

from tests.browser.room import Room
from tests.browser.server_process import ServerProcess, faults
from tests.browser.window import Window


@pytest_asyncio.fixture(loop_scope="session")
async def below(browser: Browser, tmp_path: Path) -> AsyncIterator[Room]:
    """Return a room on a server below a path."""
    async with ServerProcess(tmp_path / "data", "--base-path", "/my/pad") as server:
        room = Room(browser, server, "notes")
        yield room
        await room.close()
        assert not [error for window in room.windows for error in window.errors]
        assert not faults(server.log)


def missing_from(window: Window) -> list[str]:
    """Return the addresses that a window asks for in vain, as they are added."""
    missing: list[str] = []

    def note(response: Response) -> None:
        if response.status >= 400:
            missing.append(response.url)

    window.page.on("response", note)
    return missing


async def test_pages_use_addresses_below_their_path(below: Room) -> None:
    ann = await below.window("Ann", "/")
    missing = missing_from(ann)
    home, page = f"{ann.line.url}/my/pad/", ann.page
    await expect(page.locator("#clone")).to_contain_text(f"git clone {home}NAME.git ")
    await page.get_by_role("button", name="New document").click()
    await expect(page).to_have_url(re.compile(rf"^{home}d/[a-z0-9]{{16}}$"))
    below.document = page.url.rpartition("/")[2]
    await ann.settled()
    await ann.types("Hello")
    bo = await below.enter("Bo")
    await bo.reads("Hello")
    await bo.types("Bo: ")
    await ann.reads("Bo: Hello")
    await page.get_by_role("button", name="Share").click()
    await expect(page.locator("#share-link")).to_have_value(page.url)
    clone = re.compile(rf"^git clone {home}{below.document}\.git ")
    await expect(page.locator("#share-clone")).to_have_value(clone)
    await page.keyboard.press("Escape")
    await page.goto(f"{page.url}#history")
    await expect(page.locator("#past-text")).to_have_text("Bo: Hello")
    await page.goto(f"{home}d/{below.document}/view")
    shown = page.frame_locator("#sheet-frame iframe").get_by_text("Bo: Hello")
    await expect(shown).to_be_visible()
    await page.get_by_role("link", name="Edit").click()
    await ann.settled()
    await page.keyboard.press("Escape")
    async with ClientSession() as http:
        address = f"{below.server.url}/api/documents/{below.document}"
        async with http.patch(address, json={"document": "plans"}) as answer:
            assert answer.status == 200
    await expect(page).to_have_url(f"{home}d/plans")
    await ann.reads("Bo: Hello")
    await page.get_by_role("link", name="Home").click()
    await expect(page).to_have_url(home)
    await page.get_by_label("Document name or link").fill("plans")
    await expect(page.locator("#answer")).to_have_text("“plans” already exists.")
    await page.get_by_label("Document name or link").fill(f"{home}d/plans")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{home}d/plans")
    await ann.settled()
    await page.goto(home)
    await page.locator("#recent-list").get_by_role("link", name="Bo: Hello").click()
    assert await ann.settled() == "Bo: Hello"
    await page.goto(f"{home}help")
    await page.get_by_role("link", name="GollabEdit").click()
    await expect(page).to_have_url(home)
    assert not missing
