"""Nodes on a PostgreSQL pair, of which one machine after the other fails while people type.

Each round something fails and comes back. After it everybody has more words saved, and in the end
of the round the clones of one document from all nodes have all that was acknowledged, once.

python -m tests.soak.cluster
python -m tests.soak.cluster --rounds 20 --only primary,standby --seed 7
"""

import asyncio
import shutil
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from tests.postgres import MISSING, programs, running
from tests.server.sockets.node_typists import Typist, check, until_more
from tests.server.sockets.nodes import Nodes, nodes_on
from tests.server.sockets.real_server import RealServer  # noqa: TC001

_NODES = ("a", "b", "c")
_HANGS_S = (4.0, 8.0)  # a lease is over after 5 s
_STANDBY_GONE_S = 2.0
_WORDS = 2  # that everybody has more after each round
_READ_ONLY = "default_transaction_read_only"


class Pair:
    """A primary that waits for its standby; a promoted one waits for the next one."""

    def __init__(self, machines: ExitStack) -> None:
        self.primary = machines.enter_context(running())
        self.standby = machines.enter_context(running(self.primary))
        self._hosts = f"{self.primary.folder},{self.standby.folder}"
        for server in (self.primary, self.standby):  # which may become the primary
            server.set("synchronous_standby_names", "ANY 1 (*)")

    def new_database(self) -> str:
        self.database = self.primary.new_database()
        return self.database

    def url(self, database: str) -> str:
        return self.primary.url(database, host=self._hosts)

    def execute(self, command: str, database: str) -> list[tuple[Any, ...]]:
        return self.primary.execute(command, database)

    def fail_over(self) -> None:
        """Lose the primary; the standby takes over, and the former primary follows it."""
        self.primary.kill()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        self.standby.follow(self.primary)

    def refuse_writes(self, refuse: str) -> None:
        self.primary.set(_READ_ONLY, refuse)
        self.primary.end_connections(self.database)


class Cluster:
    """The pair, the nodes and the people."""

    def __init__(self, nodes: Nodes, pair: Pair, options: Namespace, folder: Path) -> None:
        self.happened: Counter[str] = Counter()
        self.slowest_s: dict[str, float] = {}
        self._nodes = nodes
        self._pair = pair
        self._folder = folder
        self._random = Random(options.seed)
        self._running: dict[str, RealServer] = {}
        self._alive: list[RealServer] = []  # the same, as everybody sees it
        self._people = [
            [
                Typist(f"doc-{one}", f"d{one}p{other}x", self._alive)
                for other in range(options.people)
            ]
            for one in range(options.documents)
        ]

    async def start(self) -> None:
        for name in _NODES:
            await self._start(name)
        for typists in self._people:
            text = "".join(f"{typist.line}:\n" for typist in typists)
            await self._nodes.owned_by(self._random.choice(self._alive), typists[0].document, text)

    async def _start(self, name: str) -> None:
        self._running[name] = await self._nodes.start(name)
        self._alive[:] = self._running.values()
        self._random.shuffle(self._alive)

    @property
    def everybody(self) -> list[Typist]:
        return [typist for typists in self._people for typist in typists]

    async def round(self, number: int, fault: str) -> None:
        """Let something fail while people type; check that all go on, and what a document has."""
        async with asyncio.TaskGroup() as tasks:
            typing = [tasks.create_task(typist.type()) for typist in self.everybody]
            await until_more(self.everybody, _WORDS)
            await _FAULTS[fault](self)
            began = time.monotonic()
            await until_more(self.everybody, _WORDS)
            took_s = time.monotonic() - began
            for task in typing:
                task.cancel()
        self.happened[fault] += 1
        self.slowest_s[fault] = max(took_s, self.slowest_s.get(fault, 0))
        await self.check(number, number % len(self._people))

    async def check(self, number: int, document: int) -> None:
        folder = self._folder / f"clones-{number}-{document}"
        folder.mkdir()
        await check(list(self._running.values()), self._people[document], folder)
        shutil.rmtree(folder)

    async def check_all(self) -> None:
        for document in range(len(self._people)):
            await self.check(-1, document)

    # --- what can fail

    async def node_killed(self) -> None:
        """A node is killed, and starts again, sometimes on an empty disk."""
        name = await self._end(signal.SIGKILL)
        if self._random.random() < 0.5:
            for file in (self._folder / name).iterdir():
                if file.name != "secret":
                    shutil.rmtree(file) if file.is_dir() else file.unlink()
        await self._start(name)

    async def node_restarted(self) -> None:
        await self._start(await self._end(signal.SIGTERM))

    async def _end(self, number: int) -> str:
        name = self._random.choice(_NODES)
        self._running[name].signal(number)
        await self._running.pop(name).ended()
        self._alive[:] = self._running.values()
        await self._nodes.stop(name)
        return name

    async def node_hung(self) -> None:
        """A node hangs, perhaps until others have taken its documents, and goes on."""
        node = self._random.choice(self._alive)
        node.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(self._random.uniform(*_HANGS_S))
        finally:
            node.signal(signal.SIGCONT)

    async def primary_lost(self) -> None:
        await asyncio.to_thread(self._pair.fail_over)

    async def standby_lost(self) -> None:
        """Without the standby, nothing is acknowledged."""
        self._pair.standby.kill()
        await asyncio.sleep(0.2)  # what was on its way
        before = [len(typist.saved) for typist in self.everybody]
        await asyncio.sleep(_STANDBY_GONE_S)
        assert [len(typist.saved) for typist in self.everybody] == before
        await asyncio.to_thread(self._pair.standby.start)

    async def connections_cut(self) -> None:
        self._pair.primary.end_connections(self._pair.database)

    async def database_read_only(self) -> None:
        await asyncio.to_thread(self._pair.refuse_writes, "on")
        await asyncio.sleep(1)
        await asyncio.to_thread(self._pair.refuse_writes, "off")


_FAULTS: dict[str, Callable[[Cluster], Awaitable[None]]] = {
    "killed": Cluster.node_killed,
    "restarted": Cluster.node_restarted,
    "hung": Cluster.node_hung,
    "primary": Cluster.primary_lost,
    "standby": Cluster.standby_lost,
    "cut": Cluster.connections_cut,
    "read-only": Cluster.database_read_only,
}


async def soak(options: Namespace, pair: Pair, folder: Path) -> None:
    """Run the rounds, and print the results."""
    began = time.monotonic()
    async with nodes_on(pair, folder) as nodes:
        cluster = Cluster(nodes, pair, options, folder)
        await cluster.start()
        for number in range(options.rounds):
            fault = options.only[number % len(options.only)]
            print(f"round {number + 1} of {options.rounds}: {fault}", file=sys.stderr)
            await cluster.round(number, fault)
        await cluster.check_all()
    words = sum(len(typist.saved) for typist in cluster.everybody)
    print(f"{words} words acknowledged, all of them there once, {time.monotonic() - began:.0f} s")
    for fault, times in cluster.happened.items():
        went_on_s = cluster.slowest_s[fault]
        print(f"{fault}: {times} times; then everybody had more saved within {went_on_s:.1f} s")


def main() -> int:
    """Parse the options and run."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200, help="faults (default: 200)")
    parser.add_argument("--documents", type=int, default=4, help="documents (default: 4)")
    parser.add_argument("--people", type=int, default=5, help="people in each (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="decides who fails (default: 1)")
    parser.add_argument(
        "--only",
        type=lambda names: names.split(","),
        default=list(_FAULTS),
        help=f"some faults, separated by commas: {', '.join(_FAULTS)} (default: all in turn)",
    )
    options = parser.parse_args()
    if unknown := set(options.only) - set(_FAULTS):
        parser.error(f"unknown faults: {', '.join(sorted(unknown))}")
    if programs() is None:
        parser.error(MISSING)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as machines:
        asyncio.run(soak(options, Pair(machines), Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
