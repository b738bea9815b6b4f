"""Two users change the same words in several places: one question of the dialog after the other."""

import pytest
from playwright.async_api import expect

from tests.browser.disagreement import anns, disagree, mine
from tests.browser.room import Room
from tests.browser.window import Window

_ANIMALS = "one cat\nmiddle\ntwo dogs\nthen\ncows\n"
_TAMED = (("cat", "kitten", "tiger"), ("dogs", "puppies", "wolves"), ("cows", "calves", "bulls"))


async def disagree_thrice(room: Room) -> tuple[Window, Window]:
    """Create a conflict in three places, with Bo's dialog open on the first."""
    ann, bo = await disagree(room, _ANIMALS, _TAMED)
    await expect(bo.notice).to_contain_text("changed the same words on lines 1, 3 and 5.")
    await expect(bo.conflict).to_have_text("Review (3)")
    await bo.opens_dialog()
    return ann, bo


async def is_at(window: Window, step: str, line: int) -> None:
    """Check which question the dialog shows."""
    await expect(window.page.locator("#step-text")).to_have_text(step)
    await expect(window.page.locator("#base-label")).to_have_text(f"Line {line} was:")


async def test_conflicts_are_answered_one_after_the_other(room: Room) -> None:
    ann, bo = await disagree_thrice(room)
    heading = bo.dialog.get_by_role("heading", name="Which version should stay?")
    before = bo.dialog.get_by_role("button", name="Previous conflict")
    after = bo.dialog.get_by_role("button", name="Next conflict")
    await is_at(bo, "1 of 3", 1)
    await expect(before).to_be_disabled()
    await bo.page.keyboard.press("F8")
    await is_at(bo, "2 of 3", 3)
    await expect(heading).to_be_focused()
    await bo.page.keyboard.press("Shift+F8")
    await is_at(bo, "1 of 3", 1)
    await after.click()
    await after.click()
    await is_at(bo, "3 of 3", 5)
    await expect(after).to_be_disabled()
    await before.click()
    await before.click()
    await is_at(bo, "1 of 3", 1)
    await bo.chooses("Your version")
    await bo.uses_this()
    await is_at(bo, "2 of 3", 3)
    await expect(heading).to_be_focused()
    await bo.chooses("Ann’s version")
    await bo.uses_this()
    await is_at(bo, "3 of 3", 5)
    await bo.chooses("Keep both")
    await ann.reads("one kitten\nmiddle\ntwo puppies\nthen\ncalves\n")
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.toast).to_contain_text("3 conflicts resolved.")
    merged = "one tiger\nmiddle\ntwo puppies\nthen\nbulls\ncalves\n"
    await ann.reads(merged)
    assert await room.agreed() == merged


async def test_one_choice_can_be_used_for_all_others_but_for_none_that_was_answered(
    room: Room,
) -> None:
    ann, bo = await disagree_thrice(room)
    for_all = bo.dialog.get_by_role("button", name="for all")
    await expect(for_all).to_have_text("Use mine for all 3")
    await bo.chooses("Ann’s version")
    await expect(for_all).to_have_text("Use Ann’s for all 3")
    await bo.uses_this()
    await expect(for_all).to_have_text("Use mine for all 2")
    await bo.chooses("Write something else")
    await expect(for_all).to_be_hidden()
    await bo.chooses("Your version")
    await for_all.click()
    await expect(bo.dialog).to_be_hidden()
    merged = "one kitten\nmiddle\ntwo wolves\nthen\nbulls\n"
    await ann.reads(merged)
    assert await room.agreed() == merged


async def test_there_is_no_choice_for_all_when_one_question_is_left(room: Room) -> None:
    _, bo = await disagree_thrice(room)
    for_all = bo.dialog.get_by_role("button", name="for all")
    for _ in range(2):
        await expect(for_all).to_be_visible()
        await bo.chooses("Your version")
        await bo.uses_this()
    await is_at(bo, "3 of 3", 5)
    await bo.chooses("Ann’s version")
    await expect(for_all).to_be_hidden()


async def test_all_can_be_decided_alike_in_one_step_which_can_be_undone(room: Room) -> None:
    ann, bo = await disagree_thrice(room)
    await bo.chooses("Ann’s version")
    await bo.dialog.get_by_role("button", name="Use Ann’s for all 3").click()
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.toast).to_contain_text("3 conflicts resolved with Ann’s version.")
    anns = "one kitten\nmiddle\ntwo puppies\nthen\ncalves\n"
    await bo.reads(anns)
    assert await room.agreed() == anns
    await bo.toast.get_by_role("button", name="Undo").click()
    bos = "one tiger\nmiddle\ntwo wolves\nthen\nbulls\n"
    await bo.reads(bos)
    await ann.reads(bos)


_CHASE = "A cat that I know chases two dogs."
_CHASED = (("cat", "kitten", "tiger"), ("dogs", "puppies", "wolves"))


@pytest.mark.parametrize(
    ("choice", "line"),
    [
        ("Your version", "A tiger that I know chases two wolves."),
        ("Ann’s version", "A kitten that I know chases two puppies."),
    ],
)
async def test_several_conflicts_on_one_line_are_one_question_about_the_line(
    room: Room, choice: str, line: str
) -> None:
    ann, bo = await disagree(room, f"{_CHASE}\n", _CHASED)
    await expect(bo.conflict).to_have_text("Review")
    await bo.opens_dialog()
    await expect(bo.page.locator("#steps")).to_be_hidden()
    await expect(bo.page.locator("#base-text")).to_have_text(_CHASE)
    for side, words in ((mine(bo), ("tiger", "wolves")), (anns(bo), ("kitten", "puppies"))):
        await expect(side).to_contain_text(" that I know chases two ")
        for word in words:
            await expect(side).to_contain_text(word)
        await expect(side.locator("ins")).to_contain_text(words)
    await bo.chooses(choice)
    await expect(bo.outcome).to_have_text(line)
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    await ann.reads(f"{line}\n")
    assert await room.agreed() == f"{line}\n"


async def test_three_conflicts_on_two_lines_are_two_questions_with_visible_outcomes(
    room: Room,
) -> None:
    cows = ("cows", "calves", "bulls")
    text = f"{_CHASE}\nmiddle\nthree cows\n"
    ann, bo = await disagree(room, text, (*_CHASED, cows))
    await expect(bo.notice).to_contain_text("changed the same words on lines 1 and 3.")
    await expect(bo.conflict).to_have_text("Review (2)")
    await bo.opens_dialog()
    await is_at(bo, "1 of 2", 1)
    await expect(bo.outcome).to_have_text("Choose a version to see the result.")
    await bo.chooses("Your version")
    await expect(bo.outcome).to_have_text("A tiger that I know chases two wolves.")
    await bo.uses_this()
    await is_at(bo, "2 of 2", 3)
    await expect(bo.outcome).to_have_text("Choose a version to see the result.")
    await bo.chooses("Ann’s version")
    await expect(bo.outcome).to_have_text("three calves")
    await ann.reads("A kitten that I know chases two puppies.\nmiddle\nthree calves\n")
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    merged = "A tiger that I know chases two wolves.\nmiddle\nthree calves\n"
    await ann.reads(merged)
    assert await room.agreed() == merged


@pytest.mark.parametrize("target", [".conflict-region", ".tag"])
async def test_a_click_on_the_words_or_on_their_tag_opens_their_question(
    room: Room, target: str
) -> None:
    _, bo = await disagree(room, "one cat\nmiddle\ntwo dogs\n", _CHASED)
    marks = bo.page.locator(f"#overlay {target}")
    await expect(marks).to_have_count(2)
    await expect(bo.page.locator("#overlay .tag")).to_have_text(["Ann: kitten", "Ann: puppies"])
    for index, (step, line) in ((1, ("2 of 2", 3)), (0, ("1 of 2", 1))):
        left, top, width, height = await bo.drawn(target, index)
        # The marks let the mouse through to the text. A press takes as long as a person's.
        await bo.page.mouse.click(left + width / 2, top + height / 2, delay=100)
        await expect(bo.dialog).to_be_visible()
        await is_at(bo, step, line)
        await bo.page.keyboard.press("Escape")
        await expect(bo.dialog).to_be_hidden()
        await expect(bo.text).to_be_focused()
    await bo.reads("one tiger\nmiddle\ntwo wolves\n")
