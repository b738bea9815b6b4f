"""Browsers are killed, tabs closed, duplicated and put to sleep: nothing is lost or doubled."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from playwright.async_api import BrowserContext, Dialog, Error, Locator, expect

from tests.browser.chromium import FLAGS, path_of_chromium
from tests.browser.driver import driver
from tests.browser.line import Line
from tests.browser.room import Room
from tests.browser.stage import Stage
from tests.browser.window import Window

_DEADLINE_S = 20.0
# The unsent texts in IndexedDB.
_KEPT = """
() => new Promise((resolve, reject) => {
  const opening = indexedDB.open('gollabedit');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const reading = opening.result.transaction('drafts').objectStore('drafts').getAll();
    reading.onsuccess = () => {
      opening.result.close();
      resolve(reading.result.filter(({snapshot}) => snapshot).map(({snapshot}) => snapshot.local));
    };
  };
})
"""


# As if the browser had dropped the last write of a page that went: only the copy is left.
_ONLY_COPIES = """
() => new Promise((resolve, reject) => {
  const opening = indexedDB.open('gollabedit');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const transaction = opening.result.transaction('drafts', 'readwrite');
    const drafts = transaction.objectStore('drafts');
    drafts.getAll().onsuccess = ({target}) => {
      for (const draft of target.result) {
        const key = `gollabedit.leaving.${draft.document}/${draft.client}`;
        localStorage.setItem(key, JSON.stringify(draft));
        drafts.delete([draft.document, draft.client]);
      }
    };
    transaction.oncomplete = () => { opening.result.close(); resolve(); };
  };
})
"""
_COPIES = "() => Object.keys(localStorage).filter(key => key.startsWith('gollabedit.leaving.'))"


async def reviews(window: Window) -> Locator:
    """Open the dialog behind the notice."""
    await window.notice.get_by_role("button", name="Review").click()
    dialog = window.page.get_by_role("dialog", name="Unsent text")
    await expect(dialog).to_be_visible()
    return dialog


async def presses(dialog: Locator, name: str) -> None:
    await dialog.get_by_role("button", name=name).click()


async def merges(window: Window) -> None:
    await presses(await reviews(window), "Merge into document")


async def keeps(window: Window, *texts: str) -> None:
    """Wait until the browser has stored exactly these unsent texts."""
    async with asyncio.timeout(_DEADLINE_S):
        while sorted(await window.page.evaluate(_KEPT)) != sorted(texts):
            pass


async def tab_beside(room: Room, window: Window) -> Window:
    """Open another tab of the same browser on the same document."""
    tab = room.watch(Window(await window.context.new_page(), window.line))
    await tab.page.goto(f"{window.line.url}/d/{room.document}")
    return tab


async def closes(room: Room, window: Window) -> None:
    """Close the tab, but not its browser."""
    async with window.page.expect_event("close"):  # it says that it is there until then
        await window.page.close(run_before_unload=True)
    room.windows.remove(window)


async def leaves_unsent(room: Room, words: str, *, after: str) -> Window:
    """Let Ann type offline and close the tab. Return another page of her browser."""
    ann = await room.enter("Ann")
    other = room.watch(Window(await ann.context.new_page(), ann.line))
    ann.loses_connection()
    await ann.goes_after(after)
    await ann.types(words)
    await closes(room, ann)
    room.windows.remove(other)
    ann.line.mend()
    return other


async def comes_back(room: Room, browser: Window) -> Window:
    """Open the document again in that browser."""
    window = await tab_beside(room, browser)
    await window.settled()
    return window


# --- pages that end


@asynccontextmanager
async def chromium_on(profile: Path) -> AsyncIterator[BrowserContext]:
    """Run a browser with a profile on disk, which can be killed."""
    async with driver() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=path_of_chromium(), args=FLAGS
        )
        await context.add_init_script("localStorage.setItem('gollabedit.name', 'Ann')")
        yield context
        with suppress(Error):  # it was killed
            await context.close()


def process_of(profile: Path) -> int:
    """Return the process id of the browser with this profile."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):  # another one, which has ended
            continue
        is_child = any(word.startswith("--type=") for word in words)
        if f"--user-data-dir={profile}" in words and not is_child:
            return int(folder.name)
    raise AssertionError("no browser runs on the profile")


async def test_a_browser_that_is_killed_has_kept_every_word(room: Room, tmp_path: Path) -> None:
    await room.begin("First line.\n")
    line = await Line.to(room.server.port)
    address = f"{line.url}/d/{room.document}"
    text = "First line.\nevery word of it"
    async with chromium_on(tmp_path) as context:
        ann = Window(await context.new_page(), line)
        await ann.page.goto(address)
        await ann.settled()
        ann.line.cut()
        await ann.goes_after("First line.\n")
        await ann.types("every word of it")
        await keeps(ann, text)
        os.kill(process_of(tmp_path), signal.SIGKILL)
    line.mend()
    bo = await room.enter("Bo")
    await bo.goes_before("First")
    await bo.types("Bo came first. ")
    async with chromium_on(tmp_path) as context:
        ann = room.watch(Window(await context.new_page(), line))
        await ann.page.goto(address)
        await expect(ann.notice).to_contain_text("You have unsent text from")
        await expect(ann.notice).to_contain_text("4 words")
        await expect(ann.status).to_have_text("Unsent text")
        await ann.focused()
        await merges(ann)
        await expect(ann.toast).to_contain_text("was merged into the document.")
        await expect(ann.notice).to_be_hidden()
        await ann.reads(f"Bo came first. {text}")
        assert await room.agreed() == f"Bo came first. {text}"
        await keeps(ann)
        room.windows.remove(ann)
    await line.close()


async def test_a_tab_that_is_closed_while_offline_leaves_its_text_to_the_next(room: Room) -> None:
    await room.begin("Ann: \nBo: \n")
    browser = await leaves_unsent(room, "typed alone", after="Ann: ")
    bo = await room.enter("Bo")
    await bo.goes_after("Bo: ")
    await bo.types("typed meanwhile")
    ann = await comes_back(room, browser)
    await expect(ann.notice).to_contain_text("2 words")
    assert any("unsent text" in words for words in await ann.announced())
    await ann.reads("Ann: \nBo: typed meanwhile\n")
    await merges(ann)
    await ann.reads("Ann: typed alone\nBo: typed meanwhile\n")
    assert await room.agreed() == "Ann: typed alone\nBo: typed meanwhile\n"
    await expect(ann.page.get_by_role("dialog")).to_be_hidden()
    await expect(ann.notice).to_be_hidden()
    await expect(ann.text).to_be_focused()
    await expect(ann.status).to_have_text("Saved")
    await ann.page.reload()
    await ann.settled()
    await keeps(ann)
    await expect(ann.notice).to_be_hidden()


async def test_unsent_text_that_conflicts_is_parked_and_the_rest_merged(room: Room) -> None:
    await room.begin("Meet on Monday.\n\nBring:\n")
    ann = await room.enter("Ann")
    other = Window(await ann.context.new_page(), ann.line)
    ann.loses_connection()
    await ann.writes_over("Monday", "Friday")
    await ann.goes_after("Bring:")
    await ann.types(" cake")
    await closes(room, ann)
    other.line.mend()
    bo = await room.enter("Bo")
    await bo.writes_over("Monday", "Tuesday")
    await bo.settled()
    ann = await comes_back(room, other)
    await merges(ann)
    await expect(ann.toast).to_contain_text("except where it conflicted")
    assert await room.agreed() == "Meet on Tuesday.\n\nBring: cake\n"
    [branch] = await room.branches("unmerged")
    text = await room.git("show", f"unmerged/{branch}:{room.document}.txt")
    assert "Meet on Friday.\n" in text


async def test_what_arrived_just_before_the_tab_was_closed_is_not_offered(room: Room) -> None:
    ann = await room.enter("Ann")
    other = Window(await ann.context.new_page(), ann.line)
    ann.line.hold()
    await ann.types("sent, but not answered")
    await expect(ann.status).to_contain_text("Saving")
    await keeps(ann, "sent, but not answered")
    await closes(room, ann)
    other.line.release()
    ann = await tab_beside(room, other)
    await ann.reads("sent, but not answered")
    await keeps(ann)
    await expect(ann.notice).to_be_hidden()
    assert await room.agreed() == "sent, but not answered"


async def test_no_text_is_thrown_away_without_asking_twice(room: Room) -> None:
    await room.begin("First line.\n")
    browser = await leaves_unsent(room, "not wanted", after="line.\n")
    ann = await comes_back(room, browser)
    dialog = await reviews(ann)
    await presses(dialog, "Discard")
    await expect(dialog).to_contain_text("Permanently discard this text?")
    await ann.page.keyboard.press("Enter")  # the focus is on the harmless button
    await expect(dialog).not_to_contain_text("Permanently discard")
    await expect(dialog.get_by_role("button", name="Merge into document")).to_be_visible()
    await expect(ann.notice).to_contain_text("unsent text")
    await keeps(ann, "First line.\nnot wanted")
    await presses(dialog, "Discard")
    await presses(dialog, "Discard")
    await expect(dialog).to_be_hidden()
    await expect(ann.toast).to_contain_text("Discarded.")
    await expect(ann.notice).to_be_hidden()
    await keeps(ann)
    assert await room.agreed() == "First line.\n"


async def test_the_difference_is_shown_and_can_be_taken_away(room: Room) -> None:
    await room.begin("First line.\n")
    browser = await leaves_unsent(room, "typed\nalone", after="line.\n")
    ann = await comes_back(room, browser)
    dialog = await reviews(ann)
    await expect(dialog.locator("ins")).to_contain_text("typed")
    async with ann.page.expect_download() as downloading:
        await dialog.get_by_role("button", name="Download my text").click()
    path = await (await downloading.value).path()
    assert path.read_text() == "First line.\ntyped\nalone"
    await dialog.get_by_role("button", name="Copy my text").click()
    await expect(dialog).to_contain_text("Copied.")
    await ann.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(ann.text).to_be_focused()
    await expect(ann.notice).to_contain_text("unsent text")  # it stays on offer
    await ann.page.keyboard.press("Control+a")
    await ann.page.keyboard.press("Control+v")
    await ann.reads("First line.\ntyped\nalone")


async def test_a_merge_without_a_connection_is_said_and_can_be_tried_again(room: Room) -> None:
    await room.begin("First line.\n")
    browser = await leaves_unsent(room, "typed alone", after="line.\n")
    ann = await comes_back(room, browser)
    dialog = await reviews(ann)
    ann.loses_connection()
    await presses(dialog, "Merge into document")
    await expect(dialog).to_contain_text("There is no connection. It’s still stored here")
    await keeps(ann, "First line.\ntyped alone")
    await presses(dialog, "Close")
    await ann.reconnects()
    await expect(ann.notice).to_contain_text("unsent text")
    await merges(ann)
    await ann.reads("First line.\ntyped alone")
    assert await room.agreed() == "First line.\ntyped alone"


# --- several tabs


async def test_a_reloaded_page_offers_nothing(room: Room) -> None:
    ann = await room.enter("Ann")
    ann.line.hold()
    await ann.types("typed and not sent")
    await keeps(ann, "typed and not sent")
    await ann.page.reload()
    await ann.reads("typed and not sent")
    ann.line.release()
    assert await room.agreed() == "typed and not sent"
    await keeps(ann)
    await expect(ann.notice).to_be_hidden()
    assert len(set(ann.clients)) == 1


async def test_two_tabs_of_one_browser_are_two_clients(room: Room) -> None:
    await room.begin("One: \nTwo: \n")
    one = await room.enter("Ann")
    two = await tab_beside(room, one)
    await two.settled()
    one.loses_connection()
    two.may_lose_connection()
    await one.goes_after("One: ")
    await one.types("typed alone")
    await two.goes_after("Two: ")
    await two.types("typed alone, too")
    await keeps(one, "One: typed alone\nTwo: \n", "One: \nTwo: typed alone, too\n")
    one.line.mend()
    assert await room.agreed() == "One: typed alone\nTwo: typed alone, too\n"
    for tab in (one, two):
        await expect(tab.notice).to_be_hidden()
    assert len({*one.clients, *two.clients}) == 2
    await keeps(one)


async def test_a_duplicated_tab_is_another_client(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.types("mine ")
    await ann.settled()
    await ann.page.goto(ann.line.url)  # now the tab's storage has the snapshot of the page
    async with ann.context.expect_page() as opening:
        await ann.page.evaluate(f"() => void open('/d/{room.document}')")
    copy = room.watch(Window(await opening.value, ann.line))
    await copy.settled()
    await ann.page.go_back()
    await ann.settled()
    [mine], [copied] = await clients_of(ann), await clients_of(copy)
    assert mine != copied
    await copy.goes_after("mine ")
    await copy.types("and a copy's")
    assert await room.agreed() == "mine and a copy's"


async def clients_of(window: Window) -> set[str]:
    """Return the client of the page."""
    await expect(window.page.get_by_role("button", name="You:")).to_be_visible()
    return {window.clients[-1]} if window.clients else set()


async def test_a_tab_that_slept_while_its_text_was_sent_does_not_send_it_again(room: Room) -> None:
    await room.begin("First line.\n")
    one = await room.enter("Ann")
    one.loses_connection()
    await one.goes_after("line.\n")
    await one.types("typed alone")
    await keeps(one, "First line.\ntyped alone")
    # Chromium freezes no visible page, and a headless page is always visible.
    await one.page.evaluate("document.dispatchEvent(new Event('freeze'))")
    one.line.mend()
    two = await tab_beside(room, one)
    await merges(two)
    await two.reads("First line.\ntyped alone")
    await two.goes_before("First")
    await two.types("Two wrote this. ")
    await one.page.evaluate("document.dispatchEvent(new Event('resume'))")
    await one.reads("Two wrote this. First line.\ntyped alone")
    assert await room.agreed() == "Two wrote this. First line.\ntyped alone"


# --- leaving


async def test_who_leaves_is_asked_only_if_the_text_would_be_lost(room: Room) -> None:
    for is_storage_broken in (False, True):
        ann = await room.enter("Ann")
        asked: list[str] = []

        async def answer(dialog: Dialog, asked: list[str] = asked) -> None:
            asked.append(dialog.type)
            await dialog.accept()

        ann.page.on("dialog", answer)
        if is_storage_broken:
            await ann.page.add_init_script("indexedDB.open = () => { throw new Error('off'); }")
            await ann.page.reload()
            await ann.settled()
        ann.loses_connection()
        await ann.types("typed alone")
        if is_storage_broken:
            await expect(ann.notice).to_contain_text("can’t store your text")
        else:
            await keeps(ann, "typed alone")
        async with ann.page.expect_event("close"):
            await ann.page.close(run_before_unload=True)
        assert asked == (["beforeunload"] if is_storage_broken else [])
        room.windows.remove(ann)


async def test_text_whose_last_write_the_browser_dropped_is_offered_from_its_copy(
    room: Room,
) -> None:
    await room.begin("First.\n")
    async with Stage(room) as stage:
        bo = await stage.comes_back("First.", "Typed at the end. ")
        await bo.page.goto(bo.line.url)
        await bo.page.evaluate(_ONLY_COPIES)
        assert len(await bo.page.evaluate(_COPIES)) == 1
        await bo.page.goto(f"{bo.line.url}/d/{room.document}")
        await expect(bo.notice).to_contain_text("unsent text")
        assert await bo.page.evaluate(_COPIES) == []
        await keeps(bo, "Typed at the end. First.\n")
        await merges(bo)
        await bo.reads("Typed at the end. First.\n")
        await keeps(bo)
        await bo.page.reload()
        await bo.settled()
        await expect(bo.notice).to_be_hidden()
        assert await room.agreed() == "Typed at the end. First.\n"
