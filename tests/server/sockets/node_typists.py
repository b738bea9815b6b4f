"""People who type through several nodes and know what is saved, whatever happens to the nodes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from aiohttp import ClientError

from tests.server.sockets.client import DEADLINE_S, Client, ClosedError, Message
from tests.server.sockets.harness import run_git
from tests.server.sockets.real_server import RealServer

_AGAIN_S = 0.1
_ENDS = (ClosedError, ConnectionError, ClientError, TimeoutError)


@dataclass
class Typist:
    """Types words into a line of its own, through one node after the other; knows what is saved.

    Attributes:
        document: its name.
        line: the beginning of the line.
        nodes: the nodes, which may change.
        tried: counts the nodes that were tried; those with different numbers try different ones.
        wanted: the number of words after which it pauses.
        patience_s: how long it waits for an answer before it takes the connection for a dead one;
            then twice as long, until there is an answer.
        saved: the words that were acknowledged.
        news: is set when there are more of them, or more are wanted.
    """

    document: str
    line: str
    nodes: Sequence[RealServer]
    tried: int = 0
    wanted: float = inf
    patience_s: float = DEADLINE_S
    saved: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _waits_s: float = 0.0
    _earlier: Client | None = None
    _pending: Message | None = None

    async def type(self) -> None:
        """Type until cancelled."""
        while True:
            node = self.nodes[self.tried % len(self.nodes)]
            self.tried += 1
            try:
                async with AsyncExitStack() as stack:
                    async with self._patience():
                        client = await node.connect(self.document)
                        stack.push_async_callback(client.vanish)
                        await self._come_in(client)
                    while True:
                        await self._until(lambda: len(self.saved) < self.wanted)
                        async with self._patience():
                            await self._write(client)
                        self._waits_s = self.patience_s
            except _ENDS:
                await asyncio.sleep(_AGAIN_S)

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        """Return a context that has an end in time; twice as late after each such end."""
        self._waits_s = self._waits_s or self.patience_s
        try:
            async with asyncio.timeout(self._waits_s):
                yield
        except TimeoutError:
            self._waits_s = min(2 * self._waits_s, DEADLINE_S)
            raise

    async def leave(self) -> None:
        """Lose the connection; the next one is to another node."""
        if self._earlier:
            await self._earlier.vanish()

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
        """Have it type until `count` words are saved."""
        self.want(count)
        async with asyncio.timeout(3 * DEADLINE_S):
            await self._until(lambda: len(self.saved) >= count)

    def check(self, text: str) -> None:
        """See that a text has every saved word once."""
        words = Counter(text.split())
        assert {words[word] for word in self.saved} <= {1}, (self.saved, text)

    def want(self, count: int) -> None:
        """Have it type until `count` words are saved, without waiting for that."""
        self.wanted = max(self.wanted, count)
        self.news.set()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.news.clear()
            await self.news.wait()


def want_more(typists: Sequence[Typist], count: int) -> None:
    """Have everybody type `count` words more."""
    for typist in typists:
        typist.want(len(typist.saved) + count)


async def until_more(typists: Sequence[Typist], count: int) -> None:
    """Wait until everybody has `count` words more."""
    await asyncio.gather(*(typist.until(len(typist.saved) + count) for typist in typists))


async def check(nodes: Sequence[RealServer], typists: Sequence[Typist], folder: Path) -> None:
    """Every clone has all that was acknowledged, once, and the same."""
    document = typists[0].document
    texts = set()
    for number, node in enumerate(nodes):
        clone = folder / f"{document}{number}"
        await _clone(f"{node.url}/{document}.git", clone)
        checked = await run_git("fsck", "--strict", "--no-dangling", cwd=clone)
        assert checked.code == 0, checked.err
        texts.add((clone / f"{document}.txt").read_text())
    [text] = texts
    for typist in typists:
        typist.check(text)


async def _clone(url: str, into: Path) -> None:
    """Clone; again where the server cannot do it at the moment."""
    async with asyncio.timeout(DEADLINE_S):
        while (ran := await run_git("clone", "--quiet", url, str(into))).code != 0:
            assert "503" in ran.err, ran.err
            await asyncio.sleep(_AGAIN_S)
