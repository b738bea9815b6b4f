"""Nodes that die, hang and stop: nothing acknowledged is lost or doubled, and all goes on."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.postgres import MISSING, Postgres
from tests.server.sockets.client import Client, ClosedError
from tests.server.sockets.node_typists import Typist, check, until_more
from tests.server.sockets.nodes import Nodes, nodes_on, posted
from tests.server.sockets.real_server import RealServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

_ROUNDS = 2


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
