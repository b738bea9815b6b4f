#!/usr/bin/env python3
"""Replaces Firefox for Playwright: starts Firefox, and relays between the two.

Playwright drives any Firefox by WebDriver BiDi, and takes for granted that it can emulate whatever
the newest one can. Debian's is older: each command for emulation that it does not know would end
the test, so the relay says it was done. Everything else passes as it is.
"""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process

from aiohttp import ClientSession, ClientWebSocketResponse, web

_ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class Relay:
    """Accepts connections on behalf of one Firefox."""

    def __init__(self, firefox: str) -> None:
        self._firefox = firefox
        self._emulations: set[int] = set()  # the ids of these commands

    async def start(self) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"ws://127.0.0.1:{runner.addresses[0][1]}"

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        tester = web.WebSocketResponse(max_msg_size=0)
        await tester.prepare(request)
        async with (
            ClientSession() as http,
            http.ws_connect(self._firefox + request.path, max_msg_size=0) as firefox,
            asyncio.TaskGroup() as both,
        ):
            both.create_task(self._pass_answers(firefox, tester))
            async for message in tester:
                command = json.loads(message.data)
                if command["method"].startswith("emulation."):
                    self._emulations.add(command["id"])
                await firefox.send_str(message.data)
            await firefox.close()
        return tester

    async def _pass_answers(
        self, firefox: ClientWebSocketResponse, tester: web.WebSocketResponse
    ) -> None:
        async for message in firefox:
            answer = json.loads(message.data)
            is_emulation = answer.get("id") in self._emulations
            if is_emulation and answer.get("error") == "unknown command":
                await tester.send_json({"type": "success", "id": answer["id"], "result": {}})
            else:
                await tester.send_str(message.data)


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
