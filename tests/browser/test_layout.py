"""Nothing moves: header and text keep their places whatever people and the network do."""

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.stage import LETTER, Stage
from tests.browser.window import Window

_WIDTHS = (390, 768, 1100, 1440)
_PEOPLE = ("Ann", "Chloé", "小林", "Wilhelmina Featherstonehaugh-Cholmondeley of Marjoribanks")

# The header's height, its buttons, the state, and the text's first line, in pixels; and the changes
# of the state's words with their times in ms.
_PLACES = """() => {
  const box = it => { const {x, y, width, height} = it.getBoundingClientRect();
    return [x, y, width, height].map(Math.round); };
  const at = id => box(document.getElementById(id));
  const text = document.getElementById('text');
  const top = text.getBoundingClientRect().top + parseFloat(getComputedStyle(text).paddingTop);
  const header = document.querySelector('.document > header');
  return {header: box(header), rows: header.scrollHeight <= header.clientHeight,
    faces: at('faces'), line: Math.round(top - text.scrollTop), foot: at('counts')[1],
    ...Object.fromEntries(['home', 'title', 'state', 'undo', 'redo', 'share-button', 'me']
      .map(id => [id, at(id).slice(0, 2)]))};
}"""
_WATCH = """() => {
  changes = [];
  const state = document.getElementById('state-text');
  new MutationObserver(() => changes.push([performance.now(), state.textContent]))
    .observe(state, {childList: true, characterData: true, subtree: true});
}"""


async def places(window: Window) -> dict[str, Any]:
    found: dict[str, Any] = await window.page.evaluate(_PLACES)
    return found


async def places_by_width(window: Window) -> dict[int, dict[str, Any]]:
    found = {}
    for width in _WIDTHS:
        await window.page.set_viewport_size({"width": width, "height": 720})
        found[width] = await places(window)
    return found


@pytest.mark.engines
async def test_header_and_text_keep_their_places_whatever_happens(room: Room) -> None:
    await room.begin(LETTER)
    async with Stage(room, reduced_motion="reduce") as stage:
        bo = await stage.enters()
        await expect(bo.status).to_have_text("Saved")
        before = await places_by_width(bo)
        assert all(it["rows"] and it["header"][3] == 48 for it in before.values())
        await bo.page.evaluate(_WATCH)

        async def moved(what: str) -> None:
            assert await places_by_width(bo) == before, what

        await bo.goes_after("who has a trailer?")
        for _ in range(5):
            await bo.types("forty letters, typed one after another. ")
            await moved("typing")
        people = [await stage.joins(name) for name in _PEOPLE]
        await expect(bo.faces).to_have_accessible_name(re.compile("5 people here"))
        await moved("4 people joined")
        people += [await stage.joins(f"Guest {number}") for number in range(15)]
        await expect(bo.people.locator("li")).to_have_count(20)
        await moved("20 people are here")
        for person in people[1:]:
            await person.close()
        await expect(bo.people.locator("li")).to_have_count(2)
        await moved("18 people left")

        bo.loses_connection()
        await expect(bo.status).to_have_text("Offline")
        await moved("offline")
        await bo.reconnects()
        await expect(bo.status).to_have_text("Saved")
        await moved("online again")

        await disagree(bo, people[0])
        await moved("a conflict")
        await bo.opens_dialog()
        await bo.chooses("Your version")
        await bo.uses_this()
        await expect(bo.dialog).to_be_hidden()
        await expect(bo.notice).to_be_hidden()
        await bo.toast.get_by_role("button", name="Dismiss").click()
        await moved("the end of the conflict")

        changes: list[tuple[float, str]] = await bo.page.evaluate("changes")
        times = [time for time, _ in changes]
        gaps = [after - before for before, after in pairwise(times)]
        assert all(gap > 900 for gap in gaps), changes


async def disagree(window: Window, ann: Any) -> None:
    await window.settled()
    window.line.hold()
    await ann.sync()
    assert (await ann.edit(ann.text.replace("Saturday", "Sunday")))["type"] == "merged"
    await window.writes_over("Saturday", "Friday evening")
    window.line.release()
    await expect(window.conflict).to_be_visible()


async def test_a_long_text_stays_where_it_was_scrolled_to_when_a_notice_comes_and_goes(
    room: Room,
) -> None:
    await room.begin("\n".join(f"Line {number} of the text." for number in range(200)))
    bo = await room.enter("Bo")
    await bo.text.evaluate("area => { area.scrollTop = 1500; }")
    line = (await places(bo))["line"]
    bo.loses_connection()
    await expect(bo.notice).to_be_visible()
    assert (await places(bo))["line"] == line
    await bo.reconnects()
    await expect(bo.notice).to_be_hidden()
    assert (await places(bo))["line"] == line
