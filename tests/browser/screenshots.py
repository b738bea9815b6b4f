"""Pictures of every state that the pages can be in, to be looked at: light, dark, on a phone,
magnified, in colours of the system's and in stronger ones.

    python tests/browser/screenshots.py FOLDER [WORD]

With a word, only the scenes that have it in their name. The real server serves them, from a folder
that is gone afterwards.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession
from playwright.async_api import Browser, expect

from tests.browser.chromium import chromium
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess
from tests.browser.window import Window
from tests.server.sockets.client import Client

_DESK = {"viewport": {"width": 1100, "height": 720}}
_LOOKS: dict[str, dict[str, Any]] = {
    "light": {**_DESK, "color_scheme": "light"},
    "dark": {**_DESK, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 780},
        "color_scheme": "light",
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    # 1280 by 1024 pixels at 400 %
    "zoomed": {"viewport": {"width": 320, "height": 256}, "color_scheme": "light"},
    "forced": {**_DESK, "forced_colors": "active"},
    "contrast": {**_DESK, "contrast": "more"},
}

_LETTER = """\
Dear neighbours,

the summer party is on Saturday, in the yard behind number 12. Bring a chair and
something to eat; there is a grill, and tables for forty.

- Music: Jo and the band, from eight
- Drinks: Sam, who needs a car on Friday
- Tables: who has a trailer?

If it rains we meet in the hall.
"""
_PARAGRAPH = (
    "The hall has room for sixty people at most, the doors to the garden stay open, and whoever"
    " comes by bicycle is asked to leave it in the yard and not in the hallway, where the"
    " fire brigade wants to see nothing at all."
)


class Stage:
    """One document, seen in one look."""

    def __init__(self, room: Room, look: dict[str, Any], stack: AsyncExitStack) -> None:
        self.room = room
        self._look = look
        self._guests: list[Client] = []  # who is forgotten here has left
        self._stack = stack

    async def opens(self, path: str) -> Window:
        return await self.room.window("Bo", path, **self._look)

    async def enters(self, name: str = "Bo") -> Window:
        """Whose window is in the picture."""
        window = await self.room.enter(name, **self._look)
        await expect(window.page.locator("#counts")).not_to_be_empty()
        return window

    async def joins(self, name: str) -> Client:
        """Somebody who is here too, and in no picture."""
        http = await self._stack.enter_async_context(ClientSession())
        room = self.room
        client = await Client.connect(http, f"{room.server.url}/ws/{room.document}")
        await client.hello(name=name)
        self._guests.append(client)
        return client

    async def stands(self, client: Client, words: str) -> None:
        """Put somebody's caret before some words."""
        place = client.text.index(words)
        await client.send(type="presence", base=client.revision, anchor=place, head=place)

    async def selects(self, client: Client, words: str) -> None:
        start = client.text.index(words)
        end = start + len(words)
        await client.send(type="presence", base=client.revision, anchor=start, head=end)

    async def disagrees(self, *pairs: tuple[str, str, str], text: str = _LETTER) -> Window:
        """Ann and Bo changed the same words, at one place or several; Bo's window."""
        await self.room.begin(text)
        bo = await self.enters()
        ann = await self.joins("Ann")
        bo.line.hold()
        for old, anns, bos in pairs:
            text = text.replace(old, anns)
            await bo.writes_over(old, bos)
        assert (await ann.edit(text))["type"] == "merged"
        bo.line.release()
        await expect(bo.bar).to_be_visible()
        return bo

    @property
    def ann(self) -> Client:
        [ann] = self._guests
        return ann


_ONE = ("Saturday", "Sunday", "Friday evening")
_TWO = ("Jo and the band, from eight", "Jo alone, from nine", "records, from seven")


# --- the landing page


async def landing(stage: Stage) -> Window:
    return await stage.opens("/")


async def landing_with_recent_documents(stage: Stage) -> Window:
    bo = await stage.opens("/")
    names = ("notes", "summer-party", "k7m2p9qx4w8z3n5t", "minutes-of-the-meeting-" + "x" * 40)
    now = time.time() * 1000
    recent = [{"name": name, "seen": now - age * 9e6} for age, name in enumerate(names)]
    await bo.page.evaluate(
        "it => localStorage.setItem('gollabedit.recent', it)", json.dumps(recent)
    )
    await bo.page.reload()
    await expect(bo.page.get_by_role("listitem").get_by_role("link")).to_have_count(len(names))
    return bo


async def landing_with_one_removed(stage: Stage) -> Window:
    bo = await landing_with_recent_documents(stage)
    await bo.page.get_by_role("button", name="Remove notes").click()
    return bo


async def landing_with_a_name_that_cannot_be(stage: Stage) -> Window:
    bo = await stage.opens("/")
    await bo.page.get_by_label("Open or create by name").fill("My Notes")
    return bo


async def landing_with_a_new_name(stage: Stage) -> Window:
    bo = await stage.opens("/")
    await bo.page.get_by_label("Open or create by name").fill("my-notes")
    await expect(bo.page.get_by_role("button", name="Create")).to_be_visible()
    return bo


async def not_found(stage: Stage) -> Window:
    return await stage.opens("/nowhere")


async def not_a_name(stage: Stage) -> Window:
    return await stage.opens("/d/Not a name")


# --- a document


async def document_empty(stage: Stage) -> Window:
    return await stage.enters()


async def document_with_two_who_type(stage: Stage) -> Window:
    await stage.room.begin(_LETTER)
    bo = await stage.enters()
    await stage.stands(await stage.joins("Ann"), "Drinks")
    await bo.goes_after("who has a trailer?")
    await bo.types(" Bo, from noon on.")
    await bo.settled()
    await expect(bo.people).to_contain_text("Ann, line")
    return bo


async def document_with_people_in_the_text(stage: Stage) -> Window:
    await stage.room.begin(_LETTER)
    bo = await stage.enters()
    await bo.goes_after("who has a trailer?")
    await stage.selects(await stage.joins("Ann"), "Saturday, in the yard behind number 12. Bring a")
    await stage.stands(await stage.joins("Chloé"), "Sam, who")
    await stage.stands(await stage.joins("Dmitri"), "If it rains")
    await stage.stands(await stage.joins("مريم"), "If it rains")
    await stage.stands(await stage.joins("Guest 412"), "Dear")
    await expect(bo.page.locator("#overlay .caret:visible")).to_have_count(5)
    return bo


async def document_with_many_people(stage: Stage) -> Window:
    await stage.room.begin(_LETTER)
    bo = await stage.enters()
    long_name = "Wilhelmina Featherstonehaugh-Cholmondeley of Marjoribanks House"
    for name in ("Ann", "Chloé", "小林", "Dmitri", "Guest 412", "Guest 97", "مريم", long_name):
        await stage.stands(await stage.joins(name), "Music")
    await expect(bo.people.get_by_role("listitem")).to_have_count(9)
    await expect(bo.people).to_contain_text("House, line 6")
    return bo


async def document_while_renaming(stage: Stage) -> Window:
    bo = await stage.enters()
    await bo.page.get_by_role("button", name="You:").click()
    return bo


async def document_while_sharing(stage: Stage) -> Window:
    await stage.room.begin(_LETTER)
    bo = await stage.enters()
    await bo.page.get_by_role("button", name="Share").click()
    return bo


async def document_with_settings(stage: Stage) -> Window:
    await stage.room.begin(_LETTER)
    bo = await stage.enters()
    await bo.page.get_by_role("button", name="Settings").click()
    return bo


async def document_in_large_letters_without_wrapping(stage: Stage) -> Window:
    await stage.room.begin(_LETTER)
    bo = await stage.opens("/")
    chosen = json.dumps({"font": "proportional", "size": "huge", "wrap": False})
    await bo.page.evaluate("it => localStorage.setItem('gollabedit.settings', it)", chosen)
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}")
    await bo.settled()
    return bo


async def document_on_paper(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {_PARAGRAPH}" for n in range(1, 6)))
    bo = await stage.enters()
    await bo.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await bo.page.emulate_media(media="print")
    return bo


async def document_long_and_scrolled(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {_PARAGRAPH}" for n in range(1, 60)))
    bo = await stage.enters()
    await bo.goes_after("40. The hall")
    await bo.types("s")
    await bo.settled()
    return bo


# --- when something is wrong


async def slow(stage: Stage) -> Window:
    bo = await stage.enters()
    bo.line.hold()
    await bo.types("typed and not yet there")
    await expect(bo.status).to_contain_text("slow")
    return bo


async def offline(stage: Stage) -> Window:
    await stage.room.begin(_LETTER)
    bo = await stage.enters()
    bo.loses_connection()
    await bo.goes_after("in the hall.")
    await bo.types(" Bring cake.")
    await expect(bo.status).to_contain_text("trying in")
    return bo


async def too_large(stage: Stage) -> Window:
    bo = await stage.enters()
    await bo.page.keyboard.insert_text("Too many words. " * 80_000)
    await expect(bo.status).to_contain_text("too large")
    return bo


async def turned_away(stage: Stage) -> Window:
    bo = await stage.opens("/")
    await bo.page.route_web_socket("**/ws/**", lambda socket: socket.close(code=4404))
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}")
    await expect(bo.status).to_contain_text("no such document")
    return bo


# --- the conflict


async def bar(stage: Stage) -> Window:
    return await stage.disagrees(_ONE)


async def bar_with_many_places(stage: Stage) -> Window:
    return await stage.disagrees(_ONE, _TWO)


async def dialog(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE)
    await bo.opens_dialog()
    return bo


async def dialog_with_nothing_chosen_but_used(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.page.keyboard.press("Control+Enter")
    await expect(bo.dialog).to_contain_text("Choose what to keep first")
    return bo


async def dialog_with_mine(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Mine")
    return bo


async def dialog_with_both(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Both")
    return bo


async def dialog_by_hand(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("I'll edit by hand")
    await bo.types("the first warm weekend")
    return bo


async def dialog_with_two_places(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE, _TWO)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Next").click()
    return bo


async def dialog_with_long_texts(stage: Stage) -> Window:
    mine = _PARAGRAPH.replace("sixty", "fifty").replace("The hall", "Our hall")
    anns = "Nobody can come in.\nThe hall is closed for good."
    bo = await stage.disagrees((_PARAGRAPH, anns, mine), text=f"{_LETTER}\n{_PARAGRAPH}\n")
    await bo.opens_dialog()
    return bo


async def dialog_with_a_deletion(stage: Stage) -> Window:
    sentence = "If it rains we meet in the hall.\n"
    bo = await stage.disagrees((sentence, "", "If it snows we meet in the hall.\n"))
    await bo.opens_dialog()
    await bo.chooses("Ann's")
    await bo.uses_this()
    await expect(bo.dialog).to_contain_text("again to confirm")
    return bo


async def dialog_while_the_other_types_on(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Both")
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Sunday at noon"))
    await expect(bo.dialog).to_contain_text("earlier text")
    return bo


async def dialog_of_a_conflict_that_is_gone(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("I'll edit by hand")
    await bo.types("the first warm weekend")
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Friday evening"))
    await expect(bo.dialog).to_contain_text("both versions agree now")
    return bo


_THREE = ("- Drinks: Sam", "- Drinks: nobody yet", "- Drinks and ice: Sam")


async def dialog_with_the_same_choice_for_the_others(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE, _TWO, _THREE)
    await bo.opens_dialog()
    await bo.chooses("Mine")
    await bo.dialog.get_by_role("checkbox").check()
    return bo


async def dialog_with_words_added_and_removed(stage: Stage) -> Window:
    mine = _PARAGRAPH.replace("sixty people at most", "fifty people").replace("garden", "garden \t")
    anns = _PARAGRAPH.replace("sixty people at most", "seventy").replace(
        "garden stay", "street stay"
    )
    bo = await stage.disagrees((_PARAGRAPH, anns, mine), text=f"{_LETTER}\n{_PARAGRAPH}\n")
    await bo.opens_dialog()
    return bo


async def toast_after_a_decision(stage: Stage) -> Window:
    bo = await dialog_with_mine(stage)
    await bo.uses_this()
    await expect(bo.toast).to_be_visible()
    return bo


async def toast_after_deciding_later(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.dialog.get_by_role("button", name="Decide later").click()
    await expect(bo.toast).to_be_visible()
    await expect(bo.page.get_by_role("button", name="1 part put aside")).to_be_visible()
    return bo


# --- what was put aside


async def parked(stage: Stage) -> Window:
    bo = await toast_after_deciding_later(stage)
    await bo.page.get_by_role("button", name="1 part put aside").click()
    await expect(bo.page.get_by_role("button", name="Review")).to_be_visible()
    return bo


async def parked_and_reviewed(stage: Stage) -> Window:
    await toast_after_deciding_later(stage)
    cid = await stage.enters("Cid")
    await cid.page.get_by_role("button", name="1 part put aside").click()
    await cid.page.get_by_role("button", name="Review").click()
    await expect(cid.page.get_by_role("dialog", name="Put aside by")).to_be_visible()
    return cid


async def parked_and_merging_by_now(stage: Stage) -> Window:
    bo = await parked(stage)
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Saturday"))
    await bo.page.get_by_role("button", name="Review").click()
    await expect(bo.page.get_by_role("button", name="Put it in")).to_be_visible()
    return bo


_SCENES: tuple[Callable[[Stage], Awaitable[Window]], ...] = (
    landing,
    landing_with_recent_documents,
    landing_with_one_removed,
    landing_with_a_name_that_cannot_be,
    landing_with_a_new_name,
    not_found,
    not_a_name,
    document_empty,
    document_with_two_who_type,
    document_with_people_in_the_text,
    document_with_many_people,
    document_while_renaming,
    document_while_sharing,
    document_with_settings,
    document_in_large_letters_without_wrapping,
    document_on_paper,
    document_long_and_scrolled,
    slow,
    offline,
    too_large,
    turned_away,
    bar,
    bar_with_many_places,
    dialog,
    dialog_with_nothing_chosen_but_used,
    dialog_with_mine,
    dialog_with_both,
    dialog_by_hand,
    dialog_with_two_places,
    dialog_with_long_texts,
    dialog_with_a_deletion,
    dialog_while_the_other_types_on,
    dialog_of_a_conflict_that_is_gone,
    dialog_with_the_same_choice_for_the_others,
    dialog_with_words_added_and_removed,
    toast_after_a_decision,
    toast_after_deciding_later,
    parked,
    parked_and_reviewed,
    parked_and_merging_by_now,
)


async def take_all(folder: Path, word: str = "") -> None:
    with TemporaryDirectory() as data:
        server = ServerProcess(Path(data))
        await server.start()
        async with chromium() as browser:
            for scene in _SCENES:
                if word in scene.__name__:
                    for look in _LOOKS:
                        await _take(scene, look, browser, server, folder)
        await server.stop()


async def _take(
    scene: Callable[[Stage], Awaitable[Window]],
    look: str,
    browser: Browser,
    server: ServerProcess,
    folder: Path,
) -> None:
    room = Room(browser, server, f"{scene.__name__.replace('_', '-')}-{look}")
    async with AsyncExitStack() as stack:
        window = await scene(Stage(room, _LOOKS[look], stack))
        path = folder / f"{scene.__name__}-{look}.png"
        await window.page.screenshot(path=path, animations="disabled")
        await room.close()
    print(path)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(take_all(Path(sys.argv[1]), *sys.argv[2:3]))
