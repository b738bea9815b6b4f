"""People sign in, guests open links, and access ends while somebody writes."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.browser.closed_server import ClosedServer
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess, faults
from tests.browser.stage import Stage
from tests.browser.window import Window

_PHONE = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}
_WITHIN_MS = 1_000
_PRINTED_S = 20.0
_KEEP_COPIES = """() => {
  copied = [];
  navigator.clipboard.writeText = async text => { copied.push(text); };
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def fresh(browser: Browser, tmp_path: Path) -> AsyncIterator[Room]:
    """Return a room on a closed server on which nobody has an account yet."""
    server = ServerProcess(tmp_path / "data", "--access", "closed")
    await server.start()
    room = Room(browser, server, "notes")
    yield room
    await room.close()
    await server.stop()
    assert not [error for window in room.windows for error in window.errors]
    assert not faults(server.log)
    await room.fsck()


async def printed_link(server: ServerProcess) -> str:
    """Wait for the link that a server prints for its owner; return its path."""
    async with asyncio.timeout(_PRINTED_S):
        while True:
            for line in server.log:
                if "/sign-in?key=" in line:
                    return f"/sign-in{line.strip().partition('/sign-in')[2]}"
            await asyncio.sleep(0)


def links_of(window: Window) -> Locator:
    return window.page.get_by_label("Links to this document").get_by_role("listitem")


async def makes_link(window: Window, right: str, expiry: str = "Never expires") -> str:
    """Make a link in the open Share panel; return the path that opens it."""
    page = window.page
    await page.get_by_label("Guests can").select_option(right)
    await page.get_by_label("Expiry").select_option(expiry)
    before = await links_of(window).count()
    await page.get_by_role("button", name="Create link").click()
    await expect(links_of(window)).to_have_count(before + 1)
    await expect(page.get_by_text("Copied. Send it now")).to_be_visible()
    link: str = await page.evaluate("copied.at(-1)")
    assert link.startswith(f"{window.line.url}/d/")
    return link.removeprefix(window.line.url)


async def test_an_owner_signs_in_and_shares_links_that_end_when_they_are_revoked(
    fresh: Room,
) -> None:
    owner = await fresh.window("Owner", await printed_link(fresh.server))
    await owner.page.get_by_role("button", name="Sign in as owner").click()
    await expect(owner.page.get_by_text("Only people with access")).to_be_visible()
    await expect(owner.page.get_by_text("Anyone who can reach")).to_be_hidden()
    await expect(owner.page.get_by_role("banner")).to_contain_text("owner")
    await owner.page.goto(f"{owner.line.url}/d/notes")
    await owner.settled()
    await owner.types("Written by the owner.")
    await owner.settled()

    await owner.page.evaluate(_KEEP_COPIES)
    await owner.page.get_by_role("button", name="Share").click()
    to_view = await makes_link(owner, "Can view")
    to_edit = await makes_link(owner, "Can edit", "Expires in 7 days")

    reader = await fresh.window("Guest 7", to_view, **_PHONE)
    await expect(reader.page).to_have_url(f"{reader.line.url}/d/notes/view")
    await reader.page.get_by_role("link", name="Plain text").click()
    await expect(reader.page).to_have_url(f"{reader.line.url}/d/notes?plain")
    await expect(reader.status).to_have_text("View only")
    await reader.text.click()
    await reader.types("Typed in vain.")
    await reader.page.keyboard.press("Control+Z")
    await reader.reads("Written by the owner.")
    await owner.page.keyboard.press("Escape")
    await owner.goes_after("owner.")
    await owner.types(" And more.")
    await reader.reads("Written by the owner. And more.")
    await reader.page.get_by_role("button", name="Share").click()
    await expect(reader.page.locator("#share-link")).to_be_visible()
    await expect(reader.page.get_by_role("button", name="Create link")).to_have_count(0)

    writer = await fresh.window("Guest 8", to_edit)
    await writer.settled()
    writer.loses_connection()
    await writer.goes_after("more.")
    await writer.types(" Unsent.")

    await owner.page.get_by_role("button", name="Share").click()
    await expect(links_of(owner)).to_have_count(2)
    await expect(links_of(owner).first).to_contain_text(re.compile("Can edit.*used.*expires"))
    for name in ("Can edit", "Can view"):
        await owner.page.get_by_role("button", name=f"Revoke: {name}").click()
        await owner.page.get_by_role("button", name="Revoke link").click()
        await expect(owner.page.get_by_text("Link revoked.")).to_be_visible()
    await expect(reader.notice).to_contain_text("Your access has ended.", timeout=_WITHIN_MS)
    await expect(reader.notice).not_to_contain_text("unsent")

    await writer.reconnects()
    await expect(writer.notice).to_contain_text("Your unsent changes are kept here.")
    await writer.reads("Written by the owner. And more. Unsent.")
    await expect(writer.text).to_have_js_property("readOnly", value=True)
    async with writer.page.expect_download() as downloading:
        await writer.notice.get_by_role("button", name="Download").click()
    saved = (await (await downloading.value).path()).read_text()
    assert saved == "Written by the owner. And more. Unsent."
    await owner.reads("Written by the owner. And more.")


async def test_signing_in_again_sends_what_was_not_sent(closed_room: Room) -> None:
    server = closed_room.server
    assert isinstance(server, ClosedServer)
    await closed_room.begin("Begun.\n")
    guest = await closed_room.window(
        "Guest 7", await server.makes_link(closed_room.document, "edit")
    )
    guest.excuses("401", "400")
    await guest.settled()
    guest.loses_connection()
    await guest.goes_before("Begun.")
    await guest.types("Typed offline. ")
    await server.revokes_links(closed_room.document)
    await guest.reconnects()
    await guest.notice.get_by_role("button", name="Sign in").click()
    token = guest.page.get_by_label("Access token")
    await token.fill("gollabedit_wrong")
    await token.press("Enter")
    await expect(token).to_be_focused()
    await expect(token).to_have_accessible_description(re.compile("This token isn’t valid"))
    await token.fill(server.tokens["Bo"])
    await token.press("Enter")
    await guest.reads("Typed offline. Begun.\n")
    await expect(guest.page.get_by_role("button", name="You: Bo. Menu")).to_be_visible()
    assert await closed_room.agreed() == "Typed offline. Begun.\n"
    author = await closed_room.git("log", "-1", "--format=%an", "master", "--", ".")
    assert author.strip() == "Bo"

    other = closed_room.watch(Window(await guest.context.new_page(), guest.line))
    other.excuses("401")
    await other.page.goto(f"{guest.line.url}/d/{closed_room.document}")
    await other.settled()
    await other.opens_menu()
    await expect(other.page.get_by_text("Signed in as Bo")).to_be_visible()
    await expect(other.page.get_by_role("button", name="Change name")).to_be_hidden()
    await other.page.get_by_role("button", name="Sign out").click()
    await expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(guest.notice).to_contain_text("Your access has ended.", timeout=_WITHIN_MS)


async def test_who_may_only_view_from_now_on_is_offered_what_was_not_sent(
    closed_room: Room,
) -> None:
    server = closed_room.server
    assert isinstance(server, ClosedServer)
    await closed_room.begin("Begun.\n")
    to_edit = await server.makes_link(closed_room.document, "edit")
    guest = await closed_room.window("Guest 7", to_edit)
    await guest.settled()
    await guest.goes_before("Begun.")
    await guest.types("Sent. ")
    await guest.settled()
    guest.loses_connection()
    await guest.types("Typed offline. ")
    await server.revokes_links(closed_room.document)
    await guest.context.request.get(
        guest.line.url + await server.makes_link(closed_room.document, "view")
    )
    await guest.reconnects()
    await expect(guest.status).to_have_text("View only")
    await guest.reads("Sent. Begun.\n")
    await expect(guest.page.get_by_role("button", name="Undo")).to_be_disabled()
    await guest.notice.get_by_role("button", name="Review").click()
    dialog = guest.page.get_by_role("dialog", name="Unsent text")
    await expect(dialog).to_contain_text("Typed offline.")
    await expect(dialog).to_contain_text("You can only view this document now.")
    await expect(dialog.get_by_role("button", name="Merge")).to_be_hidden()
    await expect(dialog.get_by_role("button", name="Copy my text")).to_be_visible()
    await dialog.get_by_role("button", name="Close").click()

    await guest.page.goto(guest.line.url + await server.makes_link(closed_room.document, "edit"))
    await expect(guest.status).to_have_text("Unsent text")
    await guest.notice.get_by_role("button", name="Review").click()
    await dialog.get_by_role("button", name="Merge").click()
    await guest.reads("Sent. Typed offline. Begun.\n")


async def test_a_guest_with_a_conflict_who_may_only_view_reads_live(closed_room: Room) -> None:
    server = closed_room.server
    assert isinstance(server, ClosedServer)
    async with Stage(closed_room) as stage:
        bo = await stage.disagrees(("Saturday", "Sunday", "Friday"))
        await server.asks("PATCH", closed_room.document, {"archived": True})
        await expect(bo.status).to_have_text("View only")
        await expect(bo.notice).to_be_hidden()
        await expect(bo.text).to_have_value(re.compile("on Sunday"))
