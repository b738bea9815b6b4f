"""The setting of a scene: a document, Bo's window, and other users without a window."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from aiohttp import ClientSession
from playwright.async_api import expect

from tests.browser.closed_server import ClosedServer
from tests.browser.kept import keeps
from tests.browser.room import Room
from tests.browser.server_process import ServerProcess
from tests.browser.window import Window
from tests.server.sockets.client import Client

LETTER = """\
Dear neighbours,

the summer party is on Saturday, in the yard behind number 12. Bring a chair and
something to eat; there is a grill, and tables for forty.

- Music: Jo and the band, from eight
- Drinks: Sam, who needs a car on Friday
- Tables: who has a trailer?

If it rains we meet in the hall.
"""
PARAGRAPH = (
    "The hall has room for sixty people at most, the doors to the garden stay open, and whoever"
    " comes by bicycle is asked to leave it in the yard and not in the hallway, where the"
    " fire brigade wants to see nothing at all."
)
PLAIN = "/healthz"  # costs little to load, where a page needs something of its origin beforehand


class Stage:
    """A document in one look: size, colour scheme and so on."""

    def __init__(self, room: Room, **look: Any) -> None:
        self.room = room
        self._look = look
        self._guests: list[Client] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def opens(self, path: str, name: str = "Bo") -> Window:
        return await self.room.window(name, path, **self._look)

    @property
    def closed(self) -> ClosedServer:
        """The server, where it is a closed one."""
        assert isinstance(self.room.server, ClosedServer)
        return self.room.server

    async def another_server(self, *options: str) -> ServerProcess:
        """Start a server with options, on an empty folder."""
        folder = self._stack.enter_context(TemporaryDirectory())
        return await self._stack.enter_async_context(ServerProcess(Path(folder), *options))

    async def enters(self, name: str = "Bo") -> Window:
        """Open the window of the screenshot."""
        window = await self.room.enter(name, **self._look)
        await expect(window.page.locator("#counts")).not_to_be_empty()
        return window

    async def comes_back(self, words: str, typed: str) -> Window:
        """Return a new tab of Bo, who typed before some words, offline, and closed the old one."""
        room, before = self.room, await self.enters()
        after = Window(await before.context.new_page(), before.line)
        before.loses_connection()
        await before.goes_before(words)
        await before.page.keyboard.insert_text(typed)
        async with before.page.expect_event("close"):  # it says that it is there until then
            await before.page.close(run_before_unload=True)
        room.windows.remove(before)
        room.watch(after)
        before.line.mend()
        await after.page.goto(f"{after.line.url}/d/{room.document}")
        await expect(after.notice).to_contain_text("unsent text")
        return after

    async def starts_offline(self) -> Window:
        """Return Bo's window on the document, opened again without a connection."""
        window = await self.room.enter("Bo", **self._look, service_workers="allow")
        await keeps(window, self.room.document)
        window.loses_the_server()
        await window.page.reload()
        await expect(window.notice).to_contain_text("Text from")
        return window

    async def joins(self, name: str) -> Client:
        """Add a user without a window."""
        room = self.room
        session = ClientSession(headers=room.server.headers(name))
        http = await self._stack.enter_async_context(session)
        client = await Client.connect(http, f"{room.server.url}/ws/{room.document}")
        self._stack.push_async_callback(client.close)
        await client.hello(name=name)
        self._guests.append(client)
        return client

    async def names(self, name: str, note: str = "") -> None:
        """Give the newest version a name, which ends it."""
        address = f"{self.room.server.url}/api/documents/{self.room.document}/versions?name=Ann"
        named = {"name": name, "note": note}
        async with ClientSession() as http, http.post(address, json=named) as response:
            assert response.status == 201, await response.text()

    async def looks_back(self, address: str = "") -> Window:
        """Open the window of the screenshot on the history."""
        window = await self.opens(f"/d/{self.room.document}#history{address}")
        await expect(window.page.locator("#past-changes")).to_be_visible()
        return window

    async def stands(self, client: Client, words: str) -> None:
        """Put a user's caret before some words."""
        place = client.text.index(words)
        await client.send(type="presence", base=client.revision, anchor=place, head=place)

    async def selects(self, client: Client, words: str) -> None:
        start = client.text.index(words)
        end = start + len(words)
        await client.send(type="presence", base=client.revision, anchor=start, head=end)

    async def disagrees(self, *pairs: tuple[str, str, str], text: str = LETTER) -> Window:
        """Return Bo's window after Ann and he changed the same words, in one or several places."""
        await self.room.begin(text)
        bo = await self.enters()
        ann = await self.joins("Ann")
        bo.line.hold()
        for old, anns, bos in pairs:
            text = text.replace(old, anns)
            await bo.pastes_over(old, bos)
        assert (await ann.edit(text))["type"] == "merged"
        bo.line.release()
        await expect(bo.conflict).to_be_visible()
        return bo

    @property
    def ann(self) -> Client:
        [ann] = self._guests
        return ann


Scene = Callable[[Stage], Awaitable[Window]]
