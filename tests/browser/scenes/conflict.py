"""A conflict, its dialog, and conflicts that are put off."""

import re

from playwright.async_api import expect

from tests.browser.stage import LETTER, PARAGRAPH, Scene, Stage
from tests.browser.window import Window

_ONE = ("Saturday", "Sunday", "Friday evening")
_TWO = ("Jo and the band, from eight", "Jo alone, from nine", "records, from seven")
_THREE = ("- Drinks: Sam", "- Drinks: nobody yet", "- Drinks and ice: Sam")


async def conflict(stage: Stage) -> Window:
    return await stage.disagrees(_ONE)


async def conflict_in_many_places(stage: Stage) -> Window:
    return await stage.disagrees(_ONE, _TWO)


async def dialog(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE)
    await bo.opens_dialog()
    return bo


async def dialog_with_nothing_chosen_but_used(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.page.keyboard.press("Control+Enter")
    await expect(bo.dialog).to_contain_text("Choose a version first")
    return bo


async def dialog_with_yours(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Your version")
    return bo


async def dialog_with_both(stage: Stage) -> Window:
    tables = ("- Tables: who has a trailer?", "* Ann brings some", "+ Ask at school")
    bo = await stage.disagrees(tables)
    await bo.opens_dialog()
    await bo.chooses("Keep both")
    return bo


async def dialog_by_hand(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Write something else")
    await bo.result.fill("the first warm weekend")
    return bo


async def dialog_with_two_places(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE, _TWO)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Next conflict").click()
    return bo


async def dialog_with_long_texts(stage: Stage) -> Window:
    mine = PARAGRAPH.replace("sixty", "fifty").replace("The hall", "Our hall")
    anns = "Nobody can come in.\nThe hall is closed for good."
    bo = await stage.disagrees((PARAGRAPH, anns, mine), text=f"{LETTER}\n{PARAGRAPH}\n")
    await bo.opens_dialog()
    return bo


async def dialog_with_a_deletion(stage: Stage) -> Window:
    sentence = "If it rains we meet in the hall.\n"
    bo = await stage.disagrees((sentence, "", "If it snows we meet in the hall.\n"))
    await bo.opens_dialog()
    await bo.chooses("Ann’s version")
    return bo


async def dialog_while_the_other_types_on(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Ann’s version")
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Sunday at noon"))
    await expect(bo.dialog).to_contain_text("since you chose")
    return bo


async def dialog_of_a_conflict_that_is_gone(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Write something else")
    await bo.page.keyboard.insert_text("the first warm weekend")
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Friday evening"))
    await expect(bo.dialog).to_contain_text("both versions now match")
    return bo


async def dialog_with_three_questions(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE, _TWO, _THREE)
    await bo.opens_dialog()
    await bo.chooses("Your version")
    return bo


async def dialog_with_words_added_and_removed(stage: Stage) -> Window:
    mine = PARAGRAPH.replace("sixty people at most", "fifty people").replace("garden", "garden \t")
    anns = PARAGRAPH.replace("sixty people at most", "seventy").replace(
        "garden stay", "street stay"
    )
    bo = await stage.disagrees((PARAGRAPH, anns, mine), text=f"{LETTER}\n{PARAGRAPH}\n")
    await bo.opens_dialog()
    return bo


async def toast_after_a_decision(stage: Stage) -> Window:
    bo = await dialog_with_yours(stage)
    await bo.uses_this()
    await expect(bo.toast).to_be_visible()
    return bo


async def toast_after_deciding_later(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.dialog.get_by_role("button", name="Decide later").click()
    await expect(bo.toast).to_be_visible()
    await expect(bo.page.get_by_role("button", name="1 unresolved conflict")).to_be_visible()
    return bo


async def parked(stage: Stage) -> Window:
    bo = await toast_after_deciding_later(stage)
    await bo.page.get_by_role("button", name="1 unresolved conflict").click()
    await expect(bo.page.get_by_role("button", name="Review:")).to_be_visible()
    return bo


async def parked_and_reviewed(stage: Stage) -> Window:
    await toast_after_deciding_later(stage)
    cid = await stage.enters("Cid")
    await cid.page.get_by_role("button", name="1 unresolved conflict").click()
    await cid.page.get_by_role("button", name="Review:").click()
    await expect(cid.page.get_by_role("dialog", name=re.compile("version, "))).to_be_visible()
    return cid


async def parked_without_conflict(stage: Stage) -> Window:
    bo = await parked(stage)
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Saturday"))
    await bo.page.get_by_role("button", name="Review:").click()
    await expect(bo.page.get_by_role("button", name="Add to document")).to_be_visible()
    return bo


SCENES: tuple[Scene, ...] = (
    conflict,
    conflict_in_many_places,
    dialog,
    dialog_with_nothing_chosen_but_used,
    dialog_with_yours,
    dialog_with_both,
    dialog_by_hand,
    dialog_with_two_places,
    dialog_with_long_texts,
    dialog_with_a_deletion,
    dialog_while_the_other_types_on,
    dialog_of_a_conflict_that_is_gone,
    dialog_with_three_questions,
    dialog_with_words_added_and_removed,
    toast_after_a_decision,
    toast_after_deciding_later,
    parked,
    parked_and_reviewed,
    parked_without_conflict,
)
