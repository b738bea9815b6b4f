"""Texts that a page could damage just by showing them."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.room import Room


@pytest.mark.engines
async def test_line_endings_survive_an_edit_byte_for_byte(room: Room) -> None:
    await room.begin("one\r\ntwo\r\nthree\nfour\r\n\r\nlast\r\n")
    ann, bo = await asyncio.gather(room.enter("Ann"), room.enter("Bo"))
    await ann.reads("one\ntwo\nthree\nfour\n\nlast\n")
    await ann.writes_over("two", "zwei")
    await ann.settled()
    assert await room.text_in_git() == "one\r\nzwei\r\nthree\nfour\r\n\r\nlast\r\n"
    await bo.reads("one\nzwei\nthree\nfour\n\nlast\n")
    await bo.goes_after("four")
    await bo.types("\nfive")
    await bo.settled()
    await ann.reads("one\nzwei\nthree\nfour\nfive\n\nlast\n")
    assert await room.text_in_git() == "one\r\nzwei\r\nthree\nfour\r\nfive\r\n\r\nlast\r\n"


async def test_a_document_of_900_kb_opens_takes_a_keystroke_and_is_saved(room: Room) -> None:
    lines = [f"line {number:05} of a long document, ünïcödé included\n" for number in range(17_000)]
    text = "".join(lines)
    assert 850_000 < len(text.encode()) < 1_000_000
    await room.begin(text)
    ann = await room.enter("Ann")
    await ann.goes_after("line 08000 of a")
    await ann.types(" very")
    assert await ann.settled() == text.replace("line 08000 of a", "line 08000 of a very")
    await expect(ann.status).to_have_text("Saved")
    assert await room.text_in_git() == text.replace("line 08000 of a", "line 08000 of a very")


async def test_markup_is_text_like_any_other(room: Room) -> None:
    ann, bo = await room.pair("\n<b>&amp;</textarea><script>alert(1)</script>\n")
    await bo.goes_after("<b>")
    await bo.types("</b>")
    await ann.reads("\n<b></b>&amp;</textarea><script>alert(1)</script>\n")
    await room.agreed()


async def test_a_text_that_is_too_large_says_so_and_is_saved_once_it_is_short_again(
    room: Room,
) -> None:
    ann, bo = await room.pair("short")
    await ann.goes_after("short")
    await ann.page.keyboard.insert_text(" and long" * 120_000)
    await expect(ann.notice).to_contain_text("too large to save. Shorten it by about 31,429 char")
    await expect(ann.status).to_have_text("Not saved")
    await bo.reads("short")
    await ann.selects(" and long" * 120_000)
    await ann.page.keyboard.press("Delete")
    await ann.types("ened")
    await expect(ann.notice).to_be_hidden()
    await expect(ann.status).to_have_text("Saved")
    await bo.reads("shortened")
    assert await room.agreed() == "shortened"
