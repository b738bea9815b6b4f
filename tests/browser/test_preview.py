"""The preview and the read view: a text as a page, live, and what it cannot do."""

import json
import re
from asyncio import StreamReader, StreamWriter, start_server
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession
from playwright.async_api import Dialog, FrameLocator, Route, expect

from tests.browser.access import ALL, COLORS, violations
from tests.browser.closed_server import ClosedServer
from tests.browser.room import Room
from tests.browser.window import Window

_ROOT = Path(__file__).parents[2]
_TEXT = """\
# Party

Bring a *chair*. See [the plan](plan.md), [the hall](https://hall.example.org) and [below](#to-do).

![A map](https://maps.example.org/map.png)

## To do

- [ ] a trailer 🚚
- [x] music
  - [ ] from eight
"""
_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c636060f8cf500f0003860180"
    "5a345c650000000049454e44ae426082"
)
_EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n", re.DOTALL | re.MULTILINE)
_ELSEWHERE = re.compile(r"(?:https?:)?//(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)
_LONG_MS = 30_000
# What ends whatever Markdown or HTML a text before it has begun.
_CLOSERS = "\n\n--> ]]> ?> </script></style></pre></textarea></title></xmp>\n\n"
_FRAME = "document.querySelector('#sheet-frame iframe').contentDocument"
_STRANGERS = f"""() => {{
    const elements = [...{_FRAME}.querySelectorAll('article, article *')];
    const tags = new Set(elements.map(it => it.localName));
    const attributes = new Set(elements.flatMap(it => it.getAttributeNames()));
    const links = elements.filter(it => it.localName === 'a' && it.hasAttribute('href'));
    return [[...tags], [...attributes], links.map(it => [it.getAttribute('href'), it.rel])];
}}"""
_PUT_INTO_FRAME = f"""async texts => {{
    const article = {_FRAME}.querySelector('article');
    for (const text of texts) {{
        article.innerHTML = text;
        await new Promise(resolve => setTimeout(resolve));
    }}
    article.innerHTML = '<p>' + texts.join('<p>');
    await new Promise(resolve => setTimeout(resolve, 200));
}}"""


def page_of(window: Window) -> FrameLocator:
    """Return what the window shows as a page."""
    return window.page.frame_locator("#sheet-frame iframe")


async def previewed(room: Room, text: str, **look: Any) -> tuple[Window, FrameLocator]:
    await room.begin(text)
    bo = await room.enter("Bo", **look)
    page = page_of(bo)
    await bo.page.keyboard.press("Control+e")
    await expect(page.locator("article > div").first).to_be_visible()
    return bo, page


@pytest.mark.engines
async def test_the_text_is_shown_as_a_page_and_its_tasks_can_be_ticked(room: Room) -> None:
    bo, page = await previewed(room, _TEXT)
    ann = await room.enter("Ann")
    await expect(page.get_by_role("heading", name="To do")).to_be_visible()
    await page.get_by_text("Bring a").evaluate("it => { it.isKept = true; }")

    await ann.writes_over("Party", "Summer party")
    await expect(page.get_by_role("heading", name="Summer party")).to_be_visible()
    assert await page.get_by_text("Bring a").evaluate("it => it.isKept === true")

    box = page.get_by_role("checkbox", name="a trailer")
    await bo.page.bring_to_front()  # Firefox sends keys into a frame of this window only
    await box.press("Space")
    await ann.reads(_TEXT.replace("Party", "Summer party").replace("[ ] a", "[x] a"))
    await expect(box).to_be_checked()
    await expect(box).to_be_focused()
    await page.get_by_role("checkbox", name="from eight").click()
    await ann.goes_before("Bring")
    await ann.types("Please: ")
    await expect(page.get_by_text("Please: Bring a")).to_be_visible()
    await bo.page.keyboard.press("Escape")
    assert await bo.has_focus()
    await bo.page.keyboard.press("Control+z")
    assert "- [x] a trailer 🚚\n- [x] music\n  - [ ] from eight" in await room.agreed()
    await expect(page.get_by_role("checkbox", name="from eight")).not_to_be_checked()

    await bo.page.keyboard.press("Control+e")
    await expect(bo.page.locator("#preview")).to_be_hidden()
    assert await bo.has_focus()


async def test_text_and_page_scroll_together(room: Room) -> None:
    text = "".join(f"## Part {number}\n\n{'word ' * 60}\n\n" for number in range(60))
    bo, page = await previewed(room, text, viewport={"width": 1100, "height": 720})
    await expect(page.get_by_role("heading", name="Part 59")).to_be_attached()
    for part in (30, 59, 0):
        await bo.text.evaluate(
            "(area, part) => { area.scrollTop = area.scrollHeight * part / 60; }", part
        )
        await expect(page.get_by_role("heading", name=f"Part {part}")).to_be_in_viewport()
    await page.get_by_role("heading", name="Part 45").scroll_into_view_if_needed()
    share = "it => it.scrollTop / (it.scrollHeight - it.clientHeight)"
    await bo.page.wait_for_function(
        f"() => {{ const share = {share};"
        " return Math.abs(share(document.getElementById('text')) -"
        f" share({_FRAME}.documentElement)) < 0.03"
        " && document.getElementById('text').scrollTop > 0; }"
    )


async def test_the_divider_moves_by_keys_and_by_the_pointer_and_stays(room: Room) -> None:
    bo, page = await previewed(room, _TEXT, viewport={"width": 1100, "height": 720})
    divider = bo.page.get_by_role("separator", name="Width of the text")
    await divider.press("ArrowRight")
    await expect(divider).to_have_attribute("aria-valuenow", "55")
    await divider.press("End")
    await expect(divider).to_have_attribute("aria-valuenow", "80")
    box = await divider.bounding_box()
    assert box
    await bo.page.mouse.move(box["x"] + 4, 300)
    await bo.page.mouse.down()
    await bo.page.mouse.move(440, 300, steps=3)
    await bo.page.mouse.move(330, 310, steps=3)
    await bo.page.mouse.up()
    await expect(divider).to_have_attribute("aria-valuenow", "30")
    assert await bo.text.evaluate("area => area.offsetWidth") == 330

    await bo.page.reload()  # all stays as it was left on this device
    await expect(divider).to_have_attribute("aria-valuenow", "30")
    await expect(page.get_by_role("heading", name="Party")).to_be_visible()
    await bo.focused()
    assert "Preview shown." not in await bo.announced()
    await bo.page.keyboard.press("Control+e")
    await expect(divider).to_be_hidden()
    await bo.page.reload()
    await bo.settled()
    await expect(divider).to_have_count(0)


async def test_links_lead_where_they_may_and_pictures_come_after_a_click(room: Room) -> None:
    bo, page = await previewed(room, _TEXT)
    asked = []

    async def answer(route: Route) -> None:
        asked.append(route.request.url)
        assert "referer" not in await route.request.all_headers()
        await route.fulfill(body=_PICTURE, content_type="image/png")

    await bo.context.route("https://*.example.org/**", answer)
    hall = page.get_by_role("link", name="the hall")
    await expect(hall).to_have_attribute("href", "https://hall.example.org/")
    await expect(hall).to_have_attribute("target", "_blank")
    await expect(hall).to_have_attribute("rel", "noopener noreferrer")
    await expect(page.get_by_text("A map (picture from maps.example.org)")).to_be_visible()
    assert asked == []
    await bo.page.get_by_role("button", name="Load pictures from maps.example.org").click()
    await expect(page.get_by_role("img", name="A map")).to_have_js_property("naturalWidth", 1)
    assert asked == ["https://maps.example.org/map.png"]
    await expect(bo.page.locator("#sheet-pictures")).to_be_hidden()

    await page.get_by_role("link", name="the plan").click()
    await expect(bo.page).to_have_url(f"{bo.line.url}/d/plan.md")


async def test_on_a_phone_the_page_takes_the_place_of_the_text(room: Room) -> None:
    look = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}
    await room.begin(_TEXT)
    bo = await room.enter("Bo", **look)
    page = page_of(bo)
    await bo.opens_menu()
    await bo.page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("heading", name="Party")).to_be_in_viewport()
    await expect(bo.text).to_be_hidden()
    close = bo.page.get_by_role("button", name="Close preview")
    await expect(close).to_be_focused()
    await close.click()
    await expect(bo.text).to_be_visible()


async def test_who_has_a_link_to_view_reads_the_page_live(closed_room: Room) -> None:
    server = closed_room.server
    assert isinstance(server, ClosedServer)
    await closed_room.begin(_TEXT)
    ann = await closed_room.enter("Ann")
    guest = await closed_room.window(
        "Guest 7", await server.makes_link(closed_room.document, "view")
    )
    page = page_of(guest)
    address = f"{guest.line.url}/d/{closed_room.document}"
    await expect(guest.page).to_have_url(f"{address}/view")
    await expect(page.get_by_role("heading", name="Party")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="music")).to_be_disabled()
    await ann.writes_over("Party", "Ball")
    await expect(page.get_by_role("heading", name="Ball")).to_be_visible()
    await expect(guest.page).to_have_title("Ball – GollabEdit")

    await guest.page.get_by_role("navigation", name="Outline").get_by_text("To do").click()
    await expect(guest.page).to_have_url(f"{address}/view#to-do")
    async with guest.page.expect_download() as downloading:
        await guest.page.get_by_role("button", name="Download HTML").click()
    saved = (await (await downloading.value).path()).read_text()
    assert '<h1 id="ball">Ball</h1>' in saved
    assert "default-src 'none'" in saved
    copy = await guest.context.new_page()
    await copy.set_content(saved)
    await expect(copy.get_by_role("heading", name="Ball")).to_be_visible()
    assert await violations(copy, ALL) == []
    await copy.emulate_media(color_scheme="dark")
    assert await violations(copy, COLORS) == []
    await copy.close()
    await guest.page.evaluate(
        f"() => {{ {_FRAME}.defaultView.print = () => {{ document.title = 'printed'; }}; }}"
    )
    await guest.page.keyboard.press("Control+p")
    await expect(guest.page).to_have_title("printed")

    await guest.page.goto(f"{address}#L9")  # as from a search
    await expect(page.locator("[data-linked]")).to_contain_text("a trailer 🚚")
    assert "Line 9: - [ ] a trailer 🚚" in await guest.announced()
    await guest.page.evaluate("location.hash = '#L3'")
    await expect(page.locator("[data-linked]")).to_contain_text("Bring a chair")
    assert await violations(guest.page, ALL) == []

    await guest.page.get_by_role("link", name="Plain text").click()
    await expect(guest.page).to_have_url(f"{address}?plain")
    await expect(guest.status).to_have_text("View only")
    await server.revokes_links(closed_room.document)


def hostile_texts(server: str) -> list[str]:
    """Return the payloads of DOMPurify's tests and the examples of CommonMark.

    Args:
        server: the address of the server that takes the place of those on the Internet.
    """
    payloads: list[str] = json.loads((_ROOT / "tests/vectors/xss.json").read_text())["payloads"]
    spec = (_ROOT / "node_modules/commonmark-spec/spec.txt").read_text()
    examples = [it.replace("→", "\t") for it in _EXAMPLE.findall(spec)]
    assert len(payloads) > 200
    assert len(examples) > 600
    own = (
        '<img src="/healthz"><iframe src="/healthz"></iframe><link rel="prefetch" href="/healthz">'
    )
    texts = [*payloads, *examples, own, own.replace("/healthz", "https://example.org/")]
    return [_ELSEWHERE.sub(server, it.replace("\0", "")) for it in texts]


@asynccontextmanager
async def elsewhere() -> AsyncIterator[tuple[str, list[str]]]:
    """Run a server in the place of those on the Internet; its address, and who has come to it."""
    came: list[str] = []

    async def note(_: StreamReader, writer: StreamWriter) -> None:
        came.append(writer.get_extra_info("peername"))
        writer.close()

    server = await start_server(note, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server:
        yield f"http://{host}:{port}", came


def watch(window: Window) -> tuple[list[str], list[str]]:
    """Note the addresses that a window asks for, also in vain, and its dialogs and new tabs."""
    tried: list[str] = []
    opened: list[str] = []

    async def dismiss(dialog: Dialog) -> None:
        opened.append(dialog.message)
        await dialog.dismiss()

    window.page.on("request", lambda it: tried.append(it.url.removeprefix(window.line.url)))
    window.page.on("dialog", dismiss)
    window.page.on("popup", lambda popup: opened.append(popup.url))
    return tried, opened


async def has_only_what_is_allowed(window: Window) -> None:
    tags, attributes, links = await window.page.evaluate(_STRANGERS)
    clean = (_ROOT / "web/preview/clean.js").read_text()
    allowed = set(
        re.findall(r"[\w-]+", clean[clean.index("const TAGS") : clean.index("const OWN")])
    )
    assert set(tags) - {"article"} <= allowed
    added = {"tabindex", "aria-label", "id", "rel", "target", "checked", "disabled"}
    assert set(attributes) - added - {"data-document", "data-picture"} <= allowed
    assert links
    assert all(re.match(r"(https?://|mailto:|#)", href) for href, _ in links)
    assert {rel for _, rel in links} == {"noopener noreferrer"}


@pytest.mark.engines
async def test_no_text_runs_a_script_loads_anything_or_opens_a_dialog(room: Room) -> None:
    async with elsewhere() as (address, came):
        texts = hostile_texts(address)
        await room.begin(_CLOSERS.join([*texts, "THE END"]))
        bo = await room.window("Bo", "/healthz")
        # What the pages and the frame did not run is written to the console.
        bo.excuses("Content Security Policy", "Content-Security-Policy")
        tried, opened = watch(bo)
        await bo.page.goto(f"{bo.line.url}/d/{room.document}/view")
        await expect(page_of(bo).get_by_text("THE END")).to_be_attached(timeout=_LONG_MS)
        known = re.compile(r"^/(static/[\w./]+|preview|ws/[\w-]+|d/[\w-]+/view)$|^data:image/")
        assert [it for it in tried if not known.match(it)] == []
        await has_only_what_is_allowed(bo)

        # The frame holds by itself, too; the browser says of all that it has stopped it.
        bo.excuses("")
        await bo.page.evaluate(_PUT_INTO_FRAME, texts)
        assert opened == []
        assert came == []
        async with ClientSession() as http:  # it would have noted it
            with suppress(ClientError):
                await http.get(address)
        assert came
