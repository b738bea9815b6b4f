#!/usr/bin/env python3
"""Replaces Firefox for Playwright: starts Firefox, and relays between the two.

Playwright drives any Firefox by WebDriver BiDi, and takes for granted that it can emulate whatever
the newest one can. Debian's is older: each command for emulation that it does not know would end
the test, so the relay says it was done. A new window for each page would be half of the work, so
they are used again. Everything else passes as it is.
"""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, web

_ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_OPENING = 2**52  # the id of a command that no command of Playwright's has


class Relay:
    """Accepts a connection on behalf of one Firefox."""

    def __init__(self, firefox: str) -> None:
        self._firefox = firefox
        self._emulations: set[int] = set()  # the ids of these commands
        self._windows = Windows()

    async def start(self) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"ws://127.0.0.1:{runner.addresses[0][1]}"

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        # Playwright sends 345 kB to each page; to compress them costs more than to send them.
        tester = web.WebSocketResponse(max_msg_size=0, compress=False)
        await tester.prepare(request)
        async with (
            ClientSession() as http,
            http.ws_connect(self._firefox + request.path, max_msg_size=0) as firefox,
            asyncio.TaskGroup() as both,
        ):
            both.create_task(self._pass_answers(firefox, tester))
            async for message in tester:
                await self._pass_command(message.data, firefox)
            await firefox.close()
        return tester

    async def _pass_command(self, sent: str, firefox: ClientWebSocketResponse) -> None:
        command = json.loads(sent)
        if command["method"].startswith("emulation."):
            self._emulations.add(command["id"])
        if command["method"] == "browsingContext.create":
            await self._windows.place(command, firefox)
            sent = json.dumps(command)
        await firefox.send_str(sent)

    async def _pass_answers(
        self, firefox: ClientWebSocketResponse, tester: web.WebSocketResponse
    ) -> None:
        async for message in firefox:
            answer = json.loads(message.data)
            if self._windows.has_answer(answer):
                continue
            is_emulation = answer.get("id") in self._emulations
            if is_emulation and answer.get("error") == "unknown command":
                await tester.send_json({"type": "success", "id": answer["id"], "result": {}})
            else:
                await tester.send_str(message.data)


class Windows:
    """Windows of Firefox that stay open, each for one page after the other.

    To open one takes more CPU than to load a page. Each has a tab of its own that stays, by which
    Firefox knows the window.
    """

    def __init__(self) -> None:
        self._free: list[str] = []  # the tabs that stay
        self._opened: asyncio.Future[str] = asyncio.Future()
        self._created: dict[int, str] = {}  # by the id of the command
        self._taken: dict[str, str] = {}  # by the page

    async def place(self, command: dict[str, Any], firefox: ClientWebSocketResponse) -> None:
        """Have a command create its page in a free window, instead of a new one."""
        if not self._free:
            self._opened = asyncio.Future()
            opening = {"method": "browsingContext.create", "params": {"type": "window"}}
            await firefox.send_json({"id": _OPENING, **opening})
            self._free.append(await self._opened)
        window = self._created[command["id"]] = self._free.pop()
        command["params"] |= {"type": "tab", "referenceContext": window}

    def has_answer(self, message: dict[str, Any]) -> bool:
        """Note which windows are taken; return whether only this has waited for the message."""
        if message.get("id") == _OPENING:
            self._opened.set_result(message["result"]["context"])
            return True
        if window := self._created.pop(message.get("id", 0), None):
            if "result" in message:
                self._taken[message["result"]["context"]] = window
            else:
                self._free.append(window)
        elif message.get("method") == "browsingContext.contextDestroyed":
            page = message["params"]["context"]
            self._free += [self._taken.pop(page)] if page in self._taken else []
        return False


async def main() -> int:
    command = (os.environ["FIREFOX"], *sys.argv[1:])
    firefox = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    await _repeat(firefox)
    return await firefox.wait()


async def _repeat(firefox: Process) -> None:
    """Repeat the output of Firefox, with the address of the relay for its own."""
    assert firefox.stdout
    async for line in firefox.stdout:
        said = line.decode()
        if found := _ADDRESS.search(said):
            said = said.replace(found[1], await Relay(found[1]).start())
        print(said, end="", flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
