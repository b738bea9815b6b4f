"""Documents are renamed, deleted and archived under the eyes of people who write in them."""

from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import expect

from tests.browser.room import Room


async def ask(room: Room, method: str, path: str, fields: object = None) -> Any:
    """Send a request to the JSON API."""
    async with (
        ClientSession() as http,
        http.request(method, f"{room.server.url}/api/{path}", json=fields) as response,
    ):
        assert response.ok, await response.text()
        return await response.json()


async def raw(room: Room, document: str) -> str:
    async with (
        ClientSession() as http,
        http.get(f"{room.server.url}/d/{document}/raw") as response,
    ):
        return await response.text()


@pytest.mark.engines
async def test_pages_go_on_under_the_new_name_with_what_was_not_sent(mortal: Room) -> None:
    ann, bo = await mortal.pair("Ann: \nBo: \n")
    ann.loses_connection()
    await ann.goes_after("Ann: ")
    await ann.types("typed offline")
    await ask(mortal, "PATCH", "documents/notes", {"document": "plans"})
    mortal.document = "plans"
    await expect(bo.page).to_have_url(f"{bo.line.url}/d/plans")
    await expect(bo.toast).to_contain_text("This document is called “plans” now.")
    await bo.settled()
    assert len(set(bo.clients)) <= 1, "it became another client"
    await ann.reconnects()
    await expect(ann.page).to_have_url(f"{ann.line.url}/d/plans")
    await bo.reads("Ann: typed offline\nBo: \n")
    await ann.settled()
    assert len(set(ann.clients)) <= 1, "it became another client"
    await bo.goes_after("Bo: ")
    await bo.types("and on")
    await ann.reads("Ann: typed offline\nBo: and on\n")
    await bo.settled()
    assert await raw(mortal, "plans") == "Ann: typed offline\nBo: and on\n"


async def test_a_draft_of_the_old_name_is_offered_under_the_new_one(mortal: Room) -> None:
    """The tab was closed before it could send, and the document has another name since."""
    ann = await mortal.enter("Ann")
    ann.loses_connection()
    await ann.types("typed offline")
    await expect(ann.status).to_contain_text("Offline")
    await mortal.begin("Begun.\n")
    await ask(mortal, "PATCH", "documents/notes", {"document": "plans"})
    await ann.page.close(run_before_unload=False)
    ann.line.mend()
    later = mortal.watch(type(ann)(await ann.context.new_page(), ann.line))
    later.may_lose_connection()
    mortal.windows.remove(ann)
    await later.page.goto(f"{ann.line.url}/d/notes")
    await expect(later.page).to_have_url(f"{ann.line.url}/d/plans")
    await expect(later.notice).to_contain_text("unsent text")
    mortal.document = "plans"


async def test_a_page_of_a_deleted_document_keeps_its_text(mortal: Room) -> None:
    ann, bo = await mortal.pair("one\n")
    ann.loses_connection()
    await ann.text.press("Control+End")
    await ann.types("two")
    entry = await ask(mortal, "DELETE", "documents/notes")
    await expect(bo.notice).to_contain_text("This document was deleted.")
    await expect(bo.status).to_have_text("Deleted")
    await bo.reads("one\n")
    await ann.reconnects()
    await expect(ann.notice).to_contain_text("This document was deleted.")
    await ann.reads("one\ntwo")
    async with ann.page.expect_download() as downloading:
        await ann.notice.get_by_role("button", name="Download").click()
    assert (await (await downloading.value).path()).read_text() == "one\ntwo"
    assert await ask(mortal, "GET", "documents") == {"documents": [], "more": False}
    await ask(mortal, "POST", f"trash/{entry['id']}", {})
    for window in (ann, bo):  # as when the user comes back to the window
        await window.page.evaluate("dispatchEvent(new Event('online'))")
    await bo.reads("one\ntwo")
    assert await mortal.agreed() == "one\ntwo"


async def test_a_tab_that_saw_a_deletion_can_begin_a_new_document(mortal: Room) -> None:
    ann = await mortal.enter("Ann")
    await ann.types("one")
    await ann.settled()
    await ask(mortal, "DELETE", "documents/notes")
    await expect(ann.status).to_have_text("Deleted")
    await ann.page.reload()
    await ann.settled()
    await ann.reads("")
    await ann.types("another")
    assert await mortal.agreed() == "another"


async def test_an_archived_document_is_shown_and_cannot_be_changed(room: Room) -> None:
    ann, bo = await room.pair("one\n")
    await ask(room, "PATCH", f"documents/{room.document}", {"archived": True})
    for window in (ann, bo):
        await expect(window.status).to_have_text("View only")
        await expect(window.text).to_have_js_property("readOnly", value=True)
    await ask(room, "PATCH", f"documents/{room.document}", {"archived": False})
    await expect(ann.text).to_have_js_property("readOnly", value=False)
    await ann.text.press("Control+Home")
    await ann.types("zero ")
    await bo.reads("zero one\n")
