"""The history in the page: what changed, who did it, and how it comes back."""

import re

import pytest
from aiohttp import ClientSession
from playwright.async_api import Locator, expect

from tests.browser.room import Room
from tests.browser.window import Window

_DRAFT = "On Sunday we meet.\nBring a chair.\n"
_NOW = "On Friday we meet.\nBring a chair and a cake.\n"


async def named(room: Room, name: str) -> None:
    """Give the newest version a name, which ends it."""
    address = f"{room.server.url}/api/documents/{room.document}/versions"
    async with ClientSession() as http, http.post(address, json={"name": name}) as response:
        assert response.status == 201, await response.text()


async def written(room: Room) -> tuple[Window, Window]:
    """Let Ann and Bo write after the version "Draft", and return their windows."""
    ann, bo = await room.pair(_DRAFT)
    await named(room, "Draft")
    await ann.writes_over("Sunday", "Friday")
    await bo.reads(_DRAFT.replace("Sunday", "Friday"))
    await bo.goes_after("chair")
    await bo.types(" and a cake")
    await ann.reads(_NOW)
    await bo.settled()
    return ann, bo


def past(window: Window) -> Locator:
    return window.page.locator("#past")


def text_of(window: Window) -> Locator:
    return past(window).get_by_role("document")


async def opens_history(window: Window, address: str = "") -> None:
    """Open the history, at an address or by the link below the text, and wait for a version."""
    if address:
        await window.page.goto(f"{window.page.url.partition('#')[0]}#history/{address}")
    else:
        await window.page.get_by_role("link", name="see the history").click()
    await expect(past(window)).to_be_visible()
    await expect(window.page.locator("#past-note-text")).not_to_have_text("Loading…")


async def shows(window: Window, title: str | re.Pattern[str]) -> None:
    await expect(past(window).get_by_role("heading", level=2).first).to_have_text(title)


@pytest.mark.engines
async def test_into_the_history_and_back(room: Room) -> None:
    ann, bo = await written(room)
    await opens_history(ann)
    await shows(ann, "Now, by Ann and Bo")
    await expect(text_of(ann).locator("del")).to_have_text(["Sunday"])
    await expect(text_of(ann).locator("ins")).to_have_text(["Friday", " and a cake"])
    await expect(ann.page.get_by_role("list", name="Authors")).to_have_text(
        re.compile("AnnBo|BoAnn")
    )
    await ann.announced()
    await ann.page.keyboard.press("n")
    assert "2 of 2: Bo added “and a cake”" in await ann.announced()

    await bo.goes_after("meet")  # Ann's page stays connected
    await bo.types("!")
    await expect(past(ann)).to_contain_text("1 change by others since you opened it.")
    await ann.page.keyboard.press("Escape")
    await expect(past(ann)).to_be_hidden()
    await ann.focused()
    await ann.reads(_NOW.replace("meet", "meet!"))
    await ann.page.evaluate("history.forward()")
    await expect(past(ann)).to_be_visible()
    await ann.page.evaluate("history.back()")
    await expect(past(ann)).to_be_hidden()
    await room.agreed()


async def test_one_goes_back_at_once_however_many_versions_were_looked_at(room: Room) -> None:
    ann, _ = await written(room)
    await opens_history(ann)
    versions = past(ann).get_by_role("region", name="Versions")
    await versions.get_by_label("Only named versions").check()
    await expect(versions.get_by_role("link")).to_have_count(1)
    await versions.get_by_role("link", name="Draft").click()
    await shows(ann, re.compile("^“Draft”, .*, by Scribe$"))
    await versions.get_by_label("Only named versions").uncheck()
    await versions.get_by_role("link", name="Now").click()
    await shows(ann, "Now, by Ann and Bo")
    await ann.page.get_by_role("slider", name="Version shown").press("ArrowLeft")
    await shows(ann, re.compile("^“Draft”"))
    assert ann.page.url.endswith("#history/draft")
    await ann.page.evaluate("history.back()")
    await expect(past(ann)).to_be_hidden()
    await ann.focused()


async def test_a_version_is_restored_and_that_is_undone(room: Room) -> None:
    ann, bo = await written(room)
    await opens_history(ann, "draft")
    await ann.page.get_by_role("button", name="Restore this version").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    await expect(ann.toast).to_contain_text("Restored")
    await bo.reads(_DRAFT)
    assert await room.agreed() == _DRAFT
    await ann.focused()

    await opens_history(bo)
    await expect(past(bo).get_by_role("listitem").filter(has_text="Restored")).to_have_count(1)
    await bo.page.keyboard.press("Escape")
    await ann.toast.get_by_role("button", name="Undo").click()
    await bo.reads(_NOW)
    assert await room.agreed() == _NOW


async def test_one_place_is_brought_back_unless_it_has_changed_since(room: Room) -> None:
    ann, bo = await written(room)
    await opens_history(ann, "draft..now")
    await shows(ann, re.compile("^Changes from “Draft”, .* to now$"))
    await bo.goes_before("On")
    await bo.types("Dear all,\n")
    await bo.writes_over("and a cake", "and two cakes")
    await expect(ann.text).to_have_value(re.compile("^Dear all,\n.*two cakes", re.DOTALL))
    await ann.page.get_by_role("button", name="Bring this back").click()
    await bo.reads("Dear all,\nOn Sunday we meet.\nBring a chair and two cakes.\n")
    await past(ann).get_by_role("button", name="Undo").click()
    await bo.reads("Dear all,\nOn Friday we meet.\nBring a chair and two cakes.\n")
    await ann.page.get_by_role("button", name="Bring this back").click()
    await bo.reads("Dear all,\nOn Sunday we meet.\nBring a chair and two cakes.\n")

    await ann.page.keyboard.press("n")
    await ann.page.get_by_role("button", name="Take this out").click()
    await expect(past(ann)).to_contain_text("This place has changed since. Nothing was done.")
    assert await room.agreed() == "Dear all,\nOn Sunday we meet.\nBring a chair and two cakes.\n"


async def test_a_version_gets_a_name_another_one_and_none(room: Room) -> None:
    ann, _ = await written(room)
    ann.excuses("409")
    await opens_history(ann)
    await ann.page.get_by_role("button", name="Name this version").click()
    await ann.types("Draft")
    await ann.page.keyboard.press("Enter")
    await expect(ann.page.get_by_role("dialog")).to_contain_text("name")
    await ann.types(" of Friday")
    await ann.page.keyboard.press("Enter")
    await shows(ann, re.compile("^“Draft of Friday”, .*, by Ann and Bo$"))
    assert "draft-of-friday" in await room.git("tag", "--list")

    await ann.page.get_by_role("button", name="Change name or note").click()
    await ann.page.get_by_label("Note (optional)").fill("For the board")
    await ann.page.keyboard.press("Tab")
    await ann.page.keyboard.press("Enter")
    versions = past(ann).get_by_role("region", name="Versions")
    await expect(versions.get_by_role("link", name="Draft of Friday")).to_contain_text(
        "For the board"
    )
    await ann.page.get_by_role("button", name="Change name or note").click()
    await ann.page.get_by_role("button", name="Remove name").click()
    await shows(ann, re.compile("^(?!“).*, by Ann and Bo$"))
    assert "draft-of-friday" not in await room.git("tag", "--list")


async def test_a_version_is_played(room: Room) -> None:
    ann, _ = await written(room)
    await opens_history(ann)
    await ann.page.get_by_role("button", name="Play").click()
    await ann.page.get_by_label("Speed").select_option("16×")
    await expect(text_of(ann)).to_have_text(_NOW)
    moment = ann.page.get_by_role("slider", name="Time within the version")
    await moment.press("Home")
    await expect(text_of(ann)).to_have_text(_DRAFT)
    await moment.press("End")
    await expect(text_of(ann)).to_have_text(_NOW)
    await expect(text_of(ann).locator("ins")).to_have_text(["Friday", " and a cake"])
    await ann.page.get_by_role("button", name="Stop").click()
    await expect(text_of(ann).locator("del")).to_have_text(["Sunday"])


async def test_a_new_document_has_no_history(room: Room) -> None:
    ann = await room.enter("Ann")
    ann.excuses("404")
    await opens_history(ann)
    await expect(past(ann)).to_contain_text("Nothing has been written yet.")
    await ann.page.get_by_role("button", name="Back to now").click()
    await ann.types("Hello.")
    assert await room.agreed() == "Hello."
    await opens_history(ann)
    await shows(ann, "Now, by Ann")
    await ann.page.get_by_role("button", name="Play").click()
    await expect(text_of(ann)).to_have_text("Hello.")


async def test_what_is_new_since_the_last_visit(room: Room) -> None:
    ann, bo = await room.pair(_DRAFT)
    await bo.page.goto("about:blank")
    await ann.writes_over("Sunday", "Friday")
    await ann.settled()
    await bo.page.goto(f"{bo.line.url}/d/{room.document}")
    await bo.settled()
    await opens_history(bo)
    await bo.page.get_by_role("button", name="Since I last looked").click()
    await shows(bo, "Changes from when you last looked to now")
    await expect(text_of(bo).locator("ins")).to_have_text(["Friday"])
    assert ".." in bo.page.url
