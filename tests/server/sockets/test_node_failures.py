"""Nodes that die, hang and stop: nothing acknowledged is lost or doubled, and all goes on."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from aiohttp import ClientError

from tests.postgres import MISSING, Postgres
from tests.server.sockets.client import DEADLINE_S, Client, ClosedError, Message
from tests.server.sockets.harness import git, run_git
from tests.server.sockets.nodes import Nodes, nodes_on, posted
from tests.server.sockets.real_server import RealServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

_ROUNDS = 2
_AGAIN_S = 0.1
_ENDS = (ClosedError, ConnectionError, ClientError, TimeoutError)


class Survivors(NamedTuple):
    """Two nodes that all tests share."""

    nodes: Nodes
    b: RealServer
    c: RealServer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def survivors(
    postgres: Postgres | None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Survivors]:
    if postgres is None:
        pytest.skip(MISSING)
    async with nodes_on(postgres, tmp_path_factory.mktemp("nodes")) as nodes:
        yield Survivors(nodes, await nodes.start("b"), await nodes.start("c"))


@pytest_asyncio.fixture(loop_scope="module")
async def a(survivors: Survivors) -> AsyncIterator[RealServer]:
    """The node that something happens to; with the folder that it had in the test before."""
    yield await survivors.nodes.start("a")
    await survivors.nodes.stop("a")


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
            assert answer["code"] == "unavailable", answer
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


@pytest.mark.parametrize("number", range(_ROUNDS))
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
async def test_the_owner_ends_while_people_type(
    survivors: Survivors, a: RealServer, tmp_path: Path, kind: int, number: int
) -> None:
    nodes, b, c = survivors
    document = f"typing-{kind}-{number}"
    lines = [f"l{at}x" for at in range(4)]
    await nodes.owned_by(a, document, "".join(f"{line}:\n" for line in lines))
    routes = ((a, b), (b, c), (c, b), (a, c))
    typists = [Typist(document, *each) for each in zip(lines, routes, strict=True)]
    async with asyncio.TaskGroup() as tasks:
        typing = [tasks.create_task(typist.type()) for typist in typists]
        await until_more(typists, 5)
        a.signal(kind)
        await until_more(typists, 5)
        await a.ended()
        for task in typing:
            task.cancel()
    assert nodes.owner(document) in (b.url, c.url)
    await check((b, c), typists, tmp_path)


@pytest.mark.parametrize("number", range(_ROUNDS))
async def test_an_owner_that_hung_past_its_lease_is_refused(
    survivors: Survivors, a: RealServer, number: int
) -> None:
    nodes, b, _ = survivors
    document = f"hung-{number}"
    ann = await a.join("Ann", document)
    await ann.edit("one\n")
    through = await b.join("Cy", document)
    a.signal(signal.SIGSTOP)
    try:
        late = await ann.submit("one\nlate\n")
        assert await through.closed() != 1000, "the other node cuts what hangs"
        await posted(b, document, "two\n")
    finally:
        a.signal(signal.SIGCONT)
    assert nodes.owner(document) == b.url
    while (code := await _message_or_end(ann)) is None:
        pass
    assert code == 1012
    again = await a.come_back(ann, document)
    assert again.welcome["seq"] < late, "nothing of it was saved"
    assert again.text == "one\ntwo\n"
    assert (await again.edit("one\ntwo\nlate\n"))["type"] == "merged"
    assert nodes.owner(document) == b.url, "and the hung node passes on now"


async def _message_or_end(client: Client) -> int | None:
    """Return the close code; None after a message, which must not acknowledge anything."""
    try:
        message = await client.receive_raw()
    except ClosedError as end:
        return end.code or 0
    assert message["type"] not in ("merged", "conflict"), message
    return None


async def test_a_node_that_stops_hands_its_documents_over(
    survivors: Survivors, a: RealServer
) -> None:
    nodes, b, _ = survivors
    await nodes.owned_by(a, "handed-over", "one\n")
    ann = await a.join("Ann", "handed-over")
    a.signal(signal.SIGTERM)
    assert await ann.closed() == 1001
    await posted(b, "handed-over", "two\n")
    assert await a.ended() == 0
    rows = nodes.execute("select count(*) from gollabedit.entries where document = 'handed-over'")
    assert rows[0][0] <= 1, "the owner wrote a checkpoint first"
