"""The history of a document."""

from playwright.async_api import expect

from tests.browser.stage import LETTER, Scene, Stage
from tests.browser.window import Window


async def history(stage: Stage) -> Window:
    """A named version, with a change of each kind."""
    await stage.room.begin(LETTER)
    await stage.names("First draft")
    ann = await stage.joins("Ann")
    text = LETTER.replace("Saturday", "Sunday").replace("If it rains we meet in the hall.\n", "")
    await ann.edit(text)
    await ann.edit(text.replace("- Music", "- Food: everybody\n- Music"))
    await stage.names("Sent to the board", note="As discussed on the phone")
    await ann.edit(ann.text.replace("forty", "sixty"))
    return await stage.looks_back("/sent-to-the-board")


async def history_of_all_versions(stage: Stage) -> Window:
    """On a phone their list is a sheet."""
    bo = await history(stage)
    sheet = bo.page.get_by_role("button", name="Versions")
    if await sheet.is_visible():
        await sheet.click()
    return bo


async def history_of_two_versions(stage: Stage) -> Window:
    bo = await history(stage)
    await bo.page.get_by_label("Compared with").select_option("now")
    await expect(bo.page.locator("#past-title")).to_contain_text("to now")
    await bo.page.get_by_role("button", name="Bring this back").click()
    await expect(bo.page.locator("#past-note")).to_contain_text("Everyone sees it")
    return bo


async def history_while_played(stage: Stage) -> Window:
    bo = await history(stage)
    await bo.page.get_by_role("button", name="Play").click()
    await bo.page.get_by_role("slider", name="Time within the version").press("End")
    return bo


async def history_while_naming(stage: Stage) -> Window:
    bo = await history_of_all_versions(stage)
    await bo.page.get_by_role("button", name="Change name or note").click()
    return bo


async def history_while_restoring(stage: Stage) -> Window:
    bo = await history(stage)
    await bo.page.get_by_role("button", name="Restore this version").click()
    return bo


SCENES: tuple[Scene, ...] = (
    history_of_all_versions,
    history_of_two_versions,
    history_while_played,
    history_while_naming,
    history_while_restoring,
)
