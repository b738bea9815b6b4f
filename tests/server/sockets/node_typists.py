"""People who type through several nodes and know what is saved, whatever happens to the nodes."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientError

from tests.server.sockets.client import DEADLINE_S, Client, ClosedError, Message
from tests.server.sockets.harness import git, run_git
from tests.server.sockets.real_server import RealServer

_AGAIN_S = 0.1
_ENDS = (ClosedError, ConnectionError, ClientError, TimeoutError)


@dataclass
class Typist:
    """Types words into a line of its own, through one node after the other; knows what is saved."""

    document: str
    line: str
    nodes: Sequence[RealServer]
    saved: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _earlier: Client | None = None
    _pending: Message | None = None

    async def type(self) -> None:
        """Type until cancelled."""
        tried = 0
        while True:
            node = self.nodes[tried % len(self.nodes)]
            tried += 1
            try:
                async with AsyncExitStack() as stack:
                    client = await node.connect(self.document)
                    stack.push_async_callback(client.close)
                    await self._come_in(client)
                    while True:
                        await self._write(client)
            except _ENDS:
                await asyncio.sleep(_AGAIN_S)

    async def _come_in(self, client: Client) -> None:
        earlier = self._earlier
        hello: Message = {"name": self.line}
        if earlier:
            client.remember(earlier)
            hello |= {"base": earlier.revision, **earlier.resuming}
        await client.send(type="hello", protocol=1, **hello)
        welcome = await client.receive_raw()
        if welcome["type"] != "welcome":
            raise ClosedError(None)
        client.take_welcome(welcome)
        if earlier:
            assert client.id == earlier.id
        self._earlier = client

    async def _write(self, client: Client) -> None:
        if self._pending is None:
            words = [*self.saved, f"{self.line}{len(self.saved)}"]
            head, line, tail = client.text.partition(f"{self.line}:")
            rest = tail.partition("\n")[2]
            text = f"{head}{line} {' '.join(words)}\n{rest}"
            self._pending = {"text": text, "base": client.revision, "seq": client.seq + 1}
            client.seq += 1
        pending = self._pending
        client._sent[pending["seq"]] = pending["text"]
        client._outstanding.add(pending["seq"])
        await client.send(type="edit", **pending)
        answer = await client.answer(pending["seq"])
        if answer["type"] == "error":
            assert answer["code"] in ("unavailable", "rate_limited"), answer
            await asyncio.sleep(_AGAIN_S)
            return
        assert answer["type"] == "merged", answer
        self.saved.append(f"{self.line}{len(self.saved)}")
        self._pending = None
        self.news.set()

    async def until(self, count: int) -> None:
        """Wait until so many words are saved."""
        async with asyncio.timeout(3 * DEADLINE_S):
            while len(self.saved) < count:
                self.news.clear()
                await self.news.wait()


async def until_more(typists: Sequence[Typist], count: int) -> None:
    """Wait until everybody has so many words more."""
    await asyncio.gather(*(typist.until(len(typist.saved) + count) for typist in typists))


async def check(nodes: Sequence[RealServer], typists: Sequence[Typist], folder: Path) -> None:
    """Every clone has all that was acknowledged, once, and the same."""
    document = typists[0].document
    texts = set()
    for number, node in enumerate(nodes):
        clone = folder / f"{document}{number}"
        await git("clone", "--quiet", f"{node.url}/{document}.git", str(clone))
        checked = await run_git("fsck", "--strict", "--no-dangling", cwd=clone)
        assert checked.code == 0, checked.err
        texts.add((clone / f"{document}.txt").read_text())
    [text] = texts
    words = text.split()
    for typist in typists:
        for word in typist.saved:
            assert words.count(word) == 1, word
