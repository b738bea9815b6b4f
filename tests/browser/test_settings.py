"""The settings and the layout: what each setting changes, and that nothing is ever cut off."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.room import Room
from tests.browser.window import Window

_SMALL = {"viewport": {"width": 320, "height": 640}}
_ZOOMED = {"viewport": {"width": 320, "height": 256}}  # 1280 by 1024 pixels at 400 %
_PHONE = {
    "viewport": {"width": 390, "height": 780},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}

# The text spacing of WCAG 1.4.12.
_WIDE_SPACING = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
}"""


async def opens_settings(window: Window) -> None:
    await window.page.get_by_role("button", name="Settings").click()
    await expect(window.page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()


async def chooses(window: Window, setting: str, choice: str) -> None:
    await window.page.get_by_label(setting, exact=True).select_option(label=choice)


async def style_of(window: Window, what: str) -> Any:
    return await window.text.evaluate("(area, what) => getComputedStyle(area)[what]", what)


async def test_what_is_chosen_applies_at_once_and_lasts(room: Room) -> None:
    await room.begin("a long line " * 100)
    ann = await room.enter("Ann", color_scheme="light")
    size = await style_of(ann, "fontSize")
    await opens_settings(ann)
    await chooses(ann, "Theme", "Dark")
    await chooses(ann, "Font", "Sans-serif")
    await chooses(ann, "Text size", "Large")
    await ann.page.get_by_label("Wrap long lines").uncheck()
    await ann.page.get_by_label("Check spelling").uncheck()
    for _ in ("at once", "after a reload"):
        assert await style_of(ann, "color") == "rgb(230, 232, 235)"
        assert "sans-serif" in await style_of(ann, "fontFamily")
        assert await style_of(ann, "fontSize") > size
        assert await ann.text.evaluate("area => area.scrollWidth > area.clientWidth")
        assert not await ann.text.evaluate("area => area.spellcheck")
        await ann.page.reload()
        await ann.settled()
    await opens_settings(ann)
    await expect(ann.page.get_by_label("Theme")).to_have_value("dark")
    await ann.page.get_by_role("button", name="Reset to defaults").click()
    await expect(ann.page.get_by_label("Theme")).to_have_value("system")
    assert await style_of(ann, "fontSize") == size
    assert await ann.text.evaluate("area => area.scrollWidth === area.clientWidth")


async def test_all_tabs_of_the_browser_follow(room: Room) -> None:
    ann = await room.enter("Ann", color_scheme="light")
    second = room.watch(Window(await ann.context.new_page(), ann.line))
    await second.page.goto(ann.page.url)
    landing = await ann.context.new_page()
    await landing.goto(f"{ann.line.url}/")
    await opens_settings(ann)
    await chooses(ann, "Theme", "Dark")
    await chooses(ann, "Text size", "Very large")
    for page in (second.page, landing):
        await expect(page.locator("body")).to_have_css("background-color", "rgb(21, 24, 28)")
    await expect(second.text).to_have_css("font-size", "26px")
    await expect(second.page.locator("[name=size]")).to_have_value("huge")


async def test_tab_leaves_the_text_unless_it_is_to_insert_a_tab(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.page.keyboard.press("Tab")
    assert not await ann.has_focus()
    await opens_settings(ann)
    await chooses(ann, "Tab key", "Inserts a tab")
    await ann.page.keyboard.press("Escape")
    await expect(ann.text).to_have_accessible_description(
        "Tab inserts a tab. Press Escape, then Tab, to leave the editor."
        " Every saved version is in Git"
    )
    await ann.text.focus()
    await ann.types("a\tb")
    await ann.page.keyboard.press("Shift+Tab")
    assert not await ann.has_focus()
    await ann.text.focus()
    await ann.page.keyboard.press("Escape")
    await ann.page.keyboard.press("Tab")
    assert not await ann.has_focus()
    await ann.text.focus()
    await ann.page.keyboard.press("Escape")
    await ann.types("c\t")  # a key in between: Escape is forgotten
    assert await room.agreed() == "a\tbc\t"


async def test_without_storage_the_settings_last_as_long_as_the_page(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new Error('switched off') } }"
    )
    await opens_settings(ann)
    await chooses(ann, "Text size", "Large")
    await expect(ann.text).to_have_css("font-size", "20px")
    await expect(ann.page.locator("#announcement")).to_contain_text("can’t save settings")


# --- the layout


async def fits(page: Page) -> None:
    """Check that the page does not scroll horizontally."""
    wide = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], wide


@pytest.mark.parametrize("path", ["/", "/nowhere", "/d/My Notes with a long name"])
async def test_the_pages_need_no_scrolling_sideways(room: Room, path: str) -> None:
    for options in (_SMALL, _ZOOMED):
        ann = await room.window("Ann", "/", **options)
        ann.excuses("404")
        await ann.page.goto(ann.line.url + path)
        await fits(ann.page)
        await ann.page.evaluate(_WIDE_SPACING)
        await fits(ann.page)


@pytest.mark.parametrize("options", [_SMALL, _ZOOMED], ids=["small", "zoomed"])
async def test_a_document_and_its_panels_need_no_scrolling_sideways(
    room: Room, options: dict[str, Any]
) -> None:
    ann = await room.enter("Ann", **options)
    await fits(ann.page)
    await ann.page.evaluate(_WIDE_SPACING)
    for name in ("Settings", "Share"):
        await ann.page.get_by_role("button", name=name).click()
        panel = ann.page.get_by_role("region", name=name)
        await expect(panel).to_be_visible()
        assert await panel.evaluate("it => it.scrollWidth <= it.clientWidth"), name
        box = await panel.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        await ann.page.keyboard.press("Escape")
    await fits(ann.page)


async def test_the_header_fits_at_every_width(room: Room) -> None:
    ann = await room.enter("Ann")
    for width in range(320, 1281, 120):
        await ann.page.set_viewport_size({"width": width, "height": 700})
        await fits(ann.page)
        for name in ("Undo", "Pause", "Settings", "Share"):
            await expect(ann.page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)


async def test_on_a_phone_the_text_has_most_of_the_screen(room: Room) -> None:
    await room.begin("Hello world!")
    ann = await room.enter("Ann", **_PHONE)
    for height in (780, 420):  # without and with a keyboard
        await ann.page.set_viewport_size({"width": 390, "height": height})
        box = await ann.text.bounding_box()
        assert box
        assert box["height"] >= 0.7 * height
    for name in ("Undo", "Redo"):
        button = ann.page.get_by_role("button", name=name, exact=True)
        await expect(button).to_be_in_viewport()
        box = await button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 32


async def test_at_400_percent_the_text_has_the_window_and_the_rest_scrolls(room: Room) -> None:
    await room.begin("line\n" * 50)
    ann = await room.enter("Ann", **_ZOOMED)
    await ann.goes_after("line\nline\n")
    await ann.text.scroll_into_view_if_needed()
    box = await ann.text.bounding_box()
    assert box
    assert box["height"] >= 250
    await ann.page.evaluate("scrollTo(0, 0)")
    await expect(ann.page.get_by_role("button", name="Share")).to_be_in_viewport()


async def test_paper_gets_the_whole_text_and_nothing_else(room: Room) -> None:
    text = "\n".join(f"line {number}" for number in range(300))
    await room.begin(text)
    ann = await room.enter("Ann", color_scheme="dark")
    await ann.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await ann.page.emulate_media(media="print")
    printed = ann.page.locator("#printed")
    assert await printed.text_content() == text
    await expect(printed).to_have_css("color", "rgb(0, 0, 0)")
    await expect(ann.page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    for part in ("header", "main", "footer"):
        await expect(ann.page.locator(f"body > {part}")).to_be_hidden()
    assert await printed.evaluate("it => it.clientHeight > 300 * 14")
    await ann.page.emulate_media(media="screen")
    await expect(printed).to_be_hidden()
    await ann.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert await printed.text_content() == ""


async def test_what_only_a_background_showed_has_a_border_in_forced_colours(room: Room) -> None:
    ann = await room.enter("Ann", forced_colors="active")
    for name in ("Settings", "Share", "Undo", "Redo"):
        button = ann.page.get_by_role("button", name=name, exact=True)
        assert await button.evaluate("it => parseFloat(getComputedStyle(it).borderTopWidth)") > 0
    width = "it => parseFloat(getComputedStyle(it).borderTopWidth)"
    await ann.text.focus()
    assert await ann.text.evaluate(width) >= 2


@pytest.mark.parametrize("state", ["saved", "busy", "offline", "conflict", "unsaved"])
async def test_the_tab_shows_a_state_by_its_icon(room: Room, state: str) -> None:
    ann = await room.enter("Ann")
    shown = await ann.page.evaluate(
        """async (state) => {
            const { showState } = await import('/static/ui/favicon.js');
            showState(state, 'notes');
            const {title} = document;  // the page's own state may follow
            const icon = document.querySelector('link[rel=icon]');
            const response = await fetch(icon.href);
            return [response.status, await response.text(), title];
        }""",
        state,
    )
    assert shown[0] == 200
    assert shown[1].startswith("<svg")
    assert shown[2].endswith("notes – GollabEdit")


async def test_title_and_icon_follow_the_text(room: Room) -> None:
    ann, bo = await room.pair("Hello world!")
    icon = bo.page.locator("link[rel=icon]")
    await expect(bo.page).to_have_title(f"{room.document} – GollabEdit")
    await expect(icon).to_have_attribute("href", "/static/pages/favicon.svg")
    bo.line.hold()
    await ann.writes_over("world", "people")
    await ann.settled()
    await bo.writes_over("world", "friends")
    await expect(icon).to_have_attribute("href", "/static/pages/favicon-busy.svg")
    bo.line.release()
    await expect(bo.page).to_have_title(f"● Conflict – {room.document} – GollabEdit")
    await expect(icon).to_have_attribute("href", "/static/pages/favicon-conflict.svg")
    bo.loses_connection()
    await expect(bo.page).to_have_title(f"● Offline – {room.document} – GollabEdit")
    await expect(icon).to_have_attribute("href", "/static/pages/favicon-offline.svg")
    await bo.reconnects()
    await expect(icon).to_have_attribute("href", "/static/pages/favicon-conflict.svg")
