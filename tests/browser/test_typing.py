"""Two users type at the same time: neither loses a letter, a selection or a composition."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.room import Room
from tests.browser.window import Window
from tests.server.sockets.harness import git

_EMOJI = "👩‍👩‍👧"
_COMBINED = "e\u0301"

# Collects what is written although it was there already. Each change is compared with the next one
# of the same attribute, or with what is there in the end.
_WATCH = """() => {
    repeated = [];
    new MutationObserver(changes => {
      changes.forEach(({type, target, attributeName, oldValue, addedNodes, removedNodes}, at) => {
        const where = [target.id || target.className || target.localName, attributeName];
        if (type === 'childList') {
          const [before, after] = [removedNodes, addedNodes].map(([...nodes]) => nodes
            .map(node => node.nodeType === Node.TEXT_NODE ? node.data : `<${node.localName}>`));
          if (before.join() === after.join() && !before.join().includes('<'))
            repeated.push([...where, before.join()]);
          return;
        }
        const next = changes.slice(at + 1).find(it => it.type === type && it.target === target
          && it.attributeName === attributeName);
        const now = type === 'attributes' ? target.getAttribute(attributeName) : target.data;
        if (oldValue === (next ? next.oldValue : now)) repeated.push([...where, oldValue]);
      });
    }).observe(document, {subtree: true, childList: true, attributes: true,
      attributeOldValue: true, characterData: true, characterDataOldValue: true});
}"""


def words_of(name: str, count: int = 25) -> list[str]:
    """Return words that are unique to a user."""
    return [f"{name}{number}" for number in range(count)]


async def type_at_once(ann: Window, bo: Window, count: int = 25) -> tuple[list[str], list[str]]:
    """Let both type words at full speed; return the words."""
    anns, bos = words_of("ann", count), words_of("bo", count)
    await asyncio.gather(ann.types(" ".join(anns)), bo.types(" ".join(bos)))
    return anns, bos


@pytest.mark.engines
async def test_two_who_type_on_their_own_lines_get_every_letter_where_it_was_typed(
    room: Room, tmp_path: Path
) -> None:
    ann, bo = await room.pair("Ann: \nin between\nBo: \n")
    await ann.goes_after("Ann: ")
    await bo.goes_after("Bo: ")
    anns, bos = (" ".join(words) for words in await type_at_once(ann, bo))
    merged = f"Ann: {anns}\nin between\nBo: {bos}\n"
    await ann.reads(merged)
    await bo.reads(merged)
    assert await ann.selected() == merged.replace(anns, f"{anns}|")
    assert await bo.selected() == merged.replace(bos, f"{bos}|")
    assert await room.agreed() == merged
    await git("clone", "--quiet", f"{room.server.url}/{room.document}.git", str(tmp_path / "clone"))
    assert (tmp_path / "clone" / f"{room.document}.txt").read_text() == merged
    authors = await git("log", "--format=%an", cwd=tmp_path / "clone")
    assert {"Ann", "Bo", "Scribe"} <= set(authors.splitlines())


async def test_the_page_writes_nothing_that_is_there_already(room: Room) -> None:
    ann, bo = await room.pair("Ann: \nin between\nBo: \n")
    await ann.goes_after("Ann: ")
    await bo.goes_after("Bo: ")
    await ann.page.evaluate(_WATCH)
    await type_at_once(ann, bo, 6)
    await room.agreed()
    assert await ann.page.evaluate("repeated") == []


async def test_two_who_type_at_the_same_spot_never_get_their_words_mixed(room: Room) -> None:
    ann, bo = await room.pair()
    anns, bos = await type_at_once(ann, bo)
    await ann.types(" ")
    await bo.types(" ")
    typed = (await room.agreed()).split()
    # Two words may touch if no space was typed between them; letters stay together.
    text = "".join(typed)
    assert len(text) == len("".join(anns + bos))
    for words in (anns, bos):
        assert not [word for word in words if word not in text], text
        places = [text.index(word) for word in words]
        assert places == sorted(places)


async def test_the_founding_example_ends_in_good_morning_everybody(room: Room) -> None:
    ann, bo = await room.pair("Hello world!")
    ann.line.hold()
    bo.line.hold()
    await ann.writes_over("Hello", "Good morning")
    await bo.writes_over("world", "everybody")
    await ann.reads("Good morning world!")
    await bo.reads("Hello everybody!")
    ann.line.release()
    bo.line.release()
    await ann.reads("Good morning everybody!")
    await bo.reads("Good morning everybody!")
    assert await room.agreed() == "Good morning everybody!"
    await expect(ann.notice).to_be_hidden()
    await expect(bo.notice).to_be_hidden()


@pytest.mark.engines
@pytest.mark.parametrize("direction", ["forward", "backward"])
async def test_a_selection_stays_on_its_words_whatever_others_write(
    room: Room, direction: str
) -> None:
    ann, bo = await room.pair("before mine and yours after")
    await ann.selects("mine and yours", direction=direction)
    for place, insertion, selected in (
        ("before", " far", "mine and yours"),
        ("before far ", "close ", "mine and yours"),
        ("mine", " own", "mine own and yours"),
        ("yours", " alone", "mine own and yours"),
        ("after", " all", "mine own and yours"),
    ):
        await bo.goes_after(place)
        await bo.types(insertion)
        await ann.reads(await bo.settled())
        assert await ann.selected() == selected
    assert await ann.text.evaluate("area => area.selectionDirection") == direction
    await ann.types("all of it")
    assert await room.agreed() == "before far close all of it alone after all"


@pytest.mark.engines
async def test_what_others_type_at_my_caret_stays_to_its_right(room: Room) -> None:
    ann, bo = await room.pair("left right")
    await ann.goes_after("left ")
    await bo.goes_after("left ")
    await bo.types("theirs ")
    await ann.reads("left theirs right")
    assert await ann.selected() == "left |theirs right"
    await ann.types("mine ")
    assert await room.agreed() == "left mine theirs right"


@pytest.mark.engines
async def test_my_caret_at_the_start_of_a_line_stays_with_the_line(room: Room) -> None:
    ann, bo = await room.pair("- one\n\n- two\n")
    await ann.goes_before("\n- two")  # an empty line, begun with Enter
    await bo.goes_before("\n- two")
    await bo.page.keyboard.insert_text("- new\n")
    await ann.reads("- one\n- new\n\n- two\n")
    await ann.types("- mine")
    assert await room.agreed() == "- one\n- new\n- mine\n- two\n"


@pytest.mark.engines
async def test_what_i_read_stays_in_place_when_others_write_above_it(room: Room) -> None:
    ann, bo = await room.pair("".join(f"line {number}\n" for number in range(200)))
    await ann.goes_after("line 150")  # which also brings it into view
    first_seen = "({scrollTop, scrollHeight}) => scrollHeight - scrollTop"  # from the end
    await ann.text.evaluate("area => area.scrollTop = area.scrollHeight / 2")
    before = await ann.text.evaluate(first_seen)
    await bo.goes_before("line 3")
    await bo.types("one\ntwo\nthree\n")
    await ann.reads(await bo.settled())
    assert await ann.text.evaluate(first_seen) == before
    await bo.goes_after("line 190")
    await bo.types("\nbelow")
    below = await bo.settled()
    top = await ann.text.evaluate("area => area.scrollTop")
    await ann.reads(below)
    assert await ann.text.evaluate("area => area.scrollTop") == top
    assert "line 150|" in await ann.selected()


async def test_while_others_changes_are_on_hold_the_own_ones_are_sent(room: Room) -> None:
    ann, bo = await room.pair("Ann: \nBo: \n")
    await ann.faces.click()
    hold = ann.page.locator("#hold")
    await expect(hold).to_have_accessible_name("Hold their changes")
    await hold.click()
    await expect(hold).to_have_text("Show their changes")
    await ann.page.keyboard.press("Escape")
    await expect(ann.status).to_have_text("On hold")
    await expect(ann.notice).to_contain_text("Others’ changes are on hold.")
    await bo.goes_after("Bo: ")
    await bo.types("theirs")
    await expect(ann.status).to_have_text(re.compile(r"^On hold · \d+$"))
    await expect(ann.notice).to_contain_text("waiting.")
    await ann.goes_after("Ann: ")
    await ann.types("mine")
    await bo.reads("Ann: mine\nBo: theirs\n")
    await ann.reads("Ann: mine\nBo: \n")
    await ann.notice.get_by_role("button", name="Show their changes").click()
    await ann.reads("Ann: mine\nBo: theirs\n")
    await expect(ann.notice).to_be_hidden()
    await expect(hold).to_have_text("Hold their changes")
    await expect(ann.status).to_have_text("Saved")
    await ann.goes_after("mine")
    await ann.types(" again")
    assert await room.agreed() == "Ann: mine again\nBo: theirs\n"


async def test_a_composition_is_neither_broken_off_nor_doubled_by_others(room: Room) -> None:
    # Bo writes before another word: a word that both change may be a conflict.
    ann, bo = await room.pair("It starts\nend")
    await ann.goes_after("starts")
    keyboard = await ann.context.new_cdp_session(ann.page)
    await ann.page.evaluate(
        "endings = 0; addEventListener('compositionend', () => endings++, true)"
    )
    for draft in ("k", "か", "かn", "かん"):
        size = len(draft)
        await keyboard.send(
            "Input.imeSetComposition", {"text": draft, "selectionStart": size, "selectionEnd": size}
        )
    await bo.goes_before("It")
    await bo.types("Bo's ")
    await bo.goes_after("end")
    await bo.types(" of all")
    await ann.has_heard(bo, "Robert")
    await ann.reads("It startsかん\nend")
    assert await ann.page.evaluate("endings") == 0
    await keyboard.send("Input.insertText", {"text": "漢"})
    await ann.reads("Bo's It starts漢\nend of all")
    await ann.types("字")
    assert await room.agreed() == "Bo's It starts漢字\nend of all"


@pytest.mark.engines
async def test_emoji_and_combining_marks_stay_whole_next_to_each_other(room: Room) -> None:
    ann, bo = await room.pair("A🎉B")
    ann.line.hold()
    bo.line.hold()
    await ann.goes_after("A")
    await ann.types("👍🏽")
    await bo.goes_after("🎉")
    await bo.types(_COMBINED)
    ann.line.release()
    bo.line.release()
    await ann.reads(f"A👍🏽🎉{_COMBINED}B")
    assert await room.agreed() == f"A👍🏽🎉{_COMBINED}B"
    await ann.page.keyboard.insert_text(_EMOJI)  # in one go, as emoji keyboards do
    await bo.types("ñ")
    assert await room.agreed() == f"A👍🏽{_EMOJI}🎉{_COMBINED}ñB"
    await bo.page.keyboard.press("Backspace")
    await ann.page.keyboard.press("Delete")
    assert await room.agreed() == f"A👍🏽{_EMOJI}{_COMBINED}B"
