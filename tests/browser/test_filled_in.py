"""Browsers restore form data: the page never mistakes it for typing.

Each test puts a word into a field of the conflict dialog, which the page leaves alone. When the
word is back, the browser has restored the form.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.chromium_process import ChromiumProcess, new_profile, running_chromium
from tests.browser.firefox_process import running_firefox
from tests.browser.room import Room
from tests.browser.window import Window

_TEXT = "First line.\nSecond line."
_EDITED = "First line.\nSecond line!."
_WITNESS = "Qzxvjkwy"
_PUT_WITNESS = f"document.querySelector('#result').value = '{_WITNESS}'"
_IS_WITNESS_BACK = f"() => document.querySelector('#result')?.value === '{_WITNESS}'"
_ALLOW = "document.querySelector('#text')?.removeAttribute('autocomplete')"
# Simulates a browser that ignores the attribute.
_ALLOW_ALWAYS = (
    f"new MutationObserver(() => {_ALLOW}).observe(document, {{subtree: true, childList: true}})"
)
_FILL_STORAGE = """
() => {
  for (let size = 2 ** 20; size >= 1; size /= 2) {
    try {
      for (;;) sessionStorage.setItem(`${size} ${sessionStorage.length}`, 'x'.repeat(size));
    } catch {}
  }
}
"""
_IS_STORAGE_BLOCKED = "() => { try { return !sessionStorage; } catch { return true; } }"
_BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}


async def types_second_line(window: Window) -> None:
    """Type into the document, with the word in the other field."""
    await window.settled()
    await window.page.evaluate(_PUT_WITNESS)
    await window.goes_after("First line.\n")
    await window.types("Second line.")
    await window.settled()


async def is_edited_once(room: Room, back: Window) -> None:
    """Check that the page has the text once, and that one key sends one letter."""
    await back.page.wait_for_function(_IS_WITNESS_BACK)
    assert await back.settled() == _TEXT
    await back.goes_after("Second line")
    await back.types("!")
    for window in (back, *room.windows):
        await window.reads(_EDITED)
    await back.settled()
    assert await room.agreed() == _EDITED
    assert not back.errors


@pytest.mark.parametrize(
    ("comes_back", "allows", "preferences"),
    [
        (ChromiumProcess.discards, False, {}),
        (ChromiumProcess.discards, True, {}),
        (ChromiumProcess.discards, True, _BLOCKED),
        (ChromiumProcess.duplicates, False, {}),
        (ChromiumProcess.duplicates, True, {}),
    ],
    ids=[
        "discarded",
        "discarded-heedless",
        "discarded-blocked",
        "duplicated",
        "duplicated-heedless",
    ],
)
async def test_a_tab_that_chromium_brings_back_doubles_nothing(
    room: Room,
    tmp_path: Path,
    comes_back: Callable[[ChromiumProcess, Page], Awaitable[Page]],
    allows: bool,
    preferences: dict[str, object],
) -> None:
    await room.begin("First line.\n")
    bo = await room.enter("Bo")
    new_profile(tmp_path, preferences)
    async with running_chromium(tmp_path) as chromium:
        if allows:
            await chromium.context.add_init_script(_ALLOW_ALWAYS)
        ann = Window(await chromium.tab(), bo.line)
        await ann.page.goto(f"{bo.line.url}/d/{room.document}")
        assert await ann.page.evaluate(_IS_STORAGE_BLOCKED) == (preferences == _BLOCKED)
        await types_second_line(ann)
        await chromium.remembers(ann.page, _WITNESS)
        await is_edited_once(room, Window(await comes_back(chromium, ann.page), bo.line))


async def test_a_chromium_that_was_killed_doubles_nothing(room: Room, tmp_path: Path) -> None:
    await room.begin("First line.\n")
    bo = await room.enter("Bo")
    new_profile(tmp_path)
    async with running_chromium(tmp_path) as chromium:
        ann = Window(await chromium.tab(), bo.line)
        await ann.page.goto(f"{bo.line.url}/d/{room.document}")
        await types_second_line(ann)
        await chromium.remembers(ann.page, _WITNESS)
        await chromium.kill()
    async with running_chromium(tmp_path, "--restore-last-session") as chromium:
        await is_edited_once(room, Window(await chromium.tab(), bo.line))


@pytest.mark.parametrize("allows", [False, True], ids=["heeding", "heedless"])
async def test_a_firefox_that_was_killed_doubles_nothing(
    room: Room, tmp_path: Path, allows: bool
) -> None:
    await room.begin("First line.\n")
    bo = await room.enter("Bo")
    async with running_firefox(tmp_path) as firefox:
        await firefox.goes_to(f"{bo.line.url}/d/{room.document}")
        await firefox.comes_to("window.gollabedit?.settled()")
        if allows:
            await firefox.evaluate(_ALLOW)
        await firefox.evaluate(_PUT_WITNESS)
        await firefox.evaluate("document.querySelector('#text').setSelectionRange(12, 12)")
        await firefox.types("Second line.")
        await bo.reads(_TEXT)
        await firefox.remembers(_WITNESS)
        await firefox.kill()
    async with running_firefox(tmp_path) as firefox:
        await firefox.comes_to(f"({_IS_WITNESS_BACK})()")
        await firefox.comes_to("window.gollabedit.settled()")
        assert await firefox.evaluate("document.querySelector('#text').value") == _TEXT
        await firefox.evaluate("document.querySelector('#text').setSelectionRange(23, 23)")
        await firefox.types("!")
        await bo.reads(_EDITED)
        await room.agreed()


@pytest.mark.engines
async def test_who_goes_back_with_full_storage_doubles_nothing(room: Room) -> None:
    await room.begin("First line.\n")
    ann = await room.enter("Ann")
    await ann.context.add_init_script(_ALLOW_ALWAYS)  # too late for Firefox, which heeds it
    await ann.page.reload()
    await types_second_line(ann)
    await ann.page.evaluate(_FILL_STORAGE)
    ann.line.hold()
    await ann.page.goto(ann.line.url)
    await ann.page.go_back()
    await ann.page.wait_for_function(_IS_WITNESS_BACK)
    await ann.reads("")  # it has received nothing from the server yet
    ann.line.release()
    await is_edited_once(room, ann)


@pytest.mark.engines
async def test_what_nobody_typed_is_put_back_before_a_key_and_before_others_write(
    room: Room,
) -> None:
    ann, bo = await room.pair("Hello world")
    fill_in = "area => { area.value = `old ${area.value} text`; area.setSelectionRange(5, 5); }"
    await ann.text.evaluate(fill_in)
    await ann.types("!")
    await bo.reads("Hello! world")
    await ann.text.evaluate(fill_in)
    await bo.goes_after("world")
    await bo.types("s")
    await ann.reads("Hello! worlds")
    assert await room.agreed() == "Hello! worlds"


@pytest.mark.engines
async def test_what_an_extension_writes_and_tells_is_an_edit(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.text.evaluate(
        """area => {
            area.value = 'corrected';
            for (const kind of ['keydown', 'input']) {
              area.dispatchEvent(new Event(kind, {bubbles: true}));
            }
        }"""
    )
    assert await room.agreed() == "corrected"
