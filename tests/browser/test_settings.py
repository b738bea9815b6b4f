"""The settings, the menu and the layout: what each changes, and that nothing is ever cut off."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.room import Room
from tests.browser.stage import Stage
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
    await window.opens_menu()
    await window.page.get_by_role("button", name="Settings", exact=True).click()
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
        await expect(page.locator("body")).to_have_css("background-color", "rgb(20, 23, 27)")
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
        " Every version is kept: see the history"
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


# --- the menu and the keys of the page


async def test_the_download_in_the_menu_has_the_text(room: Room) -> None:
    await room.begin("# Notes\r\n\r\nünïcödé 🎉\r\n")
    ann = await room.enter("Ann")
    await ann.goes_after("# Notes")
    await ann.types(" of today")
    await ann.opens_menu()
    async with ann.page.expect_download() as started:
        await ann.page.get_by_role("button", name=f"Download {room.document}.txt").click()
    download = await started.value
    assert download.suggested_filename == f"{room.document}.txt"
    saved = await asyncio.to_thread((await download.path()).read_bytes)
    assert saved.decode() == "# Notes of today\r\n\r\nünïcödé 🎉\r\n"
    await expect(ann.page.get_by_role("region", name="Menu")).to_be_hidden()
    assert f"Downloaded as {room.document}.txt." in await ann.announced()


async def test_control_s_says_whether_the_text_is_saved(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.types("Hello")
    await ann.settled()
    await ann.page.keyboard.press("Control+s")
    await expect(ann.toast).to_contain_text("Saved. Every change is saved as you type.")
    await ann.focused()
    ann.line.hold()
    await ann.types(" world")
    await expect(ann.status).to_have_text("Saving…")
    await ann.page.keyboard.press("Control+s")
    await expect(ann.toast).to_contain_text("Not saved yet")
    ann.line.release()
    assert await room.agreed() == "Hello world"


async def test_the_shortcuts_are_listed_by_key_and_in_the_menu(room: Room) -> None:
    ann = await room.enter("Ann")
    shortcuts = ann.page.get_by_role("region", name="Keyboard shortcuts")
    await ann.types("why?")
    await expect(shortcuts).to_be_hidden()
    await ann.page.keyboard.press("Control+/")
    await expect(shortcuts).to_contain_text("Review a conflict")
    await ann.page.keyboard.press("Escape")
    await expect(shortcuts).to_be_hidden()
    await ann.page.get_by_role("button", name="Share").focus()
    await ann.page.keyboard.press("?")
    await expect(shortcuts).to_be_visible()
    await ann.page.keyboard.press("Escape")
    await ann.opens_menu()
    await ann.page.get_by_role("button", name="Keyboard shortcuts").click()
    await expect(shortcuts).to_be_visible()
    assert await room.agreed() == "why?"


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
    await room.enter("Bo")
    await fits(ann.page)
    await ann.page.evaluate(_WIDE_SPACING)
    for button, name in (
        (("people here",), "people here"),
        (("Share",), "Share"),
        (("You:",), "Menu"),
        (("You:", "Settings"), "Settings"),
        (("You:", "Keyboard shortcuts"), "Keyboard shortcuts"),
    ):
        for one in button:
            await ann.page.get_by_role("button", name=one).click()
        panel = ann.page.get_by_role("region", name=name)
        await expect(panel).to_be_visible()
        assert await panel.evaluate("it => it.scrollWidth <= it.clientWidth"), name
        box = await panel.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        await ann.page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
    await fits(ann.page)


async def test_the_header_fits_at_every_width_and_never_wraps(room: Room) -> None:
    await room.begin("A title that is longer than any header has room for, and longer still\n")
    ann = await room.enter("Ann")
    buttons = ann.page.get_by_role("button", name=re.compile("^(Undo|Redo|Share|You:|7 people)"))
    async with Stage(room) as stage:
        for name in ("Bo", "Cid", "Eve", "Fay", "Gus", "Hal"):
            await stage.joins(name)
        await expect(buttons).to_have_count(5)
        for width in range(320, 1281, 120):
            await ann.page.set_viewport_size({"width": width, "height": 700})
            await fits(ann.page)
            header = await ann.page.locator("body > header").bounding_box()
            assert header
            assert header["height"] == 48
            for button in await buttons.all():
                await expect(button).to_be_in_viewport(ratio=1)
            for part in ("#title", "#state-text"):
                await expect(ann.page.locator(part)).to_be_in_viewport(ratio=1)


async def test_nothing_in_the_header_moves_when_people_come_and_states_change(room: Room) -> None:
    ann = await room.enter("Ann")
    places = """() => [...document.querySelectorAll('#state, #undo, #redo, #share-button, #me')]
        .map(it => it.getBoundingClientRect().left)"""
    before = await ann.page.evaluate(places)
    async with Stage(room) as stage:
        for name in ("Bo", "Cid", "Eve", "Fay", "Gus", "Hal"):
            await stage.joins(name)
        await expect(ann.faces).to_have_accessible_name(re.compile("^7 people"))
        assert await ann.page.evaluate(places) == before
    await ann.types("A title as long as this one")
    ann.loses_connection()
    await expect(ann.status).to_have_text("Offline")
    assert await ann.page.evaluate(places) == before


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
    width = "it => parseFloat(getComputedStyle(it).borderTopWidth)"
    for name in ("Share", "Undo", "Redo", "You:"):
        button = ann.page.get_by_role("button", name=name)
        assert await button.evaluate(width) > 0
    assert await ann.page.locator("#own-face").evaluate(width) > 0
    await ann.text.focus()
    assert await ann.text.evaluate(width) >= 2


@pytest.mark.parametrize("state", ["saved", "busy", "offline", "conflict", "unsaved"])
async def test_the_tab_shows_a_state_by_its_icon(room: Room, state: str) -> None:
    ann = await room.enter("Ann")
    shown = await ann.page.evaluate(
        """async (state) => {
            const { showInTab } = await import('/static/ui/favicon.js');
            showInTab(state, 'notes');
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
    pictures = f"{bo.line.url}/static/pages/"
    await expect(bo.page).to_have_title("Hello world! – GollabEdit")
    await expect(icon).to_have_js_property("href", f"{pictures}favicon.svg")
    bo.line.hold()
    await ann.writes_over("world", "people")
    await ann.settled()
    await bo.writes_over("world", "friends")
    await expect(icon).to_have_js_property("href", f"{pictures}favicon-busy.svg")
    bo.line.release()
    await expect(bo.page).to_have_title("● Conflict – Hello friends! – GollabEdit")
    await expect(icon).to_have_js_property("href", f"{pictures}favicon-conflict.svg")
    bo.loses_connection()
    await expect(bo.page).to_have_title("● Offline – Hello friends! – GollabEdit")
    await expect(icon).to_have_js_property("href", f"{pictures}favicon-offline.svg")
    await bo.reconnects()
    await expect(icon).to_have_js_property("href", f"{pictures}favicon-conflict.svg")


async def test_the_authors_are_shown_beside_their_lines(room: Room) -> None:
    ann, bo = await room.pair("The first line.\n")
    await ann.page.keyboard.press("Control+End")
    await ann.types("The second one.\n")
    await bo.reads("The first line.\nThe second one.\n")
    await opens_settings(bo)
    await bo.page.get_by_label("Show authors").check()
    await bo.page.keyboard.press("Escape")
    stripes = bo.page.locator("#stripes i")
    await expect(stripes).to_have_count(2)
    assert await stripes.evaluate_all("all => all.map(it => it.title)") == ["Scribe", "Ann"]
    authors = bo.page.get_by_role("list", name="Authors by line").get_by_role("listitem")
    await expect(authors).to_have_text(["Scribe: line 1", "Ann: line 2"])

    await bo.goes_after("The second one.\n")
    await bo.types("Mine.")
    await expect(authors).to_have_text(["Scribe: line 1", "Ann: line 2", "Bo: line 3"])
    await opens_settings(bo)
    await bo.page.get_by_label("Show authors").uncheck()
    await expect(bo.page.locator("#stripes")).to_be_hidden()
