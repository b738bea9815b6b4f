"""Twenty users type in one document for minutes, in real pages and as programs, with faults.

    python -m tests.browser.soak [--seconds N] [--seed N] [--pages N] [--programs N] [--keep FOLDER]

Connections break, tabs are killed and reopened, the server is killed and restarted. At the end
every typed word is in the text, or in an open or parked conflict, or someone decided against it;
all pages and `master` are equal; and no page had to ask for the whole text.
"""

import argparse
import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse
from playwright.async_api import Error, Page, WebSocket, expect

from tests.browser.chromium import chromium
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess
from tests.browser.window import Window
from tests.simulation.client import Client, Words

# After this time the browser has stored what was typed, whatever happens to the tab.
_KEPT_AFTER_S = 1.0
_REST_S = 120.0


class PageTypist:
    """A user of a real page, who only adds words, and keeps those of both sides of a conflict."""

    def __init__(self, name: str, room: Room, random: Random, words: Words) -> None:
        self.name = name
        self._words = words
        self.syncs = 0
        self.kills = 0
        self._room = room
        self._random = random
        self._window: Window | None = None

    @property
    def window(self) -> Window:
        assert self._window
        return self._window

    async def enter(self) -> None:
        self._take(await self._room.window(self.name, f"/d/{self._room.document}"))
        await self.window.settled()

    def _take(self, window: Window) -> None:
        window.may_lose_connection()
        window.page.on("websocket", self._opened)
        self._window = window

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)

    def _sent(self, frame: str | bytes) -> None:
        self.syncs += json.loads(frame)["type"] == "sync"

    async def live(self, until: float) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(self._random.uniform(0.1, 1.2))
            chance = self._random.random()
            if chance < 0.02:
                await self._lose_connection()
            elif chance < 0.03:
                await self._lose_tab()
            elif chance < 0.1:
                await self.decide()
            else:
                await self._type()

    async def _type(self) -> None:
        word = self._words.new(self.name)
        await self.window.text.evaluate(
            """(area, share) => {
                const places = [0, ...Array.from(area.value.matchAll(/\\s/g), it => it.index + 1)];
                const place = places[Math.floor(share * places.length)];
                area.focus();
                area.setSelectionRange(place, place);
            }""",
            self._random.random(),
        )
        await self.window.types(word + self._random.choice("    \n"))

    async def _lose_connection(self) -> None:
        self.window.line.cut()
        await asyncio.sleep(self._random.uniform(0.5, 6))
        self.window.line.mend()

    async def _lose_tab(self) -> None:
        """Kill the tab, open the document again, and merge the unsent text."""
        before = self.window
        await asyncio.sleep(_KEPT_AFTER_S)
        page = await before.context.new_page()
        await before.page.close()
        self._room.windows.remove(before)
        self._take(self._room.watch(Window(page, before.line)))
        await _opens(page, f"{before.line.url}/d/{self._room.document}")
        self.kills += 1
        await self.merge_unsent()

    async def merge_unsent(self) -> None:
        """Merge the unsent text that the notice offers, if it offers some."""
        page = self.window.page
        offer = self.window.notice.filter(has_text="unsent text")
        with suppress(Error):
            await offer.get_by_role("button", name="Review").click(timeout=2_000)
            await page.get_by_role("button", name="Merge into document").click(timeout=1_000)
            await expect(page.locator("#draft")).to_be_hidden()
        with suppress(Error, AssertionError):
            await page.locator("#close-draft").click(timeout=1_000)

    async def decide(self) -> None:
        """Resolve an open conflict with the words of both sides in every place, or postpone it."""
        dialog = self.window.dialog
        both = dialog.get_by_role("radio", name="Keep both")
        by_hand = dialog.get_by_role("radio", name="Write something else")  # begins with both texts
        with suppress(Error):
            if not await self.window.conflict.is_visible():
                return
            await self.window.page.keyboard.press("F8")
            for _ in range(20):
                if await dialog.get_by_role("radio", checked=True).count():
                    break  # it has changed since: what was chosen may lack new words
                choice = both if await both.is_visible() else by_hand
                await choice.check(timeout=1_000)
                await dialog.locator("#use-this").click(timeout=1_000)
        with suppress(Error):
            await dialog.get_by_role("button", name="Decide later").click(timeout=1_000)


async def _opens(page: Page, url: str) -> None:
    """Open a page, and retry until the server answers."""
    while True:
        with suppress(Error):
            await page.goto(url)
            return
        await asyncio.sleep(0.5)


class ProgramTypist:
    """The simulated client of the protocol, on a real socket."""

    def __init__(self, name: str, url: str, random: Random, words: Words) -> None:
        self.client = Client(name, random, words, splices=True)
        self._url = url
        self._random = random
        self._until = 0.0

    async def live(self, http: ClientSession, until: float, rest: asyncio.Event) -> None:
        """Type until the time is over, and keep receiving until everyone has come to rest."""
        self._until = until
        while not rest.is_set():
            with suppress(ClientError, OSError, ConnectionResetError):
                async with http.ws_connect(self._url, max_msg_size=1 << 24) as socket:
                    await socket.send_str(self.client.hello().decode())
                    await self._talk(socket, rest)
            self.client.disconnected()
            await asyncio.sleep(self._random.uniform(0.1, 1))

    async def _talk(self, socket: ClientWebSocketResponse, rest: asyncio.Event) -> None:
        cut_at = time.monotonic() + self._random.expovariate(1 / 40)
        act_at = time.monotonic()
        while not rest.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    message = await socket.receive()
                    if not isinstance(message.data, str):
                        return  # closed
                    self.client.receive(message.data.encode())
            now = time.monotonic()
            if now > act_at:
                self._act(now)
                act_at = now + self._random.uniform(0.3, 1.5)
            if frame := self._frame():
                await socket.send_str(frame.decode())
            if cut_at < now < self._until:
                return

    def _act(self, now: float) -> None:
        if now < self._until:
            self.client.type()

    def _frame(self) -> bytes | None:
        if frame := self.client.urgent() or self.client.due():
            return frame
        if self.client.conflict and self.client.is_settled:
            return self.client.resolve() if self._random.random() < 0.5 else self.client.park()
        return None


async def soak(data: Path, seconds: int, seed: int, pages: int, programs: int) -> int:
    random, words = Random(seed), Words()
    async with ServerProcess(data) as server, chromium() as browser, ClientSession() as http:
        room = Room(browser, server, "soak")
        await room.begin("Twenty people write here.\n")
        people = [PageTypist(f"page{n}x", room, Random(seed + n), words) for n in range(pages)]
        await asyncio.gather(*(person.enter() for person in people))
        url = f"{server.url}/ws/{room.document}"
        others = [
            ProgramTypist(f"prog{n}x", url, Random(random.random()), words) for n in range(programs)
        ]
        until, rest = time.monotonic() + seconds, asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for other in others:
                group.create_task(other.live(http, until, rest))
            living = [group.create_task(person.live(until)) for person in people]
            await _kill_now_and_then(server, until, random)
            await asyncio.gather(*living)
            text = await _come_to_rest(room, people, others)
            rest.set()
        return await _judge(room, people, words, text)


async def _kill_now_and_then(server: ServerProcess, until: float, random: Random) -> None:
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left, random.uniform(20, 60)))
        if time.monotonic() < until - 10:
            await server.kill()
            await server.start()
        print(f"{max(0, until - time.monotonic()):.0f} s to go ", end="\r", file=sys.stderr)


async def _come_to_rest(room: Room, people: list[PageTypist], others: list[ProgramTypist]) -> str:
    """Wait until all pages show the text in Git, and nothing is pending."""
    end = time.monotonic() + _REST_S
    while True:
        for person in people:
            await person.decide()
            await person.merge_unsent()  # whose notice waits behind that of a conflict
            await expect(person.window.status).to_have_text("Saved")
        shown = {person.name: await person.window.settled() for person in people}
        shown |= {other.client.name: other.client.editor for other in others}
        text = await room.text_in_git()
        behind = [name for name, it in shown.items() if it != text]
        if not behind:
            return text
        assert time.monotonic() < end, f"no rest: {behind}, {_states(others)}"


def _states(others: list[ProgramTypist]) -> list[str]:
    return [
        f"{it.client.name}: open {it.client.is_open}, settled {it.client.is_settled},"
        f" outstanding {it.client.outstanding and it.client.outstanding.message['type']},"
        f" in conflict {it.client.conflict is not None}"
        for it in others
    ]


async def _judge(room: Room, people: list[PageTypist], words: Words, text: str) -> int:
    # Parked, or in the conflict of a killed tab, which is parked after an hour.
    unmerged = await room.git("for-each-ref", "--no-merged=master", "--format=%(refname)")
    aside = [await room.git("show", f"{ref}:{room.document}.txt") for ref in unmerged.split()]
    everything = "\n".join([text, *aside])
    lost = [w for w in words.typed if w not in everything and w not in words.removed]
    errors = [error for window in room.windows for error in window.errors]
    await room.fsck()
    syncs, kills = sum(p.syncs for p in people), sum(p.kills for p in people)
    print(
        f"{len(words.typed)} words typed, {len(words.removed)} taken out; {kills} tabs killed;"
        f" {len(aside)} versions in dispute; whole texts asked for: {syncs}; lost: {lost};"
        f" errors: {errors}"
    )
    await room.close()
    return 1 if lost or errors else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages", type=int, default=4)
    parser.add_argument("--programs", type=int, default=16)
    parser.add_argument("--keep", metavar="FOLDER", help="where the data folder is to stay")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        data = Path(options.keep or temporary)
        return asyncio.run(
            soak(data, options.seconds, options.seed, options.pages, options.programs)
        )


if __name__ == "__main__":
    sys.exit(main())
