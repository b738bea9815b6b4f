"""What keeps a text from being saved or opened, and text that an earlier visit left unsent."""

from playwright.async_api import expect

from tests.browser.stage import LETTER, PLAIN, Scene, Stage
from tests.browser.window import Window


async def slow(stage: Stage) -> Window:
    bo = await stage.enters()
    bo.line.hold()
    await bo.page.keyboard.insert_text("typed and not yet there")
    await expect(bo.status).to_have_text("Saving…")
    return bo


async def offline(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    bo.loses_connection()
    await bo.goes_after("in the hall.")
    await bo.page.keyboard.insert_text(" Bring cake.")
    await expect(bo.notice).to_contain_text("Reconnecting in")
    return bo


async def started_offline(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    return await stage.starts_offline()


async def landing_offline(stage: Stage) -> Window:
    bo = await started_offline(stage)
    await bo.page.get_by_role("link", name="Home").click()
    await expect(bo.page.get_by_role("link", name="Dear neighbours")).to_be_visible()
    return bo


async def not_kept(stage: Stage) -> Window:
    bo = await started_offline(stage)
    await bo.page.goto(f"{bo.line.url}/d/another-document")
    await expect(bo.page.get_by_role("link", name="Dear neighbours")).to_be_visible()
    return bo


async def too_large(stage: Stage) -> Window:
    bo = await stage.enters()
    await bo.page.keyboard.insert_text("Too many words. " * 80_000)
    await expect(bo.notice).to_contain_text("too large")
    return bo


async def turned_away(stage: Stage) -> Window:
    bo = await stage.opens(PLAIN)
    await bo.page.route_web_socket("**/ws/**", lambda socket: socket.close(code=4404))
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}")
    await expect(bo.notice).to_contain_text("doesn’t exist")
    return bo


async def unsent_text_offered(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    return await stage.comes_back("If it rains", "Bring cake, and umbrellas. ")


async def unsent_text_shown(stage: Stage) -> Window:
    bo = await unsent_text_offered(stage)
    await bo.notice.get_by_role("button", name="Review").click()
    return bo


async def unsent_text_to_be_discarded(stage: Stage) -> Window:
    bo = await unsent_text_shown(stage)
    await bo.page.get_by_role("button", name="Discard").click()
    return bo


async def unsent_text_merged(stage: Stage) -> Window:
    bo = await unsent_text_shown(stage)
    await bo.page.get_by_role("button", name="Merge").click()
    await expect(bo.toast).to_contain_text("was merged")
    return bo


SCENES: tuple[Scene, ...] = (
    slow,
    offline,
    started_offline,
    landing_offline,
    not_kept,
    too_large,
    turned_away,
    unsent_text_offered,
    unsent_text_shown,
    unsent_text_to_be_discarded,
    unsent_text_merged,
)
