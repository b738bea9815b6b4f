"""Nodes on a PostgreSQL pair, of which one part after the other fails while people type.

Each round something fails and comes back. After it everybody has more words saved, and in the end
of the round the clones of one document from all nodes have all that was acknowledged, once.

python -m tests.soak.cluster
python -m tests.soak.cluster --rounds 20 --only primary,standby --seed 7
"""

import asyncio
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from math import inf
from pathlib import Path
from random import Random

from server.storage.journal.postgresql.leases import LEASE_S
from tests.postgres import MISSING, programs
from tests.postgres_pair import Pair, running_pair
from tests.server.sockets import node_faults
from tests.server.sockets.node_faults import Cluster, Fault, Start, starts
from tests.server.sockets.node_typists import Typist
from tests.server.sockets.nodes import nodes_on
from tests.soak import network_namespace

_PATIENCE_S = 3.0
_APART = node_faults.NAMES[1]  # is in a network namespace
_AT_ONCE = 100  # of the documents that move: all have their turn in 200 rounds
_OPTIONS = ("--unload-after-s", str(LEASE_S), "--checkpoint-age-s", "3")
_HOUR_S = 3600
_FAULTS: dict[str, Fault] = {
    "killed": node_faults.node_killed,
    "restarted": node_faults.node_restarted,
    "rolling": node_faults.all_restarted,
    "hung": node_faults.node_hung,
    "database-cut": node_faults.database_cut,
    "nodes-cut": node_faults.nodes_cut,
    "clients-cut": node_faults.clients_cut,
    "checkpoint-cut": node_faults.checkpoint_cut,
    "connections": node_faults.connections_ended,
    "primary": node_faults.primary_lost,
    "standby": node_faults.standby_lost,
    "full": node_faults.database_full,
    "read-only": node_faults.database_read_only,
    "no-connections": node_faults.no_connections_left,
}
_CLOCK, _CABLE, _MOVE = "clock", "cable", "moving"
_ALL = [*_FAULTS, _CLOCK, _CABLE, _MOVE]


class Soak:
    """The cluster, and those who type all the time; others come to many documents in turn."""

    def __init__(
        self,
        cluster: Cluster,
        options: Namespace,
        folder: Path,
        machine: network_namespace.Namespace | None,
    ) -> None:
        self.happened: Counter[str] = Counter()
        self.slowest_s: dict[str, float] = {}
        self._cluster = cluster
        self._options = options
        self._folder = folder
        self._machine = machine
        self._people: list[list[Typist]] = []
        self._moving: list[Typist] = []
        self._next = 0  # of those

    async def start(self) -> None:
        cluster, options = self._cluster, self._options
        for name in node_faults.NAMES:
            await cluster.start(name)
        for number in range(options.documents):
            self._people.append(await cluster.typists(f"doc-{number}", options.people))
        if _MOVE in options.only:
            for number in range(options.moving):
                self._moving += await cluster.typists(f"moving-{number}", 1)
        for typist in self.everybody:
            typist.wanted = inf

    @property
    def everybody(self) -> list[Typist]:
        return [typist for typists in self._people for typist in typists]

    @property
    def words(self) -> int:
        return sum(len(typist.saved) for typist in (*self.everybody, *self._moving))

    async def round(self, number: int, kind: str) -> None:
        """Let something fail while people type; see that all go on, and what a document has."""
        people = self.everybody
        if kind == _MOVE:
            moving = self._moving[self._next :][:_AT_ONCE]
            self._next = (self._next + _AT_ONCE) % len(self._moving)
            people += moving
        async with self._cluster.typing(people):
            await self._cluster.go_on()
            began = time.monotonic()
            await self._cluster.round(self._fault(kind))
            took_s = time.monotonic() - began
        self.happened[kind] += 1
        self.slowest_s[kind] = max(took_s, self.slowest_s.get(kind, 0))
        await self._check(self._people[number % len(self._people)])

    def _fault(self, kind: str) -> Fault:
        special: dict[str, Fault] = {
            _CLOCK: self._clock_changed,
            _CABLE: self._cable_pulled,
            _MOVE: node_faults.node_gone,
        }
        return special.get(kind) or _FAULTS[kind]

    async def _check(self, people: list[Typist]) -> None:
        folder = self._folder / f"clones-{people[0].document}"
        folder.mkdir()
        await self._cluster.check(folder, people)
        shutil.rmtree(folder)

    async def check_all(self) -> None:
        """See all documents in clones, and those that moved as all nodes show them, too."""
        await self._cluster.check_texts(self._moving)
        for people in (*self._people, *([typist] for typist in self._moving)):
            await self._check(people)

    async def _clock_changed(self, cluster: Cluster) -> None:
        """A node is started with a clock that is an hour ahead, or late."""
        name, ahead_s = node_faults.NAMES[-1], cluster.chance.choice((-_HOUR_S, _HOUR_S))
        start = cluster.starts[name]
        library = _faketime()
        process = {
            "is_forked": False,
            "environment": {"LD_PRELOAD": library, "FAKETIME": f"{ahead_s:+}"},
        }
        cluster.starts[name] = replace(
            start, process=process if library else {"clock_ahead_s": ahead_s}
        )
        await node_faults.node_restarted(cluster, name)

    async def _cable_pulled(self, cluster: Cluster) -> None:
        """A machine reaches nothing, and is not reached, until others have its documents."""
        assert self._machine
        self._machine.pull()
        await cluster.time_passes(cluster.running[_APART])
        self._machine.plug()


def _faketime() -> str:
    """Return Debian's libfaketime, which changes the clock of a program; empty if it is missing."""
    return next(map(str, Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), "")


def _starts(machine: network_namespace.Namespace | None) -> dict[str, Start]:
    """Return how to start the nodes, the second one on a machine of its own."""
    found = starts(_OPTIONS)
    if machine:
        options = (*_OPTIONS, "--host", machine.inside, "--access", "open")
        process = {"is_forked": False, "prefix": machine.prefix}
        found[_APART] = Start(options, process)
    return found


async def soak(
    options: Namespace, pair: Pair, folder: Path, machine: network_namespace.Namespace | None
) -> None:
    """Run the rounds, and print the results."""
    began = time.monotonic()
    host = machine.outside if machine else "127.0.0.1"
    async with nodes_on(pair, folder, host) as nodes:
        chance = Random(options.seed)
        cluster = Cluster(nodes, pair, chance, LEASE_S, _PATIENCE_S, _starts(machine))
        soaked = Soak(cluster, options, folder, machine)
        await soaked.start()
        for number in range(options.rounds):
            kind = options.only[number % len(options.only)]
            print(f"round {number + 1} of {options.rounds}: {kind}", file=sys.stderr)
            await soaked.round(number, kind)
        await soaked.check_all()
    took_s = time.monotonic() - began
    print(f"{soaked.words} words acknowledged, all of them there once, {took_s:.0f} s")
    for kind, times in soaked.happened.items():
        print(f"{kind}: {times} times, over with more saved within {soaked.slowest_s[kind]:.1f} s")


def main() -> int:
    """Parse the options and run."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200, help="faults (default: 200)")
    parser.add_argument("--documents", type=int, default=4, help="documents (default: 4)")
    parser.add_argument("--people", type=int, default=5, help="people in each (default: 5)")
    parser.add_argument(
        "--moving", type=int, default=1000, help="documents that only move (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=1, help="decides who fails (default: 1)")
    parser.add_argument(
        "--only",
        type=lambda names: names.split(","),
        default=_ALL,
        help=f"some faults, separated by commas: {', '.join(_ALL)} (default: all in turn)",
    )
    options = parser.parse_args()
    if unknown := set(options.only) - set(_ALL):
        parser.error(f"unknown faults: {', '.join(sorted(unknown))}")
    if programs() is None:
        parser.error(MISSING)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        pair = stack.enter_context(running_pair())
        machine = stack.enter_context(network_namespace.namespace())
        if machine is None:
            print("no cable is pulled: this user may make no network namespace", file=sys.stderr)
            options.only = [kind for kind in options.only if kind != _CABLE]
        asyncio.run(soak(options, pair, Path(folder), machine))
    return 0


if __name__ == "__main__":
    sys.exit(main())
