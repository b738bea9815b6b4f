"""A Firefox with a profile on disk, which a test can kill and which restores its tab.

Playwright ignores tabs of Firefox that were open before it connected, so this speaks the little
WebDriver BiDi that one tab needs.
"""

import asyncio
import json
import re
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.browser.firefox import QUIET, path_of_firefox
from tests.browser.installed import PAUSE
from tests.browser.profile import contains

_DEADLINE_S = 30.0
_ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_PREFERENCES = {
    "remote.prefs.recommended": False,  # they disable session restore
    "browser.startup.page": 3,  # restore the last session
    "browser.sessionstore.interval": 100,  # ms between two writes
    "browser.aboutwelcome.enabled": False,
    **QUIET,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "toolkit.startup.max_resumed_crashes": -1,
}


class FirefoxProcess:
    """A running browser with a single tab."""

    def __init__(
        self, profile: Path, socket: ClientWebSocketResponse, process: asyncio.subprocess.Process
    ) -> None:
        self._profile = profile
        self._socket = socket
        self._process = process
        self._tab = ""
        self._id = 0

    async def connect(self) -> None:
        await self._command("session.new", capabilities={})
        found = await self._command("browsingContext.getTree", maxDepth=0)
        [self._tab] = [tab["context"] for tab in found["contexts"]]

    async def goes_to(self, url: str) -> None:
        await self._command("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        answer = await self._command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"].get("value", "null"))

    async def comes_to(self, condition: str) -> None:
        """Wait until a condition holds in the page."""
        async with asyncio.timeout(_DEADLINE_S):
            while not await self.evaluate(condition):
                await self.evaluate(PAUSE)

    async def types(self, words: str) -> None:
        keys = [{"type": kind, "value": key} for key in words for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": keys}]
        await self._command("input.performActions", context=self._tab, actions=actions)

    async def remembers(self, word: str) -> None:
        """Wait until the browser has stored a form with this word, and with it the rest of the tab.

        The file is compressed, but a word that resembles nothing else in it stays readable.
        """
        file = self._profile / "sessionstore-backups" / "recovery.jsonlz4"
        async with asyncio.timeout(_DEADLINE_S):
            while not contains(file, word.encode()):
                await self.evaluate(PAUSE)

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def _command(self, method: str, **params: Any) -> dict[str, Any]:
        self._id += 1
        await self._socket.send_json({"id": self._id, "method": method, "params": params})
        while True:
            answer: dict[str, Any] = await self._socket.receive_json(timeout=_DEADLINE_S)
            if answer.get("id") == self._id:
                assert answer["type"] == "success", answer
                return dict(answer["result"])


@asynccontextmanager
async def running_firefox(profile: Path) -> AsyncIterator[FirefoxProcess]:
    """Run the browser, and kill it at the end unless the test did."""
    _write_preferences(profile)
    process = await asyncio.create_subprocess_exec(
        path_of_firefox(),
        *("--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(profile)),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    assert process.stdout
    reading: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(_DEADLINE_S):
            address = await _address(process.stdout)
        reading = asyncio.create_task(_drain(process.stdout))
        async with ClientSession() as http, http.ws_connect(f"{address}/session") as socket:
            firefox = FirefoxProcess(profile, socket, process)
            await firefox.connect()
            yield firefox
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if reading is not None:
            await reading


def _write_preferences(profile: Path) -> None:
    lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))


async def _address(out: asyncio.StreamReader) -> str:
    said = []
    while line := (await out.readline()).decode(errors="replace"):
        said.append(line)
        if address := _ADDRESS.search(line):
            return address[1]
    raise RuntimeError("Firefox did not start:\n" + "".join(said))


async def _drain(out: asyncio.StreamReader) -> None:
    """Read until the end, so that the process never blocks on a full pipe."""
    while await out.readline():
        pass
