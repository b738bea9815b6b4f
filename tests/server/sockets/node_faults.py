"""What can fail where nodes share a database, while people type: for the tests, and for the soak.

Each fault happens, is seen to do no more harm than docs/cluster.md says, and ends. Then everybody
must have more words saved (`Cluster.round`), and every clone all of them once (`Cluster.check`).
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.postgres_pair import Pair
from tests.server.sockets.client import DEADLINE_S
from tests.server.sockets.node_typists import Typist, check, until_more, want_more
from tests.server.sockets.nodes import Node, Nodes

NAMES = ("a", "b", "c")
_HOUR_S = 3600.0
_LOOK_S = 0.02
_ENDS = 0.7  # how often a lease ends early, if that is in a hurry
_TAKEN_S = 0.2  # for others to take documents
_STORES = b"gollabedit.packs"  # is in a statement that begins to store a checkpoint
_STATEMENTS = 10  # that follow
_AT_ONCE = 2  # words that everybody types while something fails


Fault = Callable[["Cluster"], Awaitable[None]]


@dataclass(frozen=True)
class Start:
    """How to start a node.

    Attributes:
        options: of the command.
        process: more about its process; see `Nodes.start`.
    """

    options: Sequence[str] = ()
    process: Mapping[str, Any] = field(default_factory=dict)


def starts(options: Sequence[str] = (), **process: Any) -> dict[str, Start]:
    """Return how to start each node: the clock of the last one is an hour ahead."""
    found = {name: Start(options, process) for name in NAMES}
    found[NAMES[-1]] = Start(options, {**process, "clock_ahead_s": _HOUR_S})
    return found


class Cluster:
    """Three nodes on a pair.

    Attributes:
        running: the nodes, by name.
        alive: the same, in an order of chance, as people try them.
        people: those who type at the moment.

    Args:
        nodes: has the nodes.
        pair: has their database.
        chance: decides who fails, and how.
        lease_s: the time after which others take what a node owned.
        patience_s: see `Typist`.
        hurries: whether leases end at once in the database, instead of by time.
        starts: how to start each node; may change.
    """

    def __init__(
        self,
        nodes: Nodes,
        pair: Pair,
        chance: Random,
        lease_s: float,
        patience_s: float,
        starts: dict[str, Start],
        *,
        hurries: bool = False,
    ) -> None:
        self.nodes = nodes
        self.pair = pair
        self.chance = chance
        self.lease_s = lease_s
        self.starts = starts
        self.running: dict[str, Node] = {}
        self.alive: list[Node] = []
        self.people: Sequence[Typist] = ()
        self._patience_s = patience_s
        self._hurries = hurries
        self._is_silent = False

    async def start(self, name: str) -> None:
        """Start a node."""
        start = self.starts[name]
        self.running[name] = await self.nodes.start(
            name, *start.options, has_links=True, **start.process
        )
        self._note_alive()

    async def end(self, name: str, number: int) -> int:
        """End a node by a signal; return its exit code."""
        self.running[name].signal(number)
        code = await self.running.pop(name).ended()
        self._note_alive()
        await self.nodes.stop(name)
        return code

    def _note_alive(self) -> None:
        self.alive[:] = self.running.values()
        self.chance.shuffle(self.alive)

    @property
    def one(self) -> str:
        """The name of a node."""
        return self.chance.choice(NAMES)

    def next_is_silent(self) -> bool:
        """Return whether the next cut loses what is sent, or refuses it: in turn."""
        self._is_silent = not self._is_silent
        return self._is_silent

    async def typists(self, document: str, count: int) -> list[Typist]:
        """Make a document; return people who will type in it."""
        lines = [f"{document}p{number}x" for number in range(count)]
        text = "".join(f"{line}:\n" for line in lines)
        await self.nodes.owned_by(self.running[self.one], document, text)
        return [
            Typist(document, line, self.alive, number, wanted=0, patience_s=self._patience_s)
            for number, line in enumerate(lines)
        ]

    @asynccontextmanager
    async def typing(self, people: Sequence[Typist]) -> AsyncIterator[None]:
        """Have people type, as many words as are wanted, until the end of the block."""
        self.people = people
        async with asyncio.TaskGroup() as tasks:
            typing = [tasks.create_task(typist.type()) for typist in people]
            yield
            for task in typing:
                task.cancel()

    async def round(self, fault: Fault, words: int = _AT_ONCE) -> None:
        """Let something fail while people type; everybody has more words saved afterwards.

        Args:
            fault: what fails.
            words: that everybody types meanwhile.
        """
        want_more(self.people, words)
        await fault(self)
        await self.go_on()

    async def go_on(self) -> None:
        """Wait until everybody has another word saved."""
        await until_more(self.people, 1)

    @contextmanager
    def nothing_saved(self) -> Iterator[None]:
        """Check that nobody has more saved in the block than what was on its way before it."""
        before = [len(typist.saved) for typist in self.people]
        want_more(self.people, 3)
        yield
        for typist, count in zip(self.people, before, strict=True):
            assert len(typist.saved) <= count + 1, f"{typist.saved[count:]} was acknowledged"

    async def until_not_ready(self, problem: str) -> None:
        """Wait until every node says at `/readyz` that it has this problem."""
        async with asyncio.timeout(DEADLINE_S):
            for node in self.alive:
                while problem not in await node.problem():  # noqa: ASYNC110  it is asked
                    await asyncio.sleep(_LOOK_S)

    def end_lease(self, node: Node) -> None:
        """End the lease of a node that cannot renew it, if this is in a hurry."""
        if self._hurries:
            self.nodes.execute(
                "update gollabedit.nodes set lease_until = clock_timestamp() where id in ("
                f" select id from gollabedit.nodes where url = '{node.node_url}'"
                " for update skip locked)"  # a node that was cut off may be renewing it
            )

    async def time_passes(self, node: Node) -> None:
        """Let time pass while a node cannot renew its lease, which is perhaps over then."""
        if not self._hurries:
            await asyncio.sleep(self.lease_s * self.chance.uniform(0.5, 1.5))
        elif self.chance.random() < _ENDS:
            self.end_lease(node)
            await asyncio.sleep(_TAKEN_S)

    async def until_all_live(self) -> None:
        """Wait until the lease of every node was just renewed."""
        half_s = self.lease_s / 2
        fresh = f"lease_until - clock_timestamp() > {half_s} * interval '1 second'"
        count = f"select count(*) from gollabedit.nodes where {fresh}"
        async with asyncio.timeout(DEADLINE_S):
            while self.nodes.execute(count)[0][0] < len(self.alive):  # noqa: ASYNC110  it is asked
                await asyncio.sleep(_LOOK_S)

    async def check(self, folder: Path, people: Sequence[Typist] | None = None) -> None:
        """See that the clones from all nodes have every word once."""
        await check(self.alive, people or self.people, folder)

    async def check_texts(self, people: Sequence[Typist]) -> None:
        """See that all nodes show the same texts, with every word once."""
        for typist in people:
            texts = {await _text(node, typist.document) for node in self.alive}
            assert len(texts) == 1, texts
            typist.check(texts.pop())


async def _text(node: Node, document: str) -> str:
    async with node.http.get(f"{node.url}/d/{document}/raw") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


# --- nodes


async def node_killed(cluster: Cluster) -> None:
    """A node is killed, and starts again: sometimes later, sometimes on an empty disk."""
    name = cluster.one
    node = cluster.running[name]
    await cluster.end(name, signal.SIGKILL)
    if cluster.chance.random() < 0.5:
        if cluster.chance.random() < _ENDS:
            cluster.end_lease(node)
        await cluster.go_on()  # once its lease is over
    if cluster.chance.random() < 0.5:
        cluster.nodes.empty(name)
    await cluster.start(name)


async def node_restarted(cluster: Cluster, name: str = "") -> None:
    """A node is stopped, and goes on elsewhere as soon as it has answered what it has."""
    name = name or cluster.one
    assert await cluster.end(name, signal.SIGTERM) == 0
    await cluster.start(name)


async def all_restarted(cluster: Cluster) -> None:
    """One node after the other is restarted, as for an upgrade."""
    for name in NAMES:
        want_more(cluster.people, 1)
        assert await cluster.end(name, signal.SIGTERM) == 0
        await cluster.go_on()
        await cluster.start(name)


async def node_hung(cluster: Cluster) -> None:
    """A node hangs, perhaps until others have taken its documents, and goes on."""
    node = cluster.running[cluster.one]
    with node.stopped():
        await cluster.time_passes(node)


async def node_gone(cluster: Cluster) -> None:
    """The documents of a node move to others: it is killed, restarted, or hangs."""
    await cluster.chance.choice((node_killed, node_restarted, node_hung))(cluster)


# --- connections


async def database_cut(cluster: Cluster) -> None:
    """A node does not reach the database, perhaps until others have taken its documents."""
    node = cluster.running[cluster.one]
    links = node.links.database
    is_silent = cluster.next_is_silent()
    for link in links:
        link.cut(silently=is_silent)
    await cluster.time_passes(node)
    for link in links:
        link.mend()


async def nodes_cut(cluster: Cluster) -> None:
    """The nodes do not reach each other: everybody gets on at the owner."""
    for typist in cluster.people:  # who would stay there otherwise
        await typist.leave()
    await cluster.go_on()
    is_silent = cluster.next_is_silent()
    for node in cluster.alive:
        node.links.peers.cut(silently=is_silent)
    await cluster.go_on()
    for node in cluster.alive:
        node.links.peers.mend()


async def clients_cut(cluster: Cluster) -> None:
    """Clients do not reach a node: everybody gets on at the others."""
    link = cluster.running[cluster.one].links.clients
    link.cut(silently=cluster.next_is_silent())
    await cluster.go_on()
    link.mend()


async def checkpoint_cut(cluster: Cluster) -> None:
    """A node loses its connection to the database while it stores a checkpoint."""
    links = [link for node in cluster.alive for link in node.links.database]
    for link in links:
        link.reset_at(_STORES, cluster.chance.randrange(_STATEMENTS))
    resets = [asyncio.create_task(link.has_reset.wait()) for link in links]
    done, left = await asyncio.wait(resets, timeout=DEADLINE_S, return_when=asyncio.FIRST_COMPLETED)
    assert done, "no checkpoint was stored"
    for reset in left:
        reset.cancel()


# --- PostgreSQL


async def connections_ended(cluster: Cluster) -> None:
    await asyncio.to_thread(cluster.pair.end_connections)


async def primary_lost(cluster: Cluster) -> None:
    """The primary is killed, the standby promoted, and the former primary comes back as one.

    Nothing is acknowledged until the new primary has a standby.
    """
    await asyncio.to_thread(cluster.pair.fail_over)
    with cluster.nothing_saved():
        await asyncio.to_thread(cluster.pair.start_former)
        await cluster.until_not_ready("The journal")
    await asyncio.to_thread(cluster.pair.follow)


async def standby_lost(cluster: Cluster) -> None:
    """Without the standby, nothing is acknowledged."""
    await asyncio.to_thread(cluster.pair.standby.kill)
    with cluster.nothing_saved():
        await cluster.until_not_ready("does not answer")
    await asyncio.to_thread(cluster.pair.standby.start)


async def database_full(cluster: Cluster) -> None:
    with cluster.pair.full(), cluster.nothing_saved():
        await cluster.until_not_ready("the disk is full")


async def database_read_only(cluster: Cluster) -> None:
    with cluster.pair.read_only(), cluster.nothing_saved():
        await cluster.until_not_ready("cannot write")


async def no_connections_left(cluster: Cluster) -> None:
    with cluster.pair.without_connections(), cluster.nothing_saved():
        await cluster.until_not_ready("cannot write")
