"""Two users change the same words: the dialog, the possible answers, and what Git keeps."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.disagreement import (
    ANNS,
    BOS,
    anns,
    button_that_decides,
    disagree,
    disagree_on_a_line,
    mine,
    parents_of_master,
    writes,
)
from tests.browser.room import Room


async def test_the_notice_says_what_happened_and_leaves_the_typing_alone(room: Room) -> None:
    ann, bo = await disagree(room)
    await expect(bo.notice).to_contain_text("You and Ann changed the same words on line 1.")
    await expect(bo.notice).to_contain_text("Both versions are safe; you can keep typing.")
    await expect(bo.conflict).to_have_text("Review")
    await expect(bo.status).to_have_text("Saved")
    await bo.focused()
    assert await bo.selected() == BOS.replace("friends", "friends|")
    await expect(bo.dialog).to_be_hidden()
    await expect(ann.notice).to_be_hidden()
    await ann.reads(ANNS)


@pytest.mark.parametrize(
    ("choice", "button", "line"),
    [
        ("Your version", "Use my version", "Hello friends!"),
        ("Ann’s version", "Use Ann’s version", "Hello people!"),
        ("Write something else", "Use this text", "Hello everybody!"),
    ],
)
async def test_a_choice_is_the_text_for_everyone_and_a_merge_in_git(
    room: Room, choice: str, button: str, line: str
) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    for radio in await bo.dialog.get_by_role("radio").all():
        await expect(radio).not_to_be_checked()
    await expect(bo.dialog.get_by_role("radio", name="Keep both")).to_be_hidden()
    await expect(bo.result).to_be_hidden()
    await expect(bo.outcome).to_have_text("Choose a version to see the result.")
    nothing = bo.dialog.get_by_role("button", name="Choose a version")
    await expect(nothing).to_have_attribute("aria-disabled", "true")
    await nothing.click(force=True)
    await expect(bo.dialog).to_contain_text("Choose a version first")
    await ann.reads(ANNS)

    await bo.chooses(choice)
    if choice == "Write something else":
        await expect(bo.result).to_be_focused()
        await expect(bo.result).to_have_value("friends / people")
        await writes(bo, "everybody")
    await expect(bo.outcome).to_have_text(line)
    await ann.reads(ANNS)
    await bo.dialog.get_by_role("button", name=button, exact=True).click()

    merged = f"{line}\nThe second line.\n"
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.notice).to_be_hidden()
    await bo.reads(merged)
    await ann.reads(merged)
    assert await room.agreed() == merged
    await expect(bo.text).to_be_focused()
    await expect(bo.status).to_have_text("Saved")
    assert len(await parents_of_master(room)) == 2
    assert "friends" in await room.git("log", "-p", "master"), "the words that lost are kept"


async def test_of_whole_lines_both_can_stay(room: Room) -> None:
    ann, bo = await disagree_on_a_line(room)
    await bo.opens_dialog()
    await bo.chooses("Keep both")
    await expect(bo.outcome).to_have_text("Stools\nBenches", use_inner_text=True)
    await bo.dialog.get_by_role("button", name="Keep both", exact=True).click()
    await expect(bo.dialog).to_be_hidden()
    merged = "Stools\nBenches\nThe second line.\n"
    await ann.reads(merged)
    assert await room.agreed() == merged
    assert len(await parents_of_master(room)) == 2


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("Your version", "Stools and all"),
        ("Ann’s version", "Benches and all"),
        ("Keep both", "Stools\nBenches and all"),
    ],
)
async def test_after_a_choice_by_mouse_typing_goes_on_behind_the_result(
    room: Room, choice: str, words: str
) -> None:
    ann, bo = await disagree_on_a_line(room)
    await bo.opens_dialog()
    await bo.chooses(choice)
    await bo.uses_this()
    await expect(bo.text).to_be_focused()
    await bo.types(" and all")
    merged = f"{words}\nThe second line.\n"
    await bo.reads(merged)
    await ann.reads(merged)
    assert await room.agreed() == merged


@pytest.mark.parametrize(("button", "words"), [("Close", "friends"), ("Decide later", "people")])
async def test_after_the_dialog_is_left_by_mouse_typing_goes_on_where_it_was(
    room: Room, button: str, words: str
) -> None:
    _, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name=button).click()
    await expect(bo.text).to_be_focused()
    await bo.reads(f"Hello {words}!\nThe second line.\n")
    await bo.types(" and all")
    await bo.reads(f"Hello {words} and all!\nThe second line.\n")


@pytest.mark.parametrize("button", ["Close", "Decide later"])
async def test_not_even_the_very_next_key_after_the_dialog_is_lost(room: Room, button: str) -> None:
    _, bo = await disagree(room)
    await bo.opens_dialog()
    pressed = bo.dialog.get_by_role("button", name=button)
    focused = await pressed.evaluate("button => (button.click(), document.activeElement.id)")
    assert focused == "text"


async def test_both_can_be_put_the_other_way_around(room: Room) -> None:
    _, bo = await disagree_on_a_line(room)
    await bo.opens_dialog()
    swap = bo.dialog.get_by_role("button", name="Swap order")
    await expect(swap).to_be_hidden()
    await bo.chooses("Keep both")
    await swap.click()
    await expect(bo.outcome).to_have_text("Benches\nStools", use_inner_text=True)
    await bo.uses_this()
    assert await room.agreed() == "Benches\nStools\nThe second line.\n"


async def test_decide_later_keeps_my_words_on_a_branch_and_continues_with_the_document(
    room: Room,
) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Decide later").click()
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.notice).to_be_hidden()
    await expect(bo.toast).to_contain_text("Saved for later. The document shows Ann’s version")
    await bo.reads(ANNS)
    [unmerged] = await room.branches("unmerged")
    kept = await room.git("show", f"unmerged/{unmerged}:{room.document}.txt")
    assert kept == BOS
    await bo.goes_after("second line.")
    await bo.types(" Bo goes on.")
    await ann.reads(ANNS.replace("second line.", "second line. Bo goes on."))
    await room.agreed()


async def test_the_keyboard_alone_is_enough(room: Room) -> None:
    _, bo = await disagree(room)
    keyboard = bo.page.keyboard
    await keyboard.press("F8")
    await expect(bo.dialog).to_be_visible()
    await keyboard.press("Escape")
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.conflict).to_be_visible()
    await expect(bo.text).to_be_focused()

    await keyboard.press("F8")
    await keyboard.press("Control+Enter")
    await expect(bo.dialog).to_contain_text("Choose a version first")
    own = bo.dialog.get_by_role("radio", name="Your version", exact=True)
    for _ in range(10):
        await keyboard.press("Tab")
        if await own.evaluate("radio => radio === document.activeElement"):
            break
    await keyboard.press("ArrowDown")
    await expect(bo.dialog.get_by_role("radio", name="Ann’s version")).to_be_checked()
    await expect(bo.outcome).to_have_text("Hello people!")
    # A screen reader says it with the button, before it is pressed.
    use = bo.dialog.get_by_role("button", name="Use Ann’s version", exact=True)
    await expect(use).to_have_accessible_description("Hello people!")
    await keyboard.press("ArrowUp")
    await expect(own).to_be_checked()
    await expect(bo.outcome).to_have_text("Hello friends!")
    await keyboard.press("ArrowDown")
    await keyboard.press("Control+Enter")
    await expect(bo.dialog).to_be_hidden()
    assert await room.agreed() == ANNS
    await expect(bo.text).to_be_focused()


async def test_one_and_two_choose_a_version_but_are_digits_in_the_field(room: Room) -> None:
    _, bo = await disagree(room)
    keyboard = bo.page.keyboard
    await keyboard.press("F8")
    await keyboard.press("1")
    await expect(bo.dialog.get_by_role("radio", name="Your version")).to_be_checked()
    await expect(bo.outcome).to_have_text("Hello friends!")
    await keyboard.press("2")
    await expect(bo.dialog.get_by_role("radio", name="Ann’s version")).to_be_checked()
    await expect(bo.outcome).to_have_text("Hello people!")
    await writes(bo, "12")
    await expect(bo.result).to_have_value("12")
    await keyboard.press("Control+Enter")
    await expect(bo.dialog).to_be_hidden()
    assert await room.agreed() == "Hello 12!\nThe second line.\n"


async def test_typing_on_while_a_conflict_is_open_loses_nothing(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.goes_after("second line.")
    await bo.types(" Bo types on")
    await ann.reads("Hello people!\nThe second line. Bo types on\n")
    await ann.goes_before("The second")
    await ann.types("Ann too. ")
    await bo.has_heard(ann, "Anna")
    # Others' edits appear when the conflict is decided.
    await bo.reads("Hello friends!\nThe second line. Bo types on\n")
    await bo.types(", and on")
    await bo.opens_dialog()
    await bo.chooses("Your version")
    await bo.uses_this()
    merged = "Hello friends!\nAnn too. The second line. Bo types on, and on\n"
    await bo.reads(merged)
    await ann.reads(merged)
    assert await room.agreed() == merged


async def test_a_dialog_is_refreshed_by_the_other_side_and_keeps_what_was_written(
    room: Room,
) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await writes(bo, "dear friends")
    await ann.writes_over("people", "folks")
    await expect(anns(bo)).to_contain_text("folks")
    await expect(bo.dialog).to_contain_text("This text just changed")
    await expect(bo.result).to_have_value("dear friends")
    await expect(bo.result).to_be_focused()
    await bo.types(" and folks")
    await expect(bo.outcome).to_have_text("Hello dear friends and folks!")
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    merged = "Hello dear friends and folks!\nThe second line.\n"
    await ann.reads(merged)
    assert await room.agreed() == merged


async def test_a_choice_of_words_that_have_changed_since_is_asked_for_again(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    choice = bo.dialog.get_by_role("radio", name="Ann’s version")
    await choice.click()
    await ann.writes_over("people", "folks")
    await expect(anns(bo)).to_contain_text("folks")
    await expect(bo.dialog).to_contain_text("This text has changed since you chose")
    await expect(bo.outcome).to_have_text("Hello people!")
    await choice.click()
    await expect(bo.outcome).to_have_text("Hello folks!")
    await expect(bo.dialog).not_to_contain_text("since you chose")
    await bo.uses_this()
    assert await room.agreed() == "Hello folks!\nThe second line.\n"


async def test_what_was_written_by_hand_stays_when_both_agree_without_it(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await writes(bo, "everybody")
    await ann.writes_over("people", "friends")
    await expect(bo.dialog).to_contain_text("Conflict resolved: both versions now match")
    await expect(bo.result).to_have_value("everybody")
    await expect(button_that_decides(bo)).to_be_hidden()
    await bo.dialog.get_by_role("button", name="Close").click()
    await expect(bo.notice).to_be_hidden()
    assert await room.agreed() == BOS


async def test_words_are_deleted_by_a_button_that_says_so(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Write something else")
    await expect(button_that_decides(bo)).not_to_have_class(re.compile("danger"))
    await bo.result.fill("")
    await expect(bo.outcome).to_have_text("Hello (deleted)!")
    delete = bo.dialog.get_by_role("button", name="Delete for everyone")
    await expect(delete).to_have_class(re.compile("danger"))
    await ann.reads(ANNS)
    await delete.click()
    await expect(bo.dialog).to_be_hidden()
    assert await room.agreed() == "Hello !\nThe second line.\n"


async def test_a_version_without_the_line_is_shown_and_named_as_a_deletion(room: Room) -> None:
    ann, bo = await room.pair("first\nThe second line.\n")
    bo.line.hold()
    await ann.selects("first\n")
    await ann.page.keyboard.press("Delete")
    await ann.settled()
    await bo.writes_over("first", "The 1st")
    bo.line.release()
    await bo.opens_dialog()
    await expect(anns(bo)).to_have_text("(deleted)")
    await bo.chooses("Ann’s version")
    await expect(bo.outcome).to_have_text("(nothing: this text will be deleted)")
    await expect(bo.dialog.get_by_role("button", name="Delete for everyone")).to_be_visible()
    await bo.chooses("Your version")
    await expect(bo.outcome).to_contain_text("The 1st")
    await bo.dialog.get_by_role("button", name="Use my version").click()
    await ann.reads("The 1st\nThe second line.\n")
    assert await room.agreed() == "The 1st\nThe second line.\n"


async def test_a_conflict_is_over_when_both_write_the_same(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.writes_over("friends", "people")
    await expect(bo.notice).to_be_hidden()
    await expect(bo.toast).to_contain_text("Conflict resolved: both versions now match.")
    await ann.reads(ANNS)
    assert await room.agreed() == ANNS


async def test_a_conflict_that_is_gone_within_a_moment_is_never_shown(room: Room) -> None:
    ann, bo = await room.pair("Hello world!\n")
    await bo.page.clock.install()
    await bo.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=2))
    bo.line.hold()
    await ann.writes_over("world", "people")
    await ann.settled()
    await bo.writes_over("world", "friends")
    await bo.page.clock.run_for(500)  # until it is sent
    bo.line.release()
    icon = bo.page.locator("#icon")
    await expect(icon).to_have_attribute("href", re.compile("conflict"))
    await bo.page.clock.run_for(900)
    await expect(bo.notice).to_be_hidden()
    await ann.writes_over("people", "friends")
    await expect(icon).not_to_have_attribute("href", re.compile("conflict"))
    await bo.page.clock.run_for(5000)
    await expect(bo.notice).to_be_hidden()
    await expect(bo.toast).to_be_hidden()


async def test_an_open_conflict_survives_a_reload(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.page.reload()
    await expect(bo.notice).to_contain_text("You and Ann changed the same words")
    await bo.reads(BOS)
    await bo.opens_dialog()
    await bo.chooses("Your version")
    await bo.uses_this()
    await ann.reads(BOS)
    assert await room.agreed() == BOS


async def test_a_click_beside_the_words_of_a_conflict_only_moves_the_caret(room: Room) -> None:
    _, bo = await disagree(room)
    await bo.goes_after("Hello")
    left, top, width, height = await bo.drawn(".conflict-region")
    await bo.page.mouse.click(left - width / 2, top + height / 2)
    await bo.types("+")
    await expect(bo.dialog).to_be_hidden()
    text = await bo.text.input_value()
    assert text.replace("+", "") == BOS
    assert "+" in text.partition("friends")[0]


async def test_what_was_added_and_removed_is_marked_and_said(room: Room) -> None:
    ann, bo = await room.pair(
        "The old red door of the house on the hill stays open until nine in the evening.\n"
    )
    bo.line.hold()
    await ann.writes_over(await ann.text.input_value(), "Closed.\n")
    await ann.settled()
    await bo.writes_over("old red", "red")
    await bo.writes_over("nine", "ten")
    bo.line.release()
    await bo.opens_dialog()
    await expect(mine(bo).locator("del").first).to_contain_text("[removed]")
    await expect(mine(bo).locator("del").first).to_contain_text("old")
    await expect(mine(bo).locator("ins")).to_have_text("[added] ten")
    # Most of it has changed: marking single words would not help.
    await expect(anns(bo).locator("ins")).to_contain_text("[added] Closed")
    await expect(anns(bo).locator("del")).to_have_count(0)


async def test_what_was_written_is_kept_while_another_version_is_chosen(room: Room) -> None:
    _, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Your version")
    await bo.chooses("Write something else")
    await expect(bo.result).to_have_value("friends")
    await bo.result.fill("dear friends")
    await bo.chooses("Ann’s version")
    await expect(bo.result).to_be_hidden()
    await expect(bo.outcome).to_have_text("Hello people!")
    await bo.chooses("Write something else")
    await expect(bo.result).to_have_value("dear friends")
    await expect(bo.outcome).to_have_text("Hello dear friends!")


async def test_who_changed_what_and_when_is_said_while_the_dialog_is_open(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.page.clock.install()
    await bo.opens_dialog()
    await ann.writes_over("people", "folks")
    await expect(anns(bo)).to_contain_text("folks")
    age = bo.page.locator("#ours-age")
    await expect(age).to_have_text("changed just now")
    await bo.page.clock.fast_forward(2 * 60_000)
    await expect(age).to_have_text("changed 2 minutes ago")


async def test_all_of_my_text_can_be_taken_away_before_anything_is_decided(room: Room) -> None:
    _, bo = await disagree(room)
    await bo.opens_dialog()
    await expect(bo.dialog.get_by_role("button", name="Download my text")).to_be_hidden()
    await bo.dialog.get_by_label("Backup of your whole text").click()
    async with bo.page.expect_download() as downloading:
        await bo.dialog.get_by_role("button", name="Download my text").click()
    download = await downloading.value
    assert download.suggested_filename == f"{room.document}.txt"
    assert (await download.path()).read_text() == BOS
    await bo.dialog.get_by_role("button", name="Copy my text").click()
    await expect(bo.dialog).to_contain_text("Copied.")
    await writes(bo, "")
    await bo.page.keyboard.press("Control+V")
    await expect(bo.result).to_have_value(BOS)


async def test_the_decision_can_be_undone_from_where_it_is_told(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Ann’s version")
    await bo.uses_this()
    await expect(bo.toast).to_contain_text("Resolved with Ann’s version.")
    await bo.toast.get_by_role("button", name="Undo").click()
    await expect(bo.toast).to_be_hidden()
    await expect(bo.text).to_be_focused()
    await bo.reads(BOS)
    await ann.reads(BOS)
    assert await room.agreed() == BOS


async def test_an_undo_that_would_take_back_something_else_is_not_offered(room: Room) -> None:
    _, bo = await disagree_on_a_line(room)
    await bo.opens_dialog()
    await bo.chooses("Keep both")
    await bo.uses_this()
    undo = bo.toast.get_by_role("button", name="Undo")
    await expect(undo).to_be_visible()
    await bo.types(" and all")
    await expect(undo).to_be_hidden()
    await expect(bo.toast).to_contain_text("Resolved with both versions.")


async def test_what_is_told_stays_for_a_while_and_can_be_dismissed(room: Room) -> None:
    _, bo = await disagree(room)
    await bo.page.clock.install()
    await bo.opens_dialog()
    await bo.chooses("Your version")
    await bo.uses_this()
    await expect(bo.toast).to_contain_text("Resolved with your version.")
    await expect(bo.toast.get_by_role("button", name="Undo")).to_be_hidden()
    await bo.page.clock.run_for(10_000)
    await expect(bo.toast).to_be_visible()
    await bo.toast.get_by_role("button", name="Dismiss").click()
    await expect(bo.toast).to_be_hidden()
    await expect(bo.text).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 780)])
async def test_on_a_phone_nothing_is_cut_off_and_the_decision_stays_in_sight(
    room: Room, width: int, height: int
) -> None:
    text = "\n".join(f"A line with the number {n} in it." for n in range(12))
    await room.begin(f"{text}\n")
    small = {"viewport": {"width": width, "height": height}}
    ann, bo = await room.enter("Ann"), await room.enter("Bo", **small)
    bo.line.hold()
    await ann.writes_over(text, "Nothing any more.")
    await ann.settled()
    await bo.pastes_over(text, text.replace("number", "figure"))
    bo.line.release()
    await bo.opens_dialog()
    for choice in ("Your version", "Ann’s version"):
        await bo.chooses(choice)
        wide = await bo.page.evaluate(
            "[document.documentElement, conflict].map((e) => e.scrollWidth - e.clientWidth)"
        )
        assert wide == [0, 0]
        await expect(button_that_decides(bo)).to_be_in_viewport(ratio=1)
        await expect(bo.outcome).to_be_in_viewport()
        box = await bo.dialog.bounding_box()
        assert box
        assert box["width"] == width


async def test_on_a_phone_the_whole_outcome_is_in_sight(room: Room) -> None:
    await room.begin("Hello world!\nThe second line.\n")
    small = {"viewport": {"width": 390, "height": 780}}
    ann, bo = await room.enter("Ann"), await room.enter("Bo", **small)
    bo.line.hold()
    await ann.writes_over("world", "people")
    await ann.settled()
    await bo.writes_over("world", "friends")
    bo.line.release()
    await expect(bo.notice).to_contain_text("Conflict with Ann")
    await bo.opens_dialog()
    for choice, line in (
        ("Your version", "Hello friends!"),
        ("Ann’s version", "Hello people!"),
        ("Write something else", "Hello people!"),
    ):
        await bo.chooses(choice)
        await expect(bo.outcome).to_have_text(line)
        await expect(bo.outcome).to_be_in_viewport(ratio=1)
        await expect(button_that_decides(bo)).to_be_in_viewport(ratio=1)
