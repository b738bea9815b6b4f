"""The others in the text: their carets and names, and the regions of a conflict."""

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.room import Room
from tests.browser.stage import Stage
from tests.browser.window import Window

_HARD = (
    "Plain\n\ttabs\there\t and\tthere\n\n"
    + "a long line that wraps " * 20
    + "\nemoji 👩‍👩‍👧 🎉🎉 flags 🇩🇪 and e\u0301 combine\u0308d, fi ffi\n"
    + "שלום עולם, זה טקסט ארוך " * 8
    + "mixed 12 שלום\nمرحبا بالعالم abc\ntrailing blanks"
    + " " * 200
    + "\nthen\n"
    + "x" * 300
    + "\n"
    + " " * 150
    + "\n日本語のテキスト" * 20
    + "\n\n\n"
)

# Compares the geometry with Chromium's own ranges at every visible character. For an empty line
# those are wrong, and the line height is the measure.
_COMPARE = """async (area, top) => {
    const {Geometry} = await import('/static/editor/geometry.js');
    const geometry = new Geometry(area, document.getElementById('overlay'));
    area.scrollTop = top;
    const {start, end} = geometry.view();
    const {left, top: up} = area.getBoundingClientRect();
    const wrong = [];
    let compared = 0;
    for (let at = start; at <= end; at++) {
        const {x, y, height} = geometry.caretAt(at);
        const isBlank = (at === 0 || area.value[at - 1] === '\\n')
            && (at === area.value.length || area.value[at] === '\\n');
        if (/[\\udc00-\\udfff]/.test(area.value[at] ?? '')) continue;
        let there;
        if (isBlank) {
            const before = geometry.caretAt(at - 1);
            there = {left: left + parseFloat(getComputedStyle(area).paddingLeft) - area.scrollLeft,
                top: up + before.y + parseFloat(getComputedStyle(area).lineHeight)};
        } else there = area.createValueRange(at, at).getBoundingClientRect();
        compared++;
        if (Math.abs(there.left - left - x) > 1 || Math.abs(there.top - up - y) > 1)
            wrong.push([at, area.value.slice(at - 5, at + 5), x, y, there]);
    }
    return {wrong, compared};
}"""


def caret(window: Window, name: str) -> Locator:
    """Return a user's caret, if it is visible."""
    return window.page.locator("#overlay .caret:visible", has_text=name)


async def character(window: Window, words: str) -> dict[str, float]:
    """Return where some words start on the screen, according to the browser itself."""
    found: dict[str, float] = await window.text.evaluate(
        """(area, words) => {
            const at = area.value.indexOf(words);
            const {left, top} = area.createValueRange(at, at).getBoundingClientRect();
            return {left, top};
        }""",
        words,
    )
    return found


async def stands_at(caret: Locator, place: dict[str, float]) -> None:
    """Wait until the caret is at a place."""
    await expect(caret).to_be_visible()
    await caret.page.wait_for_function(
        """([caret, {left, top}]) => {
            const box = caret.getBoundingClientRect();
            return Math.abs(box.left + 1 - left) < 2 && Math.abs(box.top - top) < 2;
        }""",
        arg=[await caret.element_handle(), place],
    )


@pytest.mark.parametrize(
    "setup",
    [
        "",
        "area.wrap = 'off'",
        "area.style.font = '19px/1.4 sans-serif'",
        "area.style.letterSpacing = '1.5px'; area.style.wordSpacing = '3px'",
        "area.style.flex = 'none'; area.style.width = '433.3px'",
    ],
)
async def test_every_character_is_found_where_the_browser_shows_it(room: Room, setup: str) -> None:
    await room.begin(_HARD * 3)
    ann = await room.enter("Ann")
    await ann.text.evaluate(f"area => {{ {setup} }}")
    compared = 0
    for top in (0, 333, 1111, 10**6):
        result: dict[str, Any] = await ann.text.evaluate(_COMPARE, top)
        assert result["wrong"] == []
        compared += result["compared"]
    assert compared > 500


async def test_a_caret_stands_where_it_is_and_its_name_fades(room: Room) -> None:
    ann, bo = await room.pair("one\ntwo\n\nthree four\n")
    await bo.goes_before("four")
    await stands_at(caret(ann, "Bo"), await character(ann, "four"))
    name = caret(ann, "Bo").locator(".name")
    await expect(name).to_have_css("opacity", "1")
    await expect(name).to_have_css("opacity", "0")
    await expect(caret(ann, "Bo").locator(".initial")).to_have_text("B")


async def test_a_caret_moves_with_what_is_typed_before_it_and_shows_no_name_for_that(
    room: Room,
) -> None:
    ann, bo = await room.pair("one two three\n")
    await bo.goes_before("three")
    name = caret(ann, "Bo").locator(".name")
    await expect(name).to_have_css("opacity", "0")
    await caret(ann, "Bo").evaluate(
        """caret => new MutationObserver(() => {
            if (caret.classList.contains('moved')) caret.dataset.named = 'again';
        }).observe(caret, {attributeFilter: ['class']})"""
    )
    bo.line.hold()  # so that he sends no new position
    await ann.goes_before("two")
    await ann.types("and 🎉 ")
    await stands_at(caret(ann, "Bo"), await character(ann, "three"))
    await expect(caret(ann, "Bo")).not_to_have_attribute("data-named", "again")
    bo.line.release()
    await bo.goes_before("two")
    await expect(caret(ann, "Bo")).to_have_attribute("data-named", "again")


async def test_what_somebody_selects_is_marked_line_by_line(room: Room) -> None:
    ann, bo = await room.pair("one\ntwo\nthree\n")
    await bo.selects("ne\ntwo\nth")
    marks = ann.page.locator("#overlay .selected")
    await expect(marks).to_have_count(3)
    left, *_ = await ann.drawn(".selected")
    assert abs(left - (await character(ann, "ne"))["left"]) < 2
    await bo.goes_after("two")
    await expect(marks).to_have_count(0)


async def test_only_what_is_in_view_is_drawn_and_scrolling_brings_it(room: Room) -> None:
    ann, bo = await room.pair("".join(f"line {number}\n" for number in range(300)))
    await bo.goes_after("line 250")
    await expect(ann.people.get_by_label("Bo, line 251")).to_be_attached()
    await expect(caret(ann, "Bo")).to_have_count(0)
    await ann.text.evaluate("area => area.scrollTop = area.scrollHeight * 0.8")
    await expect(caret(ann, "Bo")).to_be_visible()
    await ann.text.evaluate("area => area.scrollTop = 0")
    await expect(caret(ann, "Bo")).to_have_count(0)


async def test_a_name_never_covers_the_line_of_the_own_caret(room: Room) -> None:
    ann, bo = await room.pair("one\ntwo\nthree\nfour\n")
    await ann.goes_after("two")
    await bo.goes_after("thr")
    await expect(ann.page.locator("#overlay .caret.below:visible")).to_have_count(1)
    await ann.goes_after("four")
    await expect(ann.page.locator("#overlay .caret.below:visible")).to_have_count(0)
    await expect(caret(ann, "Bo")).to_be_visible()


async def test_who_leaves_is_gone_from_the_text(room: Room) -> None:
    ann, bo = await room.pair("one two\n")
    await bo.goes_after("one")
    await expect(caret(ann, "Bo")).to_be_visible()
    await bo.page.close()
    room.windows.remove(bo)
    await expect(caret(ann, "Bo")).to_have_count(0)


async def test_the_overlay_is_in_nobodys_way(room: Room) -> None:
    ann, bo = await room.pair("one two three\n")
    await bo.goes_before("two")
    await stands_at(caret(ann, "Bo"), place := await character(ann, "two"))
    await ann.page.mouse.click(place["left"], place["top"] + 8)
    assert await ann.selected() == "one |two three\n"
    await expect(ann.page.locator("#overlay")).to_have_attribute("aria-hidden", "true")


async def test_what_a_conflict_is_about_is_underlined_until_it_is_over(room: Room) -> None:
    ann, bo = await room.pair("Meet on Monday at ten.\n")
    bo.line.hold()
    await ann.writes_over("Monday", "Tuesday")
    await bo.writes_over("Monday", "Friday")
    await ann.settled()
    bo.line.release()
    await expect(bo.conflict).to_be_visible()
    marks = bo.page.locator("#overlay .conflict-region")
    await expect(marks).to_have_count(1)
    left, *_ = await bo.drawn(".conflict-region")
    assert abs(left - (await character(bo, "Friday"))["left"]) < 2
    await bo.opens_dialog()
    await bo.chooses("Your version")
    await bo.uses_this()
    await expect(bo.notice).to_be_hidden()
    await expect(marks).to_have_count(0)


async def test_who_types_is_shown_and_who_comes_is_announced(room: Room) -> None:
    await room.begin("one\n")
    ann = await room.enter("Ann")
    bo = await room.enter("Bo")
    await expect(ann.page.locator("#announcement")).to_have_text("Bo joined.")
    await expect(bo.page.locator("#announcement")).to_have_text("Ann is here.")
    await ann.faces.click()
    await bo.goes_after("one")
    await bo.types(" two")
    await expect(ann.people.get_by_role("button", name="Bo, typing, line 1")).to_be_visible()
    await expect(ann.faces.locator(".typing")).to_have_count(1)
    await expect(ann.people.get_by_role("button", name="Bo, line 1")).to_be_visible()
    await expect(ann.faces.locator(".typing")).to_have_count(0)


async def initials(window: Window) -> list[str]:
    """Return what the visible faces in the header show, and the number of the others."""
    faces = window.faces.locator(".face:visible")
    return list(await faces.evaluate_all("faces => faces.map(({dataset}) => dataset.initials)"))


async def test_faces_stand_for_the_others_and_are_gone_with_them(room: Room) -> None:
    ann = await room.enter("Ann")
    await expect(ann.faces).to_be_hidden()
    async with Stage(room) as stage:
        for name in ("Bo", "Cid Doe", "Eve", "Fay", "Gus", "Hal"):
            await stage.joins(name)
        await expect(ann.faces).to_have_accessible_name(
            "7 people here: Bo, Cid Doe, Eve, Fay, Gus, Hal and you"
        )
        assert await initials(ann) == ["B", "CD", "E", "F", "+2"]
        await ann.page.set_viewport_size({"width": 390, "height": 780})
        assert await initials(ann) == ["B", "CD", "+4"]
        await ann.faces.click()
        await expect(ann.people.get_by_role("listitem")).to_have_count(7)
        await expect(ann.people.get_by_role("listitem").first).to_contain_text("Ann (you)")
        await ann.page.keyboard.press("Escape")
    await expect(ann.faces).to_be_hidden()


async def test_a_guest_is_asked_once_for_a_name_which_the_others_see(room: Room) -> None:
    guest = await room.enter("Guest 412")
    question = guest.page.get_by_role("form", name="Your name")
    await expect(question).to_be_hidden()  # while nobody else is here
    ann = await room.enter("Ann")
    await expect(question).to_contain_text("Ann joined. You appear as Guest 412.")
    await guest.focused()
    await question.get_by_label("Your name").fill("Robert")
    await guest.page.keyboard.press("Enter")
    await expect(question).to_be_hidden()
    await guest.focused()
    await expect(guest.page.get_by_role("button", name="You: Robert")).to_be_visible()
    await expect(ann.people).to_contain_text("Robert")
    assert "You appear as Robert." in await guest.announced()
    await guest.page.reload()  # as Guest 412 again
    await expect(guest.page.locator("#announcement")).to_have_text("Ann is here.")
    await expect(question).to_be_hidden()


async def test_a_guest_who_gives_no_name_is_not_asked_again(room: Room) -> None:
    await room.enter("Ann")
    guest = await room.enter("Guest 412")
    question = guest.page.get_by_role("form", name="Your name")
    await expect(question).to_contain_text("Ann is here. You appear as Guest 412.")
    await question.get_by_role("button", name="Dismiss").click()
    await expect(question).to_be_hidden()
    await guest.focused()
    await guest.page.reload()
    await expect(guest.page.locator("#announcement")).to_have_text("Ann is here.")
    await expect(question).to_be_hidden()


async def test_many_people_are_all_reached_on_a_narrow_phone(room: Room) -> None:
    await room.begin("one\ntwo\n")
    ann = await room.enter("Ann", viewport={"width": 320, "height": 600})
    others = [await room.enter(f"Guest {number}") for number in range(8)]
    await others[-1].goes_after("two")
    last = ann.people.get_by_role("button", name="Guest 7, line 2")
    await ann.faces.click()
    await last.click()  # which scrolls it into view first
    await expect(ann.people).to_be_hidden()
    assert await ann.selected() == "one\ntwo|\n"
    assert await ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
