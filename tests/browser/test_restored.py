"""A server is restored from an older backup: newer text in the pages is not lost."""

import asyncio
import shutil
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.storage.backup.create import create
from server.storage.backup.restore import restore
from tests.browser.room import Room
from tests.browser.window import Window


async def backed_up(room: Room, copy: Path) -> None:
    """Back up the data folder while the server runs."""
    made = await asyncio.to_thread(create, room.server.data, copy.parent / "backups", None, _quiet)
    made.path.rename(copy)


async def restored(room: Room, copy: Path) -> None:
    """Replace the data folder by the backup."""
    await room.server.stop()
    shutil.rmtree(room.server.data)
    await asyncio.to_thread(restore, copy, room.server.data, _quiet)
    await room.server.start()
    for window in room.windows:  # do not wait for their next attempt
        await window.page.evaluate("dispatchEvent(new Event('online'))")


def _quiet(_: str) -> None:
    """Show no progress."""


async def pair_beyond(room: Room, text: str, words: str, copy: Path) -> tuple[Window, Window]:
    """Let Ann and Bo see the text, with words at its end that are newer than the backup."""
    ann, bo = await room.pair(text)
    for window in (ann, bo):
        window.may_lose_connection()
    await backed_up(room, copy)
    await ann.text.focus()
    await ann.page.keyboard.press("Control+End")
    await ann.types(words)
    await bo.reads(text + words)
    await ann.settled()
    return ann, bo


@pytest.mark.engines
async def test_what_was_typed_offline_goes_by_itself_to_a_server_that_was_restored(
    mortal: Room, tmp_path: Path
) -> None:
    ann, bo = await pair_beyond(mortal, "Ann: \nBo: \n", "A later line.\n", tmp_path / "copy")
    ann.line.cut()
    await ann.goes_after("Ann: ")
    await ann.types("typed offline")
    await restored(mortal, tmp_path / "copy")
    await bo.reads("Ann: \nBo: \n")
    await ann.reconnects()
    await bo.reads("Ann: typed offline\nBo: \n")
    assert await mortal.agreed() == "Ann: typed offline\nBo: \n"


@pytest.mark.engines
async def test_what_a_restored_server_has_lost_is_offered_and_merged_once(
    mortal: Room, tmp_path: Path
) -> None:
    ann, bo = await pair_beyond(mortal, "Ann: \nBo: \n", "A later line.\n", tmp_path / "copy")
    await restored(mortal, tmp_path / "copy")
    await bo.reads("Ann: \nBo: \n")
    await bo.goes_after("Bo: ")
    await bo.types("typed since")
    for window in (ann, bo):
        await window.reads("Ann: \nBo: typed since\n")
        await expect(window.notice).to_contain_text(
            "The server has an older version of this document"
        )
        await expect(window.notice).to_contain_text("3 words")
        await expect(window.status).to_have_text("Unsent text")
    await bo.page.close()  # the offer stays
    mortal.windows.remove(bo)
    back = mortal.watch(Window(await bo.context.new_page(), bo.line))
    await back.page.goto(f"{back.line.url}/d/{mortal.document}")
    await expect(back.notice).to_contain_text("The server has an older version of this document")
    await ann.notice.get_by_role("button", name="Review").click()
    dialog = ann.page.get_by_role("dialog", name="Text missing on the server")
    await expect(dialog.locator("ins")).to_contain_text("A later line.")
    await dialog.get_by_role("button", name="Merge into document").click()
    await expect(ann.toast).to_contain_text("was merged into the document.")
    await expect(back.notice).to_be_hidden()  # there is nothing left to add
    await back.reads("Ann: \nBo: typed since\nA later line.\n")
    assert await mortal.agreed() == "Ann: \nBo: typed since\nA later line.\n"
    await ann.page.reload()
    await ann.settled()
    await expect(ann.notice).to_be_hidden()
