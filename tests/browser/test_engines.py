"""Behaviour for which browsers differ. More tests are marked `engines`."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.stage import Stage
from tests.browser.window import Window

pytestmark = pytest.mark.engines


async def after_some_frames(window: Window) -> None:
    """Wait until work that the browser defers to the next frames is done."""
    await window.page.evaluate(
        """async () => {
            for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
        }"""
    )


async def test_who_reads_far_from_the_caret_is_not_taken_back_to_it(room: Room) -> None:
    lines = [f"line {number}\n" for number in range(300)]
    await room.begin("".join(lines))
    ann = await room.enter("Ann")
    # Browsers lose the direction of a selection when the text changes; restoring it makes Firefox
    # scroll there, a little later.
    await ann.selects("line 20", direction="backward")
    for top in (0.5, 0.9):
        await ann.text.evaluate("(area, top) => area.scrollTop = area.scrollHeight * top", top)
        from_the_end = "area => area.scrollHeight - area.scrollTop"
        before = await ann.text.evaluate(from_the_end)
        async with Stage(room) as stage:
            bo = await stage.joins("Bo")
            await bo.edit(bo.text.replace("line 3\n", "line 3\nand one more\n"))
            await ann.reads(bo.text)
        await after_some_frames(ann)
        assert await ann.text.evaluate(from_the_end) == before
        assert await ann.selected() == "line 20"


@pytest.mark.parametrize("direction", ["forward", "backward"])
async def test_a_change_in_many_places_leaves_the_selection_on_its_words(
    room: Room, direction: str
) -> None:
    await room.begin("one two three four five six seven")
    ann = await room.enter("Ann")
    await ann.selects("three four five", direction=direction)
    async with Stage(room) as stage:
        bo = await stage.joins("Bo")
        await bo.edit("1 two three FOUR five six 7")
        await ann.reads("1 two three FOUR five six 7")
        assert await ann.selected() == "three FOUR five"
        assert await ann.text.evaluate("area => area.selectionDirection") == direction
        await ann.types("3 to 5")
        await ann.settled()
        await bo.edit("1 two and three FOUR five or six 7")
    await ann.types(" or so")
    await room.agreed()


async def test_a_change_around_the_caret_leaves_a_caret(room: Room) -> None:
    await room.begin("one two three")
    ann = await room.enter("Ann")
    await ann.goes_after("one tw")
    async with Stage(room) as stage:
        bo = await stage.joins("Bo")
        await bo.edit("one eleven three")
        await ann.reads("one eleven three")
    assert "|" in await ann.selected()  # the next key deletes nothing of Bo's
    await ann.types("!")
    assert "".join((await room.agreed()).split("!")) == "one eleven three"


async def test_the_caret_stays_between_changes_on_either_side(room: Room) -> None:
    await room.begin("one two three four")
    ann = await room.enter("Ann")
    await ann.goes_after("two")
    async with Stage(room) as stage:
        bo = await stage.joins("Bo")
        await bo.edit("1 and two three and 4")
        await ann.reads("1 and two three and 4")
    assert await ann.selected() == "1 and two| three and 4"
    await ann.types("!")
    assert await room.agreed() == "1 and two! three and 4"


async def test_after_the_dialog_typing_goes_on_where_the_caret_was(room: Room) -> None:
    async with Stage(room) as stage:
        bo = await stage.disagrees(("Saturday", "Sunday", "Friday"))
        await bo.goes_after("in the yard")
        await bo.page.keyboard.press("F8")
        await expect(bo.dialog).to_be_visible()
        await bo.types("  ")  # by a user who has not noticed it yet: decides nothing
        await bo.page.keyboard.press("Escape")
        await bo.types("!")
        await expect(bo.text).to_have_value(re.compile("on Friday, in the yard! behind"))
        await expect(bo.conflict).to_be_visible()
