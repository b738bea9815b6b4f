"""Connections break, pages are reloaded, the server is killed: no typed text is lost."""

import asyncio
import re

from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.window import Window


async def test_a_reload_brings_back_what_was_typed_and_not_sent(room: Room) -> None:
    ann, bo = await room.pair("First line.\n")
    ann.line.hold()
    await ann.goes_after("First line.\n")
    await ann.types("typed and not sent")
    await expect(ann.status).to_contain_text("Saving")
    await ann.page.reload()
    await ann.reads("First line.\ntyped and not sent")
    await bo.reads("First line.\n")
    ann.line.release()
    await bo.reads("First line.\ntyped and not sent")
    assert await room.agreed() == "First line.\ntyped and not sent"


async def test_a_reload_comes_back_as_the_same_client(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.types("before ")
    await ann.settled()
    await ann.page.reload()
    await ann.settled()
    await ann.goes_after("before ")
    await ann.types("and after")
    assert await room.agreed() == "before and after"
    assert len(ann.clients) == 2
    assert len(set(ann.clients)) == 1
    assert await room.branches("clients") == [ann.clients[0]]


async def test_a_lost_connection_comes_back_and_brings_both_sides_together(room: Room) -> None:
    ann, bo = await room.pair("Ann: \nBo: \n")
    bo.loses_connection()
    await bo.goes_after("Bo: ")
    await bo.types("typed alone")
    await expect(bo.status).to_have_text("Offline")
    await expect(bo.notice).to_contain_text(
        "You’re offline. Keep typing: your text is stored on this device."
    )
    await ann.goes_after("Ann: ")
    await ann.types("typed meanwhile")
    await ann.settled()
    await bo.types(", and on")
    await expect(bo.status).to_contain_text("Offline")
    await bo.reads("Ann: \nBo: typed alone, and on\n")
    bo.line.mend()
    merged = "Ann: typed meanwhile\nBo: typed alone, and on\n"
    await bo.reads(merged)
    await ann.reads(merged)
    await expect(bo.status).to_have_text("Saved")
    await expect(bo.notice).to_be_hidden()
    await expect(bo.page.get_by_role("status")).to_contain_text(["Back online."])
    assert await room.agreed() == merged
    assert await bo.selected() == merged.replace("and on", "and on|")


async def test_a_browser_that_is_offline_says_so_and_goes_on_when_it_is_back(room: Room) -> None:
    ann, bo = await room.pair("Ann: \nBo: \n")
    bo.may_lose_connection()
    await bo.context.set_offline(True)
    await bo.goes_after("Bo: ")
    await ann.goes_after("Ann: ")
    await asyncio.gather(ann.types("on this side"), bo.types("on that side"))
    await expect(bo.status).not_to_have_text("Saved")
    await ann.reads("Ann: on this side\nBo: \n")
    await bo.context.set_offline(False)
    merged = "Ann: on this side\nBo: on that side\n"
    await bo.reads(merged)
    await ann.reads(merged)
    assert await room.agreed() == merged
    await expect(bo.status).to_have_text("Saved")


async def test_a_hundred_edits_on_both_sides_come_together_without_a_question(room: Room) -> None:
    line = "{0}. red{0} green{0} blue{0}\n"
    ann, bo = await room.pair("".join(line.format(number) for number in range(100)))
    bo.loses_connection()

    async def edits(window: Window, colour: str, word: str) -> None:
        for number in range(100):
            await window.goes_after(f" {colour}{number}")
            await window.page.keyboard.insert_text(f" {word}{number}")

    await asyncio.gather(edits(ann, "red", "ann"), edits(bo, "blue", "bo"))
    await ann.settled()
    await bo.reconnects()
    both = "{0}. red{0} ann{0} green{0} blue{0} bo{0}\n"
    merged = "".join(both.format(number) for number in range(100))
    await bo.reads(merged)
    await ann.reads(merged)
    await expect(bo.notice).to_be_hidden()
    assert await room.agreed() == merged


async def test_an_answer_that_is_lost_on_the_way_doubles_nothing(room: Room) -> None:
    ann, bo = await room.pair("")
    await ann.types("once ")
    await ann.settled()
    ann.line.hold()
    await ann.types("and only once")
    ann.loses_connection()  # held data is lost, in both directions
    ann.line.release()
    ann.line.mend()
    await bo.reads("once and only once")
    assert await room.agreed() == "once and only once"


async def test_a_server_that_is_killed_while_both_type_loses_no_letter(mortal: Room) -> None:
    ann, bo = await mortal.pair("Ann: \nBo: \n")
    for window in (ann, bo):
        window.may_lose_connection()
    await ann.goes_after("Ann: ")
    await bo.goes_after("Bo: ")
    anns = " ".join(f"ann{number}" for number in range(40))
    bos = " ".join(f"bo{number}" for number in range(40))
    # About two seconds of typing, of which the server misses the middle.
    typing = asyncio.gather(ann.types(anns, pause_ms=8), bo.types(bos, pause_ms=8))
    await expect(ann.text).to_have_value(re.compile("bo3 "))
    await expect(bo.text).to_have_value(re.compile("ann3 "))
    await mortal.server.kill()
    assert not typing.done()
    await mortal.server.start()
    await typing
    merged = f"Ann: {anns}\nBo: {bos}\n"
    await ann.reads(merged)
    await bo.reads(merged)
    assert await mortal.agreed() == merged
