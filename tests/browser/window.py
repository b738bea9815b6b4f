"""A user's window: a page in its own browser context, and what its user does and sees."""

import json
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, WebSocket, expect

from tests.browser.line import Line

# What Chromium and Firefox log when a connection fails.
_CONNECTION_FAILED = (
    *("WebSocket connection to", "net::ERR_"),
    *("establish a connection to the server at ws://", "was interrupted while the page was"),
)

# Its scripts run in every frame, also in one without scripts; and it may block service workers.
_OF_THE_DRIVER = ("Blocked script execution in", "Service Worker registration blocked")

# Runs before the page's own scripts, and records the announcements. The same words count again each
# time they are announced.
LISTENER = """
    announcements = [];
    new MutationObserver(changes => {
      const regions = changes.map(({target}) =>
        (target.closest ? target : target.parentElement)?.closest('[role=status], output'));
      for (const region of new Set(regions)) {
        if (region?.checkVisibility() && region.textContent.trim()) {
          announcements.push(region.textContent.trim());
        }
      }
    }).observe(document, {subtree: true, childList: true, characterData: true});
"""
_LOOK_MS = 20  # between two looks
_ANNOUNCE = "words => import('/static/people/announcer.js').then(({announce}) => announce(words))"
_END = "That was all."
_DRAWN = """([selector, index]) => {
    const mark = document.querySelectorAll(selector)[index];
    if (!mark?.checkVisibility()) return null;
    const {x, y, width, height} = mark.getBoundingClientRect();
    return [x, y, width, height];
}"""
_SELECT = """(area, [words, isFromEnd, isToEnd, direction]) => {
    const start = area.value.indexOf(words);
    if (start < 0) throw new Error(`no ${words} in ${area.value}`);
    area.focus();
    const end = start + words.length;
    area.setSelectionRange(isFromEnd ? end : start, isToEnd ? end : start, direction);
}"""
# If the notice has not gone by itself.
_RECONNECT = """() => {
    const button = document.getElementById('notice-action');
    if (button.textContent === 'Reconnect') button.click();
}"""


class Window:
    """One tab on one document."""

    def __init__(self, page: Page, line: Line) -> None:
        self.page = page
        self.line = line
        self.errors: list[str] = []
        self.clients: list[str] = []  # its client in each welcome
        self._excused = [*_OF_THE_DRIVER]
        page.on("pageerror", lambda error: self._failed(f"{error.message}\n{error.stack}"))
        page.on("console", self._heard)
        page.on("websocket", self._opened)

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    # --- what its user sees

    @property
    def text(self) -> Locator:
        return self.page.get_by_label("Document text")

    @property
    def status(self) -> Locator:
        return self.page.locator("#state-text")

    @property
    def faces(self) -> Locator:
        """The button with the faces of the others."""
        return self.page.locator("#people-button")

    @property
    def people(self) -> Locator:
        """The list of people, behind that button."""
        return self.page.locator("#people")

    @property
    def notice(self) -> Locator:
        return self.page.get_by_role("region", name="Notice", exact=True)

    @property
    def conflict(self) -> Locator:
        """The button of the notice about a conflict."""
        return self.notice.filter(has_text="changed the same words").get_by_role("button")

    @property
    def dialog(self) -> Locator:
        """The dialog for a conflict."""
        return self.page.locator("#conflict")

    @property
    def outcome(self) -> Locator:
        """What everyone will see, in the dialog."""
        return self.page.locator("#outcome-text")

    @property
    def result(self) -> Locator:
        return self.dialog.get_by_label("Your text", exact=True)

    @property
    def toast(self) -> Locator:
        return self.page.locator("#toast")

    async def reads(self, text: str) -> None:
        """Wait until the window shows this text."""
        await expect(self.text).to_have_value(text)

    async def settled(self) -> str:
        """Wait until the server has everything and the window shows everything; return the text."""
        # Without a frame for each look, which takes three times the CPU.
        await self.page.wait_for_function("() => window.gollabedit?.settled()", polling=_LOOK_MS)
        return await self.text.input_value()

    async def selected(self) -> str:
        """Return the selected words, or the whole text with `|` at the caret if there are none."""
        return str(
            await self._evaluate(
                """({value, selectionStart: start, selectionEnd: end}) => start === end
                    ? `${value.slice(0, start)}|${value.slice(start)}` : value.slice(start, end)"""
            )
        )

    async def drawn(self, selector: str, index: int = 0) -> list[float]:
        """Return left, top, width and height of what is drawn over the text.

        In one go: it is drawn anew in each frame.
        """
        found = await self.page.wait_for_function(_DRAWN, arg=[f"#overlay {selector}", index])
        return list(await found.json_value())

    async def has_focus(self) -> bool:
        """Return whether the document has the focus."""
        return bool(await self._evaluate("area => area === document.activeElement"))

    async def focused(self) -> None:
        """Wait until the document has the focus: a dialog gives it back once it is closed."""
        await self.page.wait_for_function(
            "() => document.activeElement === document.getElementById('text')", polling=_LOOK_MS
        )

    async def announced(self) -> list[str]:
        """Return the announcements since the last call."""
        await self.page.evaluate(_ANNOUNCE, _END)  # after all pending announcements
        said = await self.page.wait_for_function(
            "end => announcements.includes(end) && announcements.splice(0)", arg=_END
        )
        return [words for words in await said.json_value() if words != _END]

    # --- what its user does

    async def types(self, words: str, *, pause_ms: float = 0) -> None:
        """Type at the caret, key by key."""
        await self.page.keyboard.type(words, delay=pause_ms)

    async def pastes_over(self, old: str, new: str) -> None:
        """Replace some words in one go, which takes the page far less than key by key."""
        await self.selects(old)
        await self.page.keyboard.insert_text(new)

    async def selects(self, words: str, *, direction: str = "forward") -> None:
        await self._evaluate(_SELECT, [words, False, True, direction])

    async def goes_after(self, words: str) -> None:
        """Move the caret behind some words."""
        await self._evaluate(_SELECT, [words, True, True, "forward"])

    async def goes_before(self, words: str) -> None:
        """Move the caret before some words."""
        await self._evaluate(_SELECT, [words, False, False, "forward"])

    async def writes_over(self, old: str, new: str) -> None:
        """Select some words and type others."""
        await self.selects(old)
        await self.types(new)

    async def renames_itself(self, name: str) -> None:
        await self.opens_menu()
        await self.page.get_by_role("button", name="Change name").click()
        field = self.page.get_by_role("dialog").get_by_label("Your name")
        await field.fill(name)
        await field.press("Enter")
        await self.text.focus()

    async def opens_menu(self) -> None:
        await self.page.get_by_role("button", name="You:").click()

    async def opens_dialog(self) -> None:
        await self.conflict.click()
        await expect(self.dialog).to_be_visible()

    async def chooses(self, choice: str) -> None:
        await self.dialog.get_by_role("radio", name=choice, exact=True).check()

    async def uses_this(self) -> None:
        """Press the button that decides, whatever it says."""
        await self.dialog.locator("#use-this").click()

    async def has_heard(self, other: "Window", name: str) -> None:
        """Wait until everything that `other` has saved has reached this window's page.

        The new name travels behind it on the same socket.
        """
        await other.settled()
        await other.renames_itself(name)
        await expect(self.people).to_contain_text(name)

    # --- what happens to it

    def loses_connection(self) -> None:
        """Close its websocket, and every new one, until the line is mended."""
        self.excuses(*_CONNECTION_FAILED)
        self.line.cut()

    async def reconnects(self) -> None:
        """Mend the line, and do not wait for the next attempt: it may come half a minute later."""
        await expect(self.status).to_contain_text("Offline")
        self.line.mend()
        await self.page.evaluate(_RECONNECT)

    def loses_the_server(self) -> None:
        """Let it reach nothing, until the line is mended."""
        self.excuses(*_CONNECTION_FAILED)
        self.line.darken()

    def may_lose_connection(self) -> None:
        """Expect failing connections in this test."""
        self.excuses(*_CONNECTION_FAILED)

    def excuses(self, *parts: str) -> None:
        """Ignore errors and warnings of the browser that contain one of these."""
        self._excused += parts

    async def _evaluate(self, function: str, argument: object = None) -> Any:
        """Call a function of the page with the text area.

        `Locator.evaluate` takes five times the CPU: it asks for the element first.
        """
        call = f"argument => ({function})(document.getElementById('text'), argument)"
        return await self.page.evaluate(call, argument)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._failed(f"{message.type}: {message.text}")

    def _failed(self, what: str) -> None:
        if not any(part in what for part in self._excused):
            self.errors.append(what)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._received)

    def _received(self, frame: str | bytes) -> None:
        message: dict[str, Any] = json.loads(frame)
        if message["type"] == "welcome":
            self.clients.append(message["client"])
