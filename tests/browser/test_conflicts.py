"""Two people change the same words: what is asked, what may be answered, what Git keeps."""

import pytest
from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.window import Window

_ANNS = "Hello people!\nThe second line.\n"
_BOS = "Hello friends!\nThe second line.\n"


async def disagree(room: Room) -> tuple[Window, Window]:
    """Ann's word is in, Bo typed another one meanwhile; both windows, with Bo's bar shown."""
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
    await expect(bo.bar).to_contain_text("Ann changed the same words as you (line 1)")
    await expect(bo.status).to_have_text("1 part needs your choice; the rest is saved")
    assert await bo.has_focus()
    assert await bo.selected() == _BOS.replace("friends", "friends|")
    await expect(bo.dialog).to_be_hidden()
    await expect(ann.bar).to_be_hidden()
    await ann.reads(_ANNS)


@pytest.mark.parametrize(
    ("choice", "merged"),
    [
        ("Mine", _BOS),
        ("Ann's", _ANNS),
        ("Both", "Hello friends people!\nThe second line.\n"),
        ("I'll edit by hand", "Hello everybody!\nThe second line.\n"),
    ],
)
async def test_a_choice_is_everybodys_text_and_a_merge_in_git(
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
    await expect(bo.dialog).to_contain_text("Choose what to keep first")
    await ann.reads(_ANNS)

    await bo.chooses(choice)
    if choice == "I'll edit by hand":
        await expect(bo.result).to_be_focused()
        await bo.types("everybody")
    await bo.uses_this()

    await expect(bo.dialog).to_be_hidden()
    await expect(bo.bar).to_be_hidden()
    await bo.reads(merged)
    await ann.reads(merged)
    assert await room.agreed() == merged
    await expect(bo.text).to_be_focused()
    await expect(bo.status).to_have_text("All changes saved")
    assert len(await parents_of_master(room)) == 2
    assert "friends" in await room.git("log", "-p", "master"), "the words that lost are kept"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("Mine", "friends and all"),
        ("Ann's", "people and all"),
        ("Both", "friends and all people"),
    ],
)
async def test_after_a_choice_by_mouse_typing_goes_on_where_the_caret_was(
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


async def test_decide_later_keeps_my_words_on_a_branch_and_goes_on_with_everybodys_text(
    room: Room,
) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Decide later").click()
    await expect(bo.dialog).to_be_hidden()
    await expect(bo.bar).to_be_hidden()
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
    await expect(bo.dialog).to_contain_text("Choose what to keep first")
    mine = bo.dialog.get_by_role("radio", name="Mine", exact=True)
    for _ in range(10):
        await keyboard.press("Tab")
        if await mine.evaluate("radio => radio === document.activeElement"):
            break
    await keyboard.press("ArrowDown")
    await expect(bo.dialog.get_by_role("radio", name="Ann's")).to_be_checked()
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
    await expect(bo.bar).to_contain_text("what others write is shown once you decide")
    await bo.reads("Hello friends!\nThe second line. Bo types on\n")
    await bo.types(", and on")
    await bo.opens_dialog()
    await bo.chooses("Mine")
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
    await bo.chooses("I'll edit by hand")
    await bo.types("dear friends")
    await ann.writes_over("people", "folks")
    await expect(bo.dialog.get_by_role("region", name="Ann's")).to_contain_text("folks")
    await expect(bo.dialog).to_contain_text("This part was changed just now")
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
    anns = bo.dialog.get_by_role("radio", name="Ann's")
    await anns.click()
    await ann.writes_over("people", "folks")
    await expect(bo.dialog.get_by_role("region", name="Ann's")).to_contain_text("folks")
    await expect(bo.dialog).to_contain_text("The result is based on the earlier text")
    await expect(bo.result).to_have_value("people")
    await anns.click()
    await expect(bo.result).to_have_value("folks")
    await expect(bo.dialog).not_to_contain_text("earlier text")
    await bo.uses_this()
    assert await room.agreed() == "Hello folks!\nThe second line.\n"


async def test_what_was_written_by_hand_stays_when_both_agree_without_it(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("I'll edit by hand")
    await bo.types("everybody")
    await ann.writes_over("people", "friends")
    await expect(bo.dialog).to_contain_text("Conflict settled: both versions agree now")
    await expect(bo.result).to_have_value("everybody")
    await expect(bo.dialog.get_by_role("button", name="Use this")).to_be_hidden()
    await bo.dialog.get_by_role("button", name="Close").click()
    await expect(bo.bar).to_be_hidden()
    assert await room.agreed() == _BOS


async def test_a_passage_is_not_removed_by_one_press(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.opens_dialog()
    await bo.chooses("I'll edit by hand")
    await bo.uses_this()
    await expect(bo.dialog).to_contain_text("This removes the passage for everyone")
    await ann.reads(_ANNS)
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    assert await room.agreed() == "Hello !\nThe second line.\n"


async def test_a_conflict_is_over_when_both_write_the_same(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.writes_over("friends", "people")
    await expect(bo.bar).to_be_hidden()
    await ann.reads(_ANNS)
    assert await room.agreed() == _ANNS


async def test_an_open_conflict_survives_a_reload(room: Room) -> None:
    ann, bo = await disagree(room)
    await bo.page.reload()
    await expect(bo.bar).to_contain_text("Ann changed the same words as you")
    await bo.reads(_BOS)
    await bo.opens_dialog()
    await bo.chooses("Mine")
    await bo.uses_this()
    await ann.reads(_BOS)
    assert await room.agreed() == _BOS


async def test_two_conflicts_are_answered_one_after_the_other(room: Room) -> None:
    ann, bo = await room.pair("one cat\nmiddle\ntwo dogs\n")
    bo.line.hold()
    await ann.writes_over("cat", "kitten")
    await ann.writes_over("dogs", "puppies")
    await ann.settled()
    await bo.writes_over("cat", "tiger")
    await bo.writes_over("dogs", "wolves")
    bo.line.release()
    await expect(bo.bar).to_contain_text("2 places")
    await bo.opens_dialog()
    await expect(bo.dialog).to_contain_text("Conflict 1 of 2")
    await bo.chooses("Mine")
    await bo.uses_this()
    await expect(bo.dialog).to_contain_text("Conflict 2 of 2")
    await bo.chooses("Ann's")
    await bo.uses_this()
    await expect(bo.dialog).to_be_hidden()
    merged = "one tiger\nmiddle\ntwo puppies\n"
    await ann.reads(merged)
    assert await room.agreed() == merged
