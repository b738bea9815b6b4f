"""Find and replace in the text, line numbers, and links to lines and headings."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.room import Room
from tests.browser.stage import Stage
from tests.browser.window import Window

# In view.
_IS_MARKED = """() => {
    const {top, bottom} = document.querySelector('#overlay .linked')?.getBoundingClientRect() ?? {};
    return 100 < top && bottom < 600;
}"""
_LINES = [f"line {number}: a cat and a dog\n" for number in range(1, 201)]


async def finds(window: Window, words: str) -> Locator:
    """Open the panel, look for some words, and return what it counts."""
    await window.page.keyboard.press("Control+Alt+F")
    field = window.page.get_by_label("Find", exact=True)
    await expect(field).to_be_focused()
    await field.fill(words)
    return window.page.locator("#find-count")


@pytest.mark.engines
async def test_find_and_replace_beside_somebody_who_types(room: Room) -> None:
    await room.begin("A cat, a Cat and a cattle.\nNo dog.\nThe last cat\n")
    ann = await room.enter("Ann")
    async with Stage(room) as stage:
        bo = await stage.joins("Bo")
        count = await finds(ann, "cat")
        await expect(count).to_have_text("1 of 4")
        await ann.page.get_by_role("button", name="Whole word").click()
        await ann.page.get_by_role("button", name="Match case").click()
        await expect(count).to_have_text("1 of 2")
        await ann.page.get_by_label("Find", exact=True).press("Enter")
        await expect(count).to_have_text("2 of 2")

        await bo.edit(bo.text.replace("No dog", "One cat and no dog"))
        await expect(count).to_have_text("3 of 3")  # the same match as before
        assert await ann.drawn(".found.current")
        await ann.page.get_by_label("Find", exact=True).press("Shift+Enter")
        await expect(count).to_have_text("2 of 3")
        assert "2 of 3: One cat and no dog." in await ann.announced()
        await ann.page.keyboard.press("Escape")
        assert await ann.has_focus()
        assert await ann.selected() == "cat"

        count = await finds(ann, r"(\w+) cat\b")
        await ann.page.get_by_role("button", name="Regular expression").click()
        await expect(count).to_have_text("3 of 3")
        await ann.page.get_by_label("Replace with").fill("cat of $1")
        await ann.page.get_by_role("button", name="Replace all").click()
        replaced = "cat of A, a Cat and a cattle.\ncat of One and no dog.\nThe cat of last\n"
        await ann.reads(replaced)
        await bo.edit(await ann.settled() + "The end.\n")
        await ann.reads(f"{replaced}The end.\n")
        await ann.page.get_by_role("button", name="Undo").click()  # one step, without Bo's
        await ann.reads("A cat, a Cat and a cattle.\nOne cat and no dog.\nThe last cat\nThe end.\n")
    await room.agreed()


async def test_an_expression_that_takes_forever_is_ended(room: Room) -> None:
    await room.begin("a" * 40 + "!\n")
    ann = await room.enter("Ann")
    await finds(ann, "(a+)+$")
    await ann.page.get_by_role("button", name="Regular expression").click()
    problem = ann.page.locator("#find-problem")
    await expect(problem).to_contain_text("takes too long")
    await finds(ann, "(a+")
    await expect(problem).to_contain_text("not a valid regular expression")
    count = await finds(ann, "a+")
    await expect(count).to_have_text("1 of 1")
    await expect(problem).to_be_empty()


@pytest.mark.engines
async def test_a_link_to_lines_and_headings_follows_the_text(room: Room) -> None:
    await room.begin("".join(_LINES) + "## What’s next?\n" + "the end\n" * 50)
    ann = await room.window("Ann", f"/d/{room.document}#L120-L121")
    await ann.settled()
    await ann.page.wait_for_function(_IS_MARKED)
    height = (await ann.drawn(".linked"))[3]
    assert "|line 120:" in await ann.selected()
    async with Stage(room) as stage:
        bo = await stage.joins("Bo")
        await bo.edit("Three\nnew\nlines\n" + bo.text)
        await ann.reads(bo.text)
        await expect(ann.page).to_have_url(re.compile("#L123-L124$"))
        assert (await ann.drawn(".linked"))[3] == height
    await ann.page.evaluate("location.hash = '#whats-next'")
    await expect(ann.text).to_be_focused()
    await ann.page.wait_for_function("document.getElementById('text').selectionStart > 5000")
    assert "|## What’s next?" in await ann.selected()
    await ann.page.evaluate("location.hash = '#L999'")
    await expect(ann.toast).to_contain_text("the text has 254 lines")

    await ann.page.keyboard.press("Control+Alt+G")
    field = ann.page.get_by_role("textbox", name="Line number")
    await field.fill("7:4000")
    await field.press("Enter")
    await expect(ann.page.get_by_role("dialog")).to_contain_text("line 7 has 23 characters")
    await field.fill("7:6")
    await field.press("Enter")
    await expect(field).to_be_hidden()
    assert await ann.has_focus()
    assert "line |4: a cat" in await ann.selected()
    await ann.opens_menu()
    await ann.page.get_by_role("button", name="Copy link to this line").click()
    await expect(ann.toast).to_contain_text("Copied a link to line 7.")


async def test_a_line_that_wraps_has_one_number(room: Room) -> None:
    await room.begin("first\n" + "a long line " * 40 + "\n\nfourth\n" + "x\n" * 300)
    ann = await room.enter("Ann")
    left = "area => getComputedStyle(area).paddingLeft"
    before = await ann.text.evaluate(left)
    await ann.opens_menu()
    await ann.page.get_by_role("button", name="Settings", exact=True).click()
    await ann.page.get_by_label("Line numbers").check()
    numbers = ann.page.locator("#overlay .number")
    await expect(numbers.first).to_have_text("1")
    assert (await numbers.all_text_contents())[:5] == ["1", "2", "3", "4", "5"]
    second, third = [(await ann.drawn(".number", nth))[1] for nth in (1, 2)]
    assert third - second > 60
    assert await ann.text.evaluate(left) == before
    await ann.text.evaluate("area => area.scrollTop = area.scrollHeight")
    await expect(numbers.last).to_have_text("305")
    assert await numbers.count() < 60
