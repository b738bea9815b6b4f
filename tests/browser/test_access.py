"""Every state of the pages is accessible: to the eye, to screen readers, by keys, at every size."""

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from tests.browser.access import ALL, COLORS, scrolls_sideways, unreached, violations
from tests.browser.room import Room
from tests.browser.scenes import CLOSED_SCENES, SCENES
from tests.browser.stage import Scene, Stage
from tests.browser.window import Window

_DESK = ViewportSize(width=1100, height=720)
_PHONE = ViewportSize(width=320, height=640)
_ZOOMED = ViewportSize(width=320, height=256)  # 1280 by 1024 at 400 %


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_in_every_state_nobody_is_kept_out(room: Room, scene: Scene) -> None:
    await check(room, scene)


@pytest.mark.parametrize("scene", CLOSED_SCENES, ids=lambda scene: scene.__name__)
async def test_nobody_is_kept_out_where_people_sign_in(closed_room: Room, scene: Scene) -> None:
    await check(closed_room, scene)


async def check(room: Room, scene: Scene) -> None:
    """Check that a state is accessible in every size and colour scheme."""
    # Without the fading of names, whose colours have too little contrast on their way.
    look = {"viewport": _DESK, "color_scheme": "light", "reduced_motion": "reduce"}
    async with Stage(room, **look) as stage:
        page = (await scene(stage)).page
        problems = [f"{_DESK}: {it}" for it in await violations(page, ALL)]
        await page.set_viewport_size(_PHONE)
        problems += [f"{_PHONE}: {it}" for it in await violations(page, ALL)]
        # In this order, as every change of size or colours draws the page anew.
        await page.emulate_media(color_scheme="dark")
        problems += [f"{_PHONE}, dark: {it}" for it in await violations(page, COLORS)]
        problems += await scrolls_sideways(page, _ZOOMED)
        await page.set_viewport_size(_DESK)
        problems += [f"{_DESK}, dark: {it}" for it in await violations(page, COLORS)]
        await page.emulate_media(forced_colors="active")
        problems += await scrolls_sideways(page, _DESK)
        problems += await scrolls_sideways(page, _PHONE)
        problems += await unreached(page)
        assert not problems, "\n".join(problems)


async def tab_to(window: Window, aim: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus, within a limited number of stops."""
    for _ in range(30):
        await window.page.keyboard.press(key)
        if await aim.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not come to {aim}")


@pytest.mark.engines
async def test_from_the_landing_page_to_a_shared_text_by_keys_alone(room: Room) -> None:
    await room.begin("Hello.\n")
    bo = await room.window("Bo", "/")
    page, keyboard = bo.page, bo.page.keyboard
    await tab_to(bo, page.get_by_label("Document name or link"))
    await bo.types(room.document)
    await keyboard.press("Enter")
    await bo.reads("Hello.\n")
    await keyboard.press("Control+End")
    await bo.types("I am Bo.")

    share = page.get_by_role("button", name="Share")
    await tab_to(bo, share, "Shift+Tab")
    await keyboard.press("Enter")
    link = page.get_by_role("textbox", name="Link", exact=True)
    await tab_to(bo, link)
    await keyboard.press("Escape")
    await expect(link).to_be_hidden()
    await tab_to(bo, page.get_by_role("button", name="You:"))
    await keyboard.press("Space")
    await tab_to(bo, page.get_by_role("button", name="Change name"))
    await keyboard.press("Enter")
    await bo.types("Robert")
    await keyboard.press("Enter")
    await expect(page.get_by_role("button", name="You: Robert")).to_be_visible()

    await bo.focused()
    await bo.types(" And you?")
    assert await room.agreed() == "Hello.\nI am Bo. And you?"
