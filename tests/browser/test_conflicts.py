"""Two users change the same words: the dialog, the possible answers, and what Git keeps."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.window import Window

_ANNS = "Hello people!\nThe second line.\n"
_BOS = "Hello friends!\nThe second line.\n"


async def disagree(room: Room) -> tuple[Window, Window]:
    """Return the windows of Ann, whose word is in, and of Bo, whose bar shows a conflict."""
    ann, bo = await room.pair("Hello world!\nThe second line.\n")
    bo.line.hold()
    await ann.writes_over("world", "people")
    await ann.settled()
    await bo.writes_over("world", "friends")
    bo.line.release()
    await expect(bo.bar).to_be_visible()
    return ann, bo


async def parents_of_master(room: Room) -> list[str]:
    return (await room.git("log", "-1", "--format=%P", "master")).split()


async def test_the_bar_says_what_happened_and_leaves_the_typing_alone(room: Room) -> None:
    ann, bo = await disagree(room)
    await expect(bo.bar).to_contain_text("You and Ann changed the same words (line 1)")
    await expect(bo.status).to_have_text("1 conflict to review. Everything else is saved.")
    assert await bo.has_focus()
    assert await bo.selected() == _BOS.replace("friends", "friends|")
    await expect(bo.dialog).to_be_hidden()
    await expect(ann.bar).to_be_hidden()
    await ann.reads(_ANNS)


@pytest.mark.parametrize(
    ("choice", "merged"),
    [
        ("Yours", _BOS),
        ("Ann’s", _ANNS),
        ("Both", "Hello friends people!\nThe second line.\n"),
        ("Write something else", "Hello everybody!\nThe second line.\n"),
    ],
)
async def test_a_choice_is_the_text_for_everyone_and_a_merge_in_git(
    room: Room, choice: str, merged: str
) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    for radio in await bo.dialog.get_by_role("radio").all():
        await expect(radio).not_to_be_checked()
    await expect(bo.result).to_have_value("")
    use_this = bo.dialog.get_by_role("button", name="Use this")
    await expect(use_this).to_have_attribute("aria-disabled", "true")
    await use_this.click(force=True)
    await expect(bo.dialog).to_contain_text("Choose a version first")
    await ann.reads(_ANNS)

    await bo.chooses(choice)
    if choice == "Write something else":
        await expect(bo.result).to_be_focused()
        await bo.types("everybody")
    await bo.uses_this()

    await expect(bo.dialog).to_be_hidden()
    await expect(bo.bar).to_be_hidden()
    await bo.reads(merged)
    await ann.reads(merged)
    assert await room.agreed() == merged
    await expect(bo.text).to_be_focused()
    await expect(bo.status).to_have_text("Saved")
    assert len(await parents_of_master(room)) == 2
    assert "friends" in await room.git("log", "-p", "master"), "the words that lost are kept"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("Yours", "friends and all"),
        ("Ann’s", "people and all"),
        ("Both", "friends people and all"),
    ],
)
async def test_after_a_choice_by_mouse_typing_goes_on_behind_the_result(
    room: Room, choice: str, words: str
) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses(choice)
    await bo.uses_this()
    await expect(bo.text).to_be_focused()
    await bo.types(" and all")
    merged = f"Hello {words}!\nThe second line.\n"
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
    _, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Both")
    await bo.dialog.get_by_role("button", name="swap").click()
    await expect(bo.result).to_have_value("people friends")
    await bo.uses_this()
    assert await room.agreed() == "Hello people friends!\nThe second line.\n"


async def test_decide_later_keeps_my_words_on_a_branch_and_continues_with_the_document(
    room: Room,
) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Decide later").click()
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.bar).to_be_hidden()
    await expect(bo.toast).to_contain_text("Saved for later. The document shows Ann’s version")
    await bo.reads(_ANNS)
    [unmerged] = await room.branches("unmerged")
    kept = await room.git("show", f"unmerged/{unmerged}:{room.document}.txt")
    assert kept == _BOS
    await bo.goes_after("second line.")
    await bo.types(" Bo goes on.")
    await ann.reads(_ANNS.replace("second line.", "second line. Bo goes on."))
    await room.agreed()


async def test_the_keyboard_alone_is_enough(room: Room) -> None:
    _, bo = await disagree(room)
    keyboard = bo.page.keyboard
    await keyboard.press("F8")
    await expect(bo.dialog).to_be_visible()
    await keyboard.press("Escape")
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.bar).to_be_visible()
    await expect(bo.text).to_be_focused()

    await keyboard.press("F8")
    await keyboard.press("Control+Enter")
    await expect(bo.dialog).to_contain_text("Choose a version first")
    mine = bo.dialog.get_by_role("radio", name="Yours", exact=True)
    for _ in range(10):
        await keyboard.press("Tab")
        if await mine.evaluate("radio => radio === document.activeElement"):
            break
    await keyboard.press("ArrowDown")
    await expect(bo.dialog.get_by_role("radio", name="Ann’s")).to_be_checked()
    await keyboard.press("ArrowDown")
    await expect(bo.dialog.get_by_role("radio", name="Both")).to_be_checked()
    await keyboard.press("ArrowUp")
    await expect(bo.result).to_have_value("people")
    await keyboard.press("Control+Enter")
    await expect(bo.dialog).to_be_hidden()
    assert await room.agreed() == _ANNS
    await expect(bo.text).to_be_focused()


async def test_typing_on_while_a_conflict_is_open_loses_nothing(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.goes_after("second line.")
    await bo.types(" Bo types on")
    await ann.reads("Hello people!\nThe second line. Bo types on\n")
    await ann.goes_before("The second")
    await ann.types("Ann too. ")
    await ann.settled()
    await expect(bo.bar).to_contain_text("Other people’s edits appear once you decide")
    await bo.reads("Hello friends!\nThe second line. Bo types on\n")
    await bo.types(", and on")
    await bo.opens_dialog()
    await bo.chooses("Yours")
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
    await bo.chooses("Write something else")
    await bo.types("dear friends")
    await ann.writes_over("people", "folks")
    await expect(bo.dialog.get_by_role("region", name="Ann’s")).to_contain_text("folks")
    await expect(bo.dialog).to_contain_text("This text just changed")
    await expect(bo.result).to_have_value("dear friends")
    await expect(bo.result).to_be_focused()
    await bo.types(" and folks")
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    merged = "Hello dear friends and folks!\nThe second line.\n"
    await ann.reads(merged)
    assert await room.agreed() == merged


async def test_a_choice_of_words_that_have_changed_since_is_asked_for_again(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    anns = bo.dialog.get_by_role("radio", name="Ann’s")
    await anns.click()
    await ann.writes_over("people", "folks")
    await expect(bo.dialog.get_by_role("region", name="Ann’s")).to_contain_text("folks")
    await expect(bo.dialog).to_contain_text("This text has changed since you chose")
    await expect(bo.result).to_have_value("people")
    await anns.click()
    await expect(bo.result).to_have_value("folks")
    await expect(bo.dialog).not_to_contain_text("since you chose")
    await bo.uses_this()
    assert await room.agreed() == "Hello folks!\nThe second line.\n"


async def test_what_was_written_by_hand_stays_when_both_agree_without_it(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Write something else")
    await bo.types("everybody")
    await ann.writes_over("people", "friends")
    await expect(bo.dialog).to_contain_text("Conflict resolved: both versions now match")
    await expect(bo.result).to_have_value("everybody")
    await expect(bo.dialog.get_by_role("button", name="Use this")).to_be_hidden()
    await bo.dialog.get_by_role("button", name="Close").click()
    await expect(bo.bar).to_be_hidden()
    assert await room.agreed() == _BOS


async def test_a_passage_is_not_removed_by_one_press(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Write something else")
    await bo.uses_this()
    await expect(bo.dialog).to_contain_text("This deletes the highlighted text for everyone")
    await ann.reads(_ANNS)
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    assert await room.agreed() == "Hello !\nThe second line.\n"


async def test_a_conflict_is_over_when_both_write_the_same(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.writes_over("friends", "people")
    await expect(bo.bar).to_be_hidden()
    await expect(bo.toast).to_contain_text("Conflict resolved: both versions now match.")
    await ann.reads(_ANNS)
    assert await room.agreed() == _ANNS


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
    await expect(bo.status).to_contain_text("1 conflict to review")
    await bo.page.clock.run_for(900)
    await expect(bo.bar).to_be_hidden()
    await ann.writes_over("people", "friends")
    await expect(bo.status).not_to_contain_text("conflict")
    await bo.page.clock.run_for(5000)
    await expect(bo.bar).to_be_hidden()
    await expect(bo.toast).to_be_hidden()


async def test_an_open_conflict_survives_a_reload(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.page.reload()
    await expect(bo.bar).to_contain_text("You and Ann changed the same words")
    await bo.reads(_BOS)
    await bo.opens_dialog()
    await bo.chooses("Yours")
    await bo.uses_this()
    await ann.reads(_BOS)
    assert await room.agreed() == _BOS


_ANIMALS = "one cat\nmiddle\ntwo dogs\nthree cows\n"


async def disagree_thrice(room: Room) -> tuple[Window, Window]:
    """Create a conflict in three places, with Bo's dialog open on the first."""
    ann, bo = await room.pair(_ANIMALS)
    bo.line.hold()
    for old, anns in (("cat", "kitten"), ("dogs", "puppies"), ("cows", "calves")):
        await ann.writes_over(old, anns)
    await ann.settled()
    for old, bos in (("cat", "tiger"), ("dogs", "wolves"), ("cows", "bulls")):
        await bo.writes_over(old, bos)
    bo.line.release()
    await expect(bo.bar).to_contain_text("3 conflicts")
    await bo.opens_dialog()
    return ann, bo


async def test_conflicts_are_answered_one_after_the_other(room: Room) -> None:
    ann, bo = await disagree_thrice(room)
    heading = bo.dialog.get_by_role("heading", name="Conflict")
    await expect(heading).to_have_text("Conflict 1 of 3 on line 1")
    await bo.page.keyboard.press("F8")
    await expect(heading).to_have_text("Conflict 2 of 3 on line 3")
    await expect(heading).to_be_focused()
    await bo.page.keyboard.press("Shift+F8")
    await expect(heading).to_have_text("Conflict 1 of 3 on line 1")
    await bo.chooses("Yours")
    await bo.uses_this()
    await expect(heading).to_have_text("Conflict 2 of 3 on line 3")
    await bo.chooses("Ann’s")
    await bo.uses_this()
    await bo.chooses("Both")
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.toast).to_contain_text("3 conflicts resolved.")
    merged = "one tiger\nmiddle\ntwo puppies\nthree bulls calves\n"
    await ann.reads(merged)
    assert await room.agreed() == merged


async def test_one_choice_can_be_used_for_all_others_but_for_none_that_was_answered(
    room: Room,
) -> None:
    ann, bo = await disagree_thrice(room)
    alike = bo.dialog.get_by_role("checkbox")
    await expect(alike).to_be_hidden()
    await bo.chooses("Ann’s")
    await expect(
        bo.dialog.get_by_label("Do the same for the other 2 conflicts")
    ).not_to_be_checked()
    await bo.uses_this()
    await bo.chooses("Write something else")
    await expect(alike).to_be_hidden()
    await bo.chooses("Yours")
    await bo.dialog.get_by_label("Do the same for the other conflict").check()
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    merged = "one kitten\nmiddle\ntwo wolves\nthree bulls\n"
    await ann.reads(merged)
    assert await room.agreed() == merged


async def test_each_side_shows_its_own_words_at_the_other_conflicts_of_a_line(room: Room) -> None:
    ann, bo = await room.pair("A cat that I know chases two dogs.\n")
    bo.line.hold()
    for old, anns in (("cat", "kitten"), ("dogs", "puppies")):
        await ann.writes_over(old, anns)
    await ann.settled()
    for old, bos in (("cat", "tiger"), ("dogs", "wolves")):
        await bo.writes_over(old, bos)
    bo.line.release()
    await bo.opens_dialog()
    await expect(bo.page.locator("#base-text")).to_have_text("A cat that I know chases two dogs.")
    yours, anns_own = (bo.dialog.get_by_role("region", name=name) for name in ("Yours", "Ann’s"))
    await expect(yours).to_contain_text("tiger that I know chases two wolves.")
    await expect(anns_own).to_contain_text("kitten that I know chases two puppies.")


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
    yours = bo.page.locator("#theirs-text")
    await expect(yours.locator("del").first).to_contain_text("[removed]")
    await expect(yours.locator("del").first).to_contain_text("old")
    await expect(yours.locator("ins")).to_have_text("[added] ten")
    # Most of it has changed: marking single words would not help.
    await expect(bo.page.locator("#ours-text ins")).to_contain_text("[added] Closed")
    await expect(bo.page.locator("#ours-text del")).to_have_count(0)


async def test_what_was_written_from_two_choices_is_kept_both(room: Room) -> None:
    _, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Yours")
    await bo.result.fill("dear friends")
    await bo.chooses("Ann’s")
    await bo.result.fill("dear people")
    await bo.chooses("Both")
    await bo.chooses("Write something else")
    await expect(bo.result).to_have_value("dear people")
    await bo.dialog.get_by_role("button", name="Show my other draft").click()
    await expect(bo.result).to_have_value("dear friends")


async def test_who_changed_what_and_when_is_said_while_the_dialog_is_open(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.page.clock.install()
    await bo.opens_dialog()
    await ann.writes_over("people", "folks")
    await expect(bo.dialog.get_by_role("region", name="Ann’s")).to_contain_text("folks")
    age = bo.page.locator("#ours-age")
    await expect(age).to_have_text("changed just now")
    await bo.page.clock.fast_forward(2 * 60_000)
    await expect(age).to_have_text("changed 2 minutes ago")


async def test_all_of_my_text_can_be_taken_away_before_anything_is_decided(room: Room) -> None:
    _, bo = await disagree(room)
    await bo.opens_dialog()
    async with bo.page.expect_download() as downloading:
        await bo.dialog.get_by_role("button", name="Download my text").click()
    download = await downloading.value
    assert download.suggested_filename == f"{room.document}.txt"
    assert (await download.path()).read_text() == _BOS
    await bo.dialog.get_by_role("button", name="Copy my text").click()
    await expect(bo.dialog).to_contain_text("Copied.")
    await bo.chooses("Write something else")
    await bo.page.keyboard.press("Control+V")
    await expect(bo.result).to_have_value(_BOS)


async def test_the_decision_can_be_undone_from_where_it_is_told(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Ann’s")
    await bo.uses_this()
    await expect(bo.toast).to_contain_text("Resolved with Ann’s version.")
    await bo.toast.get_by_role("button", name="Undo").click()
    await expect(bo.toast).to_be_hidden()
    await expect(bo.text).to_be_focused()
    await bo.reads(_BOS)
    await ann.reads(_BOS)
    assert await room.agreed() == _BOS


async def test_an_undo_that_would_take_back_something_else_is_not_offered(room: Room) -> None:
    _, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("Both")
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
    await bo.chooses("Yours")
    await bo.uses_this()
    await expect(bo.toast).to_contain_text("Resolved with your version.")
    await expect(bo.toast.get_by_role("button", name="Undo")).to_be_hidden()
    await bo.page.clock.run_for(10_000)
    await expect(bo.toast).to_be_visible()
    await bo.toast.get_by_role("button", name="Dismiss").click()
    await expect(bo.toast).to_be_hidden()
    await expect(bo.text).to_be_focused()


async def test_on_a_phone_nothing_is_cut_off_and_the_decision_stays_in_sight(room: Room) -> None:
    text = "\n".join(f"A line with the number {n} in it." for n in range(12))
    await room.begin(f"{text}\n")
    small = {"viewport": {"width": 320, "height": 568}}
    ann, bo = await room.enter("Ann"), await room.enter("Bo", **small)
    bo.line.hold()
    await ann.writes_over(text, "Nothing any more.")
    await ann.settled()
    await bo.writes_over(text, text.replace("number", "figure"))
    bo.line.release()
    await bo.opens_dialog()
    wide = await bo.page.evaluate(
        "[document.documentElement, conflict].map((e) => e.scrollWidth - e.clientWidth)"
    )
    assert wide == [0, 0]
    await expect(bo.page.locator("#before-both")).not_to_have_attribute("open", re.compile(""))
    await expect(bo.dialog.get_by_role("button", name="Use this")).to_be_in_viewport(ratio=1)
    box = await bo.dialog.bounding_box()
    assert box
    assert box["width"] == small["viewport"]["width"]
