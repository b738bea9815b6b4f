"""Parked conflicts: who sees them, and who resolves them."""

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.disagreement import disagree, disagree_on_a_line
from tests.browser.room import Room
from tests.browser.window import Window

_ANNS = "Hello people!\nThe second line.\n"
_BOS = "Hello friends!\nThe second line.\n"


async def parked_by_bo(
    room: Room, disagree: Callable[[Room], Awaitable[tuple[Window, Window]]] = disagree
) -> tuple[Window, Window]:
    """Let Bo park a conflict; both see that there is one."""
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Decide later").click()
    for window in (ann, bo):
        await expect(button_of(window)).to_have_text("1 unresolved conflict")
    return ann, bo


def button_of(window: Window) -> Locator:
    return window.page.get_by_role("button", name="unresolved conflict")


def panel_of(window: Window) -> Locator:
    return window.page.get_by_role("region", name="Unresolved conflicts")


def dialog_of(window: Window) -> Locator:
    return window.page.get_by_role("dialog", name=re.compile("version, "))


async def opens_list(window: Window) -> Locator:
    await button_of(window).click()
    panel = panel_of(window)
    await expect(panel).to_be_visible()
    return panel


async def test_without_parked_conflicts_there_is_no_button(room: Room) -> None:
    ann, _ = await room.pair("Hello\n")
    await expect(button_of(ann)).to_be_hidden()


async def test_anyone_can_resolve_a_parked_conflict(room: Room) -> None:
    ann, bo = await parked_by_bo(room)
    panel = await opens_list(ann)
    await expect(panel.get_by_role("listitem")).to_contain_text(
        re.compile(r"Bo (just now|\d+ s ago)")
    )
    await panel.get_by_role("button", name="Review").click()
    dialog = dialog_of(ann)
    await expect(dialog.get_by_role("heading", level=2)).to_have_text(
        re.compile(r"^Bo’s version, \w+day \d+:\d\d\s[AP]M$")
    )
    await expect(dialog.locator("#base-label")).to_have_text("Line 1 was:")
    await expect(dialog.locator("#base-text")).to_have_text("Hello world!")
    await expect(dialog.locator("#theirs-text")).to_contain_text("friends")
    await expect(dialog.locator("#ours-text")).to_contain_text("people")
    for radio in await dialog.get_by_role("radio").all():
        await expect(radio).not_to_be_checked()
    await dialog.get_by_role("radio", name="Current text").check()
    await expect(dialog.get_by_role("button", name="Use the current text")).to_be_visible()
    await expect(ann.outcome).to_have_text("Hello people!")
    await dialog.get_by_role("radio", name="Bo’s version").check()
    await expect(ann.outcome).to_have_text("Hello friends!")
    await dialog.get_by_role("button", name="Use Bo’s version").click()
    await expect(dialog).to_be_hidden()
    await expect(ann.text).to_be_focused()
    await ann.reads(_BOS)
    await bo.reads(_BOS)
    await expect(ann.toast).to_contain_text("Resolved with Bo’s version.")
    for window in (ann, bo):
        await expect(button_of(window)).to_be_hidden()
    assert await room.agreed() == _BOS
    assert await room.branches("unmerged") == []


async def test_ones_own_version_is_called_yours(room: Room) -> None:
    _, bo = await parked_by_bo(room, disagree_on_a_line)
    panel = await opens_list(bo)
    await expect(panel.get_by_role("listitem")).to_contain_text("You")
    await panel.get_by_role("button", name="Review").click()
    dialog = dialog_of(bo)
    await expect(dialog.get_by_role("heading", level=2)).to_contain_text("Your version, ")
    await expect(dialog.locator("#theirs-text")).to_contain_text("Stools")
    await dialog.get_by_role("radio", name="Your version").check()
    await expect(dialog.get_by_role("button", name="Use my version")).to_be_visible()
    await dialog.get_by_role("radio", name="Keep both").check()
    await dialog.get_by_role("button", name="Keep both").click()
    await bo.reads("Stools\nBenches\nThe second line.\n")


async def test_the_keyboard_alone_is_enough_and_leaving_keeps_the_conflict(room: Room) -> None:
    ann, _ = await parked_by_bo(room)
    keyboard = ann.page.keyboard
    await button_of(ann).focus()
    await keyboard.press("Enter")
    review = panel_of(ann).get_by_role("button", name="Review")
    await expect(review).to_be_visible()
    await keyboard.press("Tab")
    await expect(review).to_be_focused()
    await keyboard.press("Enter")
    await expect(dialog_of(ann)).to_be_visible()
    await keyboard.press("Escape")
    await expect(dialog_of(ann)).to_be_hidden()
    await expect(button_of(ann)).to_be_focused()
    await ann.reads(_ANNS)
    await keyboard.press("Enter")
    await expect(review).to_be_visible()
    await keyboard.press("Escape")
    await expect(panel_of(ann)).to_be_hidden()
    await expect(button_of(ann)).to_be_focused()


async def test_ones_own_conflict_comes_first(room: Room) -> None:
    ann, bo = await parked_by_bo(room)
    bo.line.hold()
    await ann.writes_over("second", "third")
    await ann.settled()
    await bo.writes_over("second", "fourth")
    bo.line.release()
    await expect(bo.conflict).to_be_visible()
    panel = await opens_list(bo)
    await expect(panel).to_contain_text("Resolve your own conflict first (F8)")
    review = panel.get_by_role("button", name="Review")
    await expect(review).to_have_attribute("aria-disabled", "true")
    await review.click(force=True)
    await expect(dialog_of(bo)).to_be_hidden()


async def test_that_someone_else_has_resolved_it_is_said(room: Room) -> None:
    ann, _ = await parked_by_bo(room)
    ann.excuses("404")

    async def gone(route: Route) -> None:
        await route.fulfill(status=404, json={"error": "gone"})

    await ann.page.route("**/unmerged/*", gone)
    panel = await opens_list(ann)
    await panel.get_by_role("button", name="Review").click()
    await expect(panel).to_contain_text("Someone has already resolved this.")
    await expect(dialog_of(ann)).to_be_hidden()


async def test_of_two_who_decide_at_the_same_time_the_later_one_counts(room: Room) -> None:
    ann, bo = await parked_by_bo(room)
    for window in (ann, bo):
        panel = await opens_list(window)
        await panel.get_by_role("button", name="Review").click()
        await expect(dialog_of(window)).to_be_visible()
    await dialog_of(bo).get_by_role("radio", name="Current text").check()
    await bo.uses_this()
    await bo.settled()
    await dialog_of(ann).get_by_role("radio", name="Bo’s version").check()
    await ann.uses_this()
    await expect(dialog_of(ann)).to_be_hidden()
    await expect(ann.toast).to_contain_text("Resolved with Bo’s version.")
    assert await room.agreed() == _BOS


@pytest.mark.parametrize("failure", ["no answer", "a fault"])
async def test_a_list_that_cannot_be_loaded_says_what_to_do(room: Room, failure: str) -> None:
    ann, _ = await parked_by_bo(room)
    ann.excuses("net::ERR_FAILED", "500")

    async def fail(route: Route) -> None:
        await (route.abort() if failure == "no answer" else route.fulfill(status=500))

    await ann.page.route("**/unmerged", fail)
    panel = await opens_list(ann)
    await expect(panel).to_contain_text("Check your connection and try again.")
    await ann.page.unroute("**/unmerged")
    await panel.get_by_role("button", name="Try again").click()
    await expect(panel.get_by_role("listitem")).to_have_count(1)
    await expect(panel).not_to_contain_text("Check your connection")


async def test_what_no_longer_conflicts_is_only_added(room: Room) -> None:
    ann, bo = await parked_by_bo(room)
    await ann.writes_over("people", "world")
    await ann.settled()
    panel = await opens_list(ann)
    await panel.get_by_role("button", name="Review").click()
    dialog = dialog_of(ann)
    await expect(dialog).to_contain_text("This version no longer conflicts.")
    await expect(dialog.get_by_role("radio")).to_have_count(0)
    await expect(dialog.locator("#added ins")).to_contain_text("friends")
    await dialog.get_by_role("button", name="Add to document").click()
    await ann.reads(_BOS)
    await bo.reads(_BOS)
    await expect(button_of(ann)).to_be_hidden()
    assert await room.agreed() == _BOS
