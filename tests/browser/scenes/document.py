"""The page of a document: its text, the people here, and its panels."""

import json

from playwright.async_api import expect

from tests.browser.stage import LETTER, PARAGRAPH, PLAIN, Scene, Stage
from tests.browser.window import Window


async def document_empty(stage: Stage) -> Window:
    return await stage.enters()


async def document_of_a_guest_who_is_asked(stage: Stage) -> Window:
    """A guest is not alone: who they are, and a question for their name."""
    await stage.room.begin(LETTER)
    guest = await stage.enters("Guest 412")
    await stage.joins("Ann")
    await expect(guest.page.get_by_role("form", name="Your name")).to_contain_text("Ann joined.")
    return guest


async def document_with_two_who_type(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await stage.stands(await stage.joins("Ann"), "Drinks")
    await bo.goes_after("who has a trailer?")
    await bo.page.keyboard.insert_text(" Bo, from noon on.")
    await bo.settled()
    await expect(bo.people).to_contain_text("line 7")
    return bo


async def document_with_people_in_the_text(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.goes_after("who has a trailer?")
    await stage.selects(await stage.joins("Ann"), "Saturday, in the yard behind number 12. Bring a")
    await stage.stands(await stage.joins("Chloé"), "Sam, who")
    await stage.stands(await stage.joins("Dmitri"), "If it rains")
    await stage.stands(await stage.joins("مريم"), "If it rains")
    await stage.stands(await stage.joins("Guest 412"), "Dear")
    await expect(bo.people.locator("li")).to_have_count(6)
    # In a small window only some of the people are in view.
    await expect(bo.page.locator("#overlay .caret:visible").first).to_be_visible()
    return bo


async def document_with_many_people(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    long_name = "Wilhelmina Featherstonehaugh-Cholmondeley of Marjoribanks House"
    for name in ("Ann", "Chloé", "小林", "Dmitri", "Guest 412", "Guest 97", "مريم", long_name):
        await stage.stands(await stage.joins(name), "Music")
    await expect(bo.people.locator("li")).to_have_count(9)
    await expect(bo.people.get_by_label("House, line 6")).to_be_attached()
    return bo


async def document_with_the_list_of_people(stage: Stage) -> Window:
    bo = await document_with_many_people(stage)
    await bo.faces.click()
    return bo


async def document_while_paused(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    ann = await stage.joins("Ann")
    await bo.faces.click()
    await bo.page.get_by_role("button", name="Hold their changes").click()
    await bo.page.keyboard.press("Escape")
    await ann.edit(LETTER.replace("Saturday", "Sunday"))
    await expect(bo.status).to_have_text("On hold · 1")
    return bo


async def document_with_menu(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.opens_menu()
    return bo


async def document_while_renaming(stage: Stage) -> Window:
    bo = await document_with_menu(stage)
    await bo.page.get_by_role("button", name="Change name").click()
    return bo


async def document_with_shortcuts(stage: Stage) -> Window:
    bo = await document_with_menu(stage)
    await bo.page.get_by_role("button", name="Keyboard shortcuts").click()
    return bo


async def document_while_sharing(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.page.get_by_role("button", name="Share").click()
    return bo


async def document_with_settings(stage: Stage) -> Window:
    bo = await document_with_menu(stage)
    await bo.page.get_by_role("button", name="Settings", exact=True).click()
    return bo


async def document_in_large_letters_without_wrapping(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.opens(PLAIN)
    chosen = json.dumps({"font": "proportional", "size": "huge", "wrap": False})
    await bo.page.evaluate("it => localStorage.setItem('gollabedit.settings', it)", chosen)
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}")
    await bo.settled()
    return bo


async def document_with_words_found(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.page.keyboard.press("Control+Alt+F")
    await bo.page.get_by_role("button", name="Regular expression").click()
    await bo.page.get_by_label("Find", exact=True).fill(r"\bt?he\w*")
    await expect(bo.page.locator("#find-count")).to_contain_text("1 of")
    return bo


async def document_with_line_numbers(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {PARAGRAPH}" for n in range(1, 60)))
    bo = await stage.opens(PLAIN)
    chosen = json.dumps({"lines": True, "authors": True})
    await bo.page.evaluate("it => localStorage.setItem('gollabedit.settings', it)", chosen)
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}#L99-L101")
    await bo.settled()
    await expect(bo.page.locator("#overlay .linked")).to_be_visible()
    await expect(bo.page.locator("#overlay .number").first).to_be_visible()
    return bo


async def document_while_going_to_a_line(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.page.keyboard.press("Control+Alt+G")
    await bo.page.get_by_role("textbox", name="Line number").fill("12:5")
    await bo.page.get_by_role("button", name="Go").click()
    await expect(bo.page.locator("#line-problem")).not_to_be_empty()
    return bo


async def document_on_paper(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {PARAGRAPH}" for n in range(1, 6)))
    bo = await stage.enters()
    await bo.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await bo.page.emulate_media(media="print")
    return bo


async def document_long_and_scrolled(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {PARAGRAPH}" for n in range(1, 60)))
    bo = await stage.enters()
    await bo.goes_after("40. The hall")
    await bo.types("s")
    await bo.settled()
    return bo


SCENES: tuple[Scene, ...] = (
    document_empty,
    document_with_two_who_type,
    document_with_people_in_the_text,
    document_with_many_people,
    document_with_the_list_of_people,
    document_while_paused,
    document_of_a_guest_who_is_asked,
    document_with_menu,
    document_while_renaming,
    document_with_shortcuts,
    document_while_sharing,
    document_with_settings,
    document_in_large_letters_without_wrapping,
    document_long_and_scrolled,
    document_with_words_found,
    document_with_line_numbers,
    document_while_going_to_a_line,
)
