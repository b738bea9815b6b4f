"""Undo reverts the user's own edits, whatever others did since, and none of theirs."""

import pytest
from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.window import Window

_BEFORE = "Ann: \nBo: \n"
_BOTH = "Ann: mine\nBo: theirs\n"
_THEIRS = "Ann: \nBo: theirs\n"


# On a Russian keyboard, whose letters Playwright has no keys for.
_REDO_ELSEWHERE = (
    {"key": "Я", "code": "KeyZ", "ctrlKey": True, "shiftKey": True},
    {"key": "н", "code": "KeyY", "ctrlKey": True},
)


async def _press(window: Window, key: str | dict[str, object]) -> None:
    if isinstance(key, str):
        await window.page.keyboard.press(key)
    else:
        await window.text.evaluate(
            "(area, key) => area.dispatchEvent(new KeyboardEvent('keydown', key))", key
        )


async def both_type(room: Room) -> tuple[Window, Window]:
    ann, bo = await room.pair(_BEFORE)
    await ann.goes_after("Ann: ")
    await ann.types("mine")
    await bo.goes_after("Bo: ")
    await bo.types("theirs")
    await ann.reads(_BOTH)
    await bo.reads(_BOTH)
    return ann, bo


@pytest.mark.engines
async def test_by_keys(room: Room) -> None:
    ann, bo = await both_type(room)
    for redo in ("Control+Shift+z", "Control+y", *_REDO_ELSEWHERE):
        await ann.page.keyboard.press("Control+z")
        await ann.reads(_THEIRS)
        await bo.reads(_THEIRS)
        assert await ann.selected() == _THEIRS.replace("Ann: ", "Ann: |")
        await ann.page.keyboard.press("Control+z")  # there is nothing left to undo
        await _press(ann, redo)
        await ann.reads(_BOTH)
        await _press(ann, redo)
    await ann.types(" again")
    assert await room.agreed() == "Ann: mine again\nBo: theirs\n"


async def test_by_buttons_which_tell_whether_there_is_something(room: Room) -> None:
    ann, bo = await both_type(room)
    undo = ann.page.get_by_role("button", name="Undo")
    redo = ann.page.get_by_role("button", name="Redo")
    await expect(redo).to_be_disabled()
    await undo.click()
    await bo.reads(_THEIRS)
    await expect(undo).to_be_disabled()
    await redo.click()
    await bo.reads(_BOTH)
    await expect(redo).to_be_disabled()
    await ann.focused()
    assert await room.agreed() == _BOTH


async def test_by_the_menu_of_the_browser(room: Room) -> None:
    ann, bo = await both_type(room)
    menu = await ann.context.new_cdp_session(ann.page)
    undo = {"type": "keyDown", "key": "F24", "commands": ["undo"]}
    await menu.send("Input.dispatchKeyEvent", undo)
    await ann.reads(_THEIRS)
    await bo.reads(_THEIRS)
    await ann.page.keyboard.press("Control+Shift+z")
    assert await room.agreed() == _BOTH


@pytest.mark.engines
async def test_what_others_wrote_into_my_words_stays(room: Room) -> None:
    ann, bo = await room.pair("begin end")
    await ann.goes_after("begin ")
    await ann.types("one two ")
    await bo.reads("begin one two end")
    await bo.goes_after("one ")
    await bo.types("AND ")
    await ann.reads("begin one AND two end")
    await ann.page.keyboard.press("Control+z")
    await ann.reads("begin AND end")
    await ann.page.keyboard.press("Control+Shift+z")
    assert await room.agreed() == "begin one AND two end"


async def test_a_decision_about_a_conflict_is_one_step(room: Room) -> None:
    ann, bo = await room.pair("Hello world!\nThe second line.\n")
    bo.line.hold()
    await ann.writes_over("world", "people")
    await ann.writes_over("second", "third")
    await ann.settled()
    await bo.writes_over("world", "friends")
    bo.line.release()
    await expect(bo.conflict).to_be_visible()
    await bo.opens_dialog()
    await bo.chooses("Ann’s version")
    await bo.uses_this()
    await bo.reads("Hello people!\nThe third line.\n")
    await bo.settled()
    await bo.page.keyboard.press("Control+z")
    assert await room.agreed() == "Hello friends!\nThe third line.\n"
    await bo.page.keyboard.press("Control+z")
    assert await room.agreed() == "Hello world!\nThe third line.\n"


@pytest.mark.engines
async def test_a_document_with_crlf_keeps_its_line_ends(room: Room) -> None:
    ann, _ = await room.pair("one\r\ntwo\r\n")
    await ann.goes_after("one")
    await ann.types("\nand")
    await ann.settled()
    assert await room.text_in_git() == "one\r\nand\r\ntwo\r\n"
    await ann.page.keyboard.press("Control+z")
    await ann.page.keyboard.press("Control+z")
    await ann.reads("one\ntwo\n")
    await ann.page.keyboard.press("Control+Shift+z")
    await ann.page.keyboard.press("Control+Shift+z")
    await ann.reads("one\nand\ntwo\n")
    await ann.settled()
    assert await room.text_in_git() == "one\r\nand\r\ntwo\r\n"


async def test_a_composition_is_one_step(room: Room) -> None:
    ann = await room.enter("Ann")
    keyboard = await ann.context.new_cdp_session(ann.page)
    await ann.types("a")
    for draft in ("k", "か", "かn", "かん"):
        size = len(draft)
        await keyboard.send(
            "Input.imeSetComposition", {"text": draft, "selectionStart": size, "selectionEnd": size}
        )
    await keyboard.send("Input.insertText", {"text": "漢字"})
    await ann.reads("a漢字")
    await ann.page.keyboard.press("Control+z")
    await ann.reads("a")
    await ann.page.keyboard.press("Control+Shift+z")
    assert await room.agreed() == "a漢字"
