"""Starting without a connection: the text that was last seen opens, and stale code never does."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Error, expect

from tests.browser.closed_server import ClosedServer
from tests.browser.kept import keeps, until
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess
from tests.browser.window import Window

_IS_UPGRADED = """async () => {
  const {installing, waiting, active} = await navigator.serviceWorker.getRegistration();
  const isNew = !installing && !waiting && active.state === 'activated';
  return isNew && (await caches.keys()).length === 2;
}"""

_IS_GONE = """async () =>
  !await navigator.serviceWorker.getRegistration() && (await caches.keys()).length === 0"""


async def enters(room: Room, name: str = "Ann") -> Window:
    """Open the document in a browser with service workers, and wait until it is kept."""
    window = await room.enter(name, service_workers="allow")
    await keeps(window, room.document)
    return window


async def test_the_last_text_opens_and_what_is_typed_is_merged_later(room: Room) -> None:
    await room.begin("# Plan\n\nFirst line.\n")
    ann = await enters(room)
    ann.loses_the_server()
    await ann.page.reload()
    await ann.reads("# Plan\n\nFirst line.\n")
    await expect(ann.notice).to_contain_text("You’re offline. Text from")
    await expect(ann.status).to_have_text("Offline")
    await ann.goes_after("First line.")
    await ann.types(" Typed offline.")
    await ann.page.keyboard.press("Control+e")
    shown = ann.page.frame_locator("#sheet-frame iframe").get_by_role("heading", name="Plan")
    await expect(shown).to_be_visible()

    async with ann.page.expect_event("close"):
        await ann.page.close(run_before_unload=True)
    room.windows.remove(ann)
    back = room.watch(Window(await ann.context.new_page(), ann.line))
    back.may_lose_connection()
    await back.page.goto(f"{back.line.url}/d/{room.document}")
    await back.reads("# Plan\n\nFirst line. Typed offline.\n")
    await back.types("Again: ")

    await back.page.goto(f"{back.line.url}/d/{room.document}-2")
    heading = back.page.get_by_role("heading", name="This document isn’t kept on this device")
    await expect(heading).to_be_visible()
    await back.page.goto(back.line.url)
    await expect(back.page.get_by_role("heading", name="You’re offline")).to_be_visible()
    await back.page.get_by_role("link", name="Plan").click()
    await back.reads("Again: # Plan\n\nFirst line. Typed offline.\n")

    bo = await room.enter("Bo")
    await bo.writes_over("First", "Second")
    await bo.settled()
    await back.reconnects()
    await back.reads("Again: # Plan\n\nSecond line. Typed offline.\n")
    assert await room.agreed() == "Again: # Plan\n\nSecond line. Typed offline.\n"


async def test_after_an_upgrade_the_first_page_has_the_new_code(
    browser: Browser, tmp_path: Path
) -> None:
    below = ("--base-path", "/my/pad")
    old = ServerProcess(tmp_path / "data", *below)
    await old.start()
    room = Room(browser, old, "notes")
    await room.begin("First line.\n")
    ann = await enters(room)
    ann.may_lose_connection()
    await old.stop()
    await ann.page.reload()
    await ann.reads("First line.\n")
    scripts: list[str] = []
    ann.page.on("request", lambda it: scripts.append(it.url.removeprefix(ann.line.url)))
    new = ServerProcess(tmp_path / "data", "--pages", "readable", *below)
    new.port = old.port
    async with new:
        await ann.page.reload(wait_until="commit")  # it loads many files
        assert await ann.settled() == "First line.\n"
        assert "/my/pad/static/text/splices.js" in scripts, "the new code is many files"
        assert not [it for it in scripts if "/kept-" in it]
        await until(ann, _IS_UPGRADED)
    await ann.page.reload()
    await ann.reads("First line.\n")
    assert [it for it in scripts if "/my/pad/kept-" in it and it.endswith("/text/splices.js")]
    await room.close()
    assert not ann.errors


async def test_nothing_is_kept_for_who_signs_out_or_is_a_guest(
    browser: Browser, tmp_path: Path
) -> None:
    async with ClosedServer(tmp_path / "data") as server:  # its sessions end
        room = Room(browser, server, "notes")
        await room.begin("For Ann.\n")
        ann = await enters(room)
        link = await server.makes_link(room.document, "edit")
        await ann.page.goto(f"{ann.line.url}/")
        await ann.page.get_by_role("button", name="Remove For Ann. from this list").click()
        await keeps(ann)
        await ann.page.goto(f"{ann.line.url}/d/{room.document}")
        await keeps(ann, room.document)
        ann.excuses("401")
        # The worker notices it, without the page.
        await ann.page.evaluate("document.querySelector('form[action$=sign-out]').submit()")
        await expect(ann.page.get_by_role("heading", name="Sign in")).to_be_visible()
        await keeps(ann)
        key = server.session("Bo")
        await ann.context.add_cookies(
            [{"name": "gollabedit_session", "value": key, "url": ann.line.url}]
        )
        await ann.page.goto(f"{ann.line.url}/d/{room.document}")
        await keeps(ann, room.document)
        # So does the page, without the worker.
        await ann.page.evaluate("navigator.serviceWorker.ready.then(it => it.unregister())")
        await ann.opens_menu()
        await ann.page.get_by_role("button", name="Sign out").click()
        await expect(ann.page.get_by_role("heading", name="Sign in")).to_be_visible()
        await keeps(ann)
        await ann.page.goto(ann.line.url + link)
        assert await ann.settled() == "For Ann.\n"
        await until(ann, _IS_GONE)
        assert not ann.errors
        ann.loses_the_server()
        with pytest.raises(Error, match="net::ERR_"):
            await ann.page.reload()
        await room.close()  # its errors are those of the browser's own page
