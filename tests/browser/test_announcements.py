"""Important events are announced to screen readers, each once; single edits are not."""

from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.stage import Stage


async def test_what_is_written_and_saved_is_not_announced_only_who_came(room: Room) -> None:
    bo = await room.enter("Bo")
    ann = await room.enter("Ann")
    await expect(bo.page.locator("#announcement")).to_contain_text("Ann")
    await expect(ann.page.locator("#announcement")).to_contain_text("Bo")
    for words in ("one ", "two ", "three "):
        await ann.types(words)
        await bo.reads(await ann.settled())
        await bo.goes_before("one")
        await bo.types("Bo's ")
        await room.agreed()
    assert await bo.announced() == ["Ann joined."]
    assert await ann.announced() == ["Bo is here."]


async def test_a_conflict_is_announced_once_however_it_changes(room: Room) -> None:
    async with Stage(room) as stage:
        bo = await stage.disagrees(("Saturday", "Sunday", "Friday"))
        await bo.goes_after("in the hall.")
        await bo.types(" Bring cake.")
        await stage.ann.edit(stage.ann.text.replace("Sunday", "Sunday at noon"))
        await bo.opens_dialog()
        await expect(bo.dialog).to_contain_text("Sunday at noon")
        await bo.page.keyboard.press("Escape")
        said = [words for words in await bo.announced() if "same words" in words]
        assert len(said) == 1, said


async def test_that_the_line_is_lost_and_found_is_announced_once(room: Room) -> None:
    bo = await room.enter("Bo")
    bo.loses_connection()
    for words in ("one ", "two "):
        await bo.types(words)
        await expect(bo.status).to_contain_text("Offline")
    advice = "You’re offline. Keep typing: your text is stored on this device."
    assert await bo.announced() == [advice]
    await bo.reconnects()
    await bo.settled()
    assert await bo.announced() == ["Back online."]
