"""Two users who change the same words, and what their dialog shows."""

from playwright.async_api import Locator, expect

from tests.browser.room import Room
from tests.browser.window import Window

ANNS = "Hello people!\nThe second line.\n"
BOS = "Hello friends!\nThe second line.\n"
_WORDS = (("world", "people", "friends"),)


async def disagree(
    room: Room,
    text: str = "Hello world!\nThe second line.\n",
    places: tuple[tuple[str, str, str], ...] = _WORDS,
) -> tuple[Window, Window]:
    """Return the windows of Ann, whose words are in, and of Bo, whose notice tells of a conflict.

    Each place is what was there, what Ann writes and what Bo writes.
    """
    ann, bo = await room.pair(text)
    bo.line.hold()
    for old, anns, _ in places:
        await ann.writes_over(old, anns)
    await ann.settled()
    for old, _, bos in places:
        await bo.writes_over(old, bos)
    bo.line.release()
    await expect(bo.conflict).to_be_visible()
    return ann, bo


async def disagree_on_a_line(room: Room) -> tuple[Window, Window]:
    """Let both change a whole line: there both versions can stay."""
    return await disagree(room, "Chairs\nThe second line.\n", (("Chairs", "Benches", "Stools"),))


def mine(window: Window) -> Locator:
    """Return the text of the user's own version in the dialog."""
    return window.page.locator("#theirs-text")


def anns(window: Window) -> Locator:
    """Return the text of the other version in the dialog."""
    return window.page.locator("#ours-text")


def button_that_decides(window: Window) -> Locator:
    return window.page.locator("#use-this")


async def writes(window: Window, words: str) -> None:
    """Write something else than the two versions."""
    await window.chooses("Write something else")
    await expect(window.result).to_be_focused()
    await window.page.keyboard.press("Control+a")
    await window.types(words)


async def parents_of_master(room: Room) -> list[str]:
    return (await room.git("log", "-1", "--format=%P", "master")).split()
