"""One document of a server: the windows of its users, and its Git repository."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectorError, ClientSession
from playwright.async_api import Browser

from server.core.names import filename_of
from tests.browser.line import Line
from tests.browser.server_process import ServerProcess
from tests.browser.window import LISTENER, Window
from tests.server.sockets.client import Client
from tests.server.sockets.harness import git, run_git


class Room:
    """A document with its windows and its repository."""

    def __init__(self, browser: Browser, server: ServerProcess, document: str) -> None:
        self.server = server
        self.document = document
        self.windows: list[Window] = []
        self._browser = browser
        self._lines: list[Line] = []

    # --- people

    async def window(self, name: str, path: str, **options: Any) -> Window:
        """Open a page for a user, in a browser context of their own."""
        line = await Line.to(self.server.port)
        self._lines.append(line)
        # A service worker in each window would take the CPU of many tests.
        context = await self._browser.new_context(**{"service_workers": "block"} | options)
        await context.add_init_script(LISTENER)
        if key := self.server.session(name):
            await context.add_cookies(
                [{"name": "gollabedit_session", "value": key, "url": line.url}]
            )
        # A new window is about:blank at first, which has no storage.
        keep = f"localStorage.setItem('gollabedit.name', {name!r})"
        await context.add_init_script(f"if (location.host) {keep}")
        window = self.watch(Window(await context.new_page(), line))
        await window.page.goto(line.url + self.server.path + path)
        return window

    async def enter(self, name: str, **options: Any) -> Window:
        """Open the document for a user, and wait for its text."""
        window = await self.window(name, f"/d/{self.document}", **options)
        await window.settled()
        return window

    async def pair(self, text: str = "") -> tuple[Window, Window]:
        """Open windows for Ann and Bo, who both see this text."""
        if text:
            await self.begin(text)
        return await asyncio.gather(self.enter("Ann"), self.enter("Bo"))

    def watch(self, window: Window) -> Window:
        """Count the errors of a window as errors of the test."""
        self.windows.append(window)
        return window

    async def begin(self, text: str) -> None:
        """Write the initial text, with a client that is not a browser."""
        async with ClientSession(headers=self.server.headers()) as http:
            scribe = await Client.connect(http, f"{self.server.url}/ws/{self.document}")
            await scribe.hello(name="Scribe")
            merged = await scribe.edit(text)
            assert merged["type"] == "merged", merged
            await scribe.close()

    async def agreed(self) -> str:
        """Wait until all windows show one text, check that Git has it, and return it."""
        texts = {await window.settled() for window in self.windows}
        while len(texts) > 1:  # one of them settled before the last edit of another
            texts = {await window.settled() for window in self.windows}
        [text] = texts
        assert await self.text_in_git() == text
        return text

    # --- the repository

    async def git(self, *arguments: str) -> str:
        """Run Git in the bare repository."""
        return await git(*arguments, cwd=await self._repository())

    async def text_in_git(self) -> str:
        return await self.git("show", f"master:{filename_of(self.document)}")

    async def branches(self, under: str) -> list[str]:
        listed = await self.git("for-each-ref", "--format=%(refname)", f"refs/heads/{under}/")
        return [ref.rpartition("/")[2] for ref in listed.split()]

    async def fsck(self) -> None:
        """Check the repository with `git fsck`."""
        path = await self._repository()
        if not path.exists():
            return
        ran = await run_git("fsck", "--strict", "--no-dangling", cwd=path)
        assert ran.code == 0, ran.err
        assert "error" not in ran.err, ran.err

    async def _repository(self) -> Path:
        """Return the bare repository's path, after a request that makes the server write to it."""
        address = f"{self.server.url}/{self.document}.git/info/refs?service=git-upload-pack"
        with suppress(ClientConnectorError):  # a server that has ended has written everything
            async with (
                ClientSession(headers=self.server.headers()) as http,
                http.get(address) as response,
            ):
                await response.read()
        return self.server.data / f"{self.document}.git"

    # --- the end

    async def close(self) -> None:
        for context in {window.context for window in self.windows}:
            await context.close()
        for line in self._lines:
            await line.close()
