"""Rounds of typing and dying on one data folder.

A round: writers type into several documents until the server is killed; perhaps the next start is
killed too, or the server is killed again while the clients come back; then it starts, all resume,
and the server is held to what it has promised. The next round goes on from there.

The seed decides who does what and after how many answers the kill comes. Where exactly it hits is
left to the machine: two runs of one seed are alike, and not the same.

A kill is no power cut: what was written and not synced survives it, so a missing sync is not found
here.
"""

import asyncio
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from tests.crash import mirror
from tests.crash.ledger import Ledger
from tests.crash.mirror import CloneError, Mirror
from tests.crash.tally import Fault, Tally
from tests.crash.victim import Fuse, Victim, kill_while_starting
from tests.crash.writer import Writer

_DOCUMENTS = 3
_WRITERS = (6, 10)
# How many answers a server lives to give, at least and at most: most die young.
_LIVES = ((10, 60), (10, 60), (60, 120), (150, 300))

# Writers wait for nothing but answers, so the limit for a person is too low for them.
_OPTIONS = ("--edits-per-s", "1000000")


class Rounds:
    """A server that is killed again and again, and those who type."""

    def __init__(self, data: Path, seed: int, *options: str) -> None:
        """`options` are further ones of `gollabedit serve`."""
        self.tally = Tally()
        self.logs: deque[str] = deque(maxlen=3)  # of the last processes
        self._data = data
        self._options = _OPTIONS + options
        self._random = Random(seed)
        self._ledgers = [Ledger(f"doc-{number}") for number in range(_DOCUMENTS)]
        self._writers = [
            Writer(n, self._ledgers[n % _DOCUMENTS], self.tally, Random(f"{seed} {n}"))
            for n in range(self._random.randint(*_WRITERS))
        ]

    async def run(self, rounds: int, tell: Callable[[], None] = lambda: None) -> None:
        """Carry out this many rounds, then stop the server and look at what is on disk.

        Args:
            rounds: how many.
            tell: called after each, for people who watch.
        """
        for number in range(rounds):
            async with self._server() as server:
                await self._everybody_comes_in(server)
                tell()
                least_most = self._random.choice(_LIVES)
                await self._type(server, self._fuse(*least_most) if number else self._first_fuse())
            for kill in self._random.choice([(), (self._kill_start,), (self._kill_resuming,)]):
                await kill()
        async with self._server() as server:
            await self._everybody_comes_in(server)
            server.signal(signal.SIGTERM)
            code = await server.ended()
            if code != 0:
                self.tally.complain(Fault.BROKEN, f"SIGTERM: exit code {code}")
        await self._check_disk()

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[Victim]:
        """A server's life."""
        server = Victim(self._data, *self._options)
        try:
            async with server:
                self.tally.ready_s.append(server.ready_s)
                yield server
        finally:
            self.logs.append(server.log)
            for line in server.log.splitlines():
                if "ERROR" in line or "Traceback" in line:
                    self.tally.complain(Fault.BROKEN, f"the server's log has: {line}")

    def _first_fuse(self) -> Fuse:
        """The first kill comes early: while documents are made."""
        return Fuse(self._random.choice([0, 0, 3, 9]), 0, self._random.uniform(0, 0.04))

    def _fuse(self, least: int, most: int) -> Fuse:
        random = self._random
        seconds = random.choice([0.0, random.uniform(0, 0.02)])
        return Fuse(random.randint(least, most), random.randint(0, 8), seconds)

    # --- until it is killed

    async def _type(self, server: Victim, fuse: Fuse) -> None:
        """Everybody types until the server is gone; now and then somebody clones."""
        server.light(fuse)
        cloned = self._random.choice([[], self._random.sample(self._ledgers, 2)])
        async with asyncio.TaskGroup() as tasks:
            for writer in self._writers:
                tasks.create_task(writer.type_until_killed(server))
            tasks.create_task(self._clone(server, cloned))
        await server.ended()
        self.tally.kills += 1
        self.tally.kills_at_work += any(writer.outstanding for writer in self._writers)

    async def _clone(self, server: Victim, ledgers: list[Ledger]) -> None:
        """Somebody clones documents, as long as there is a server."""
        for ledger in ledgers:
            try:
                taken = await mirror.take(server.url, ledger.document)
            except CloneError as problem:
                if not server.is_killed:
                    self.tally.complain(Fault.UNSOUND, str(problem))
                return
            if taken:
                self.tally.clones += 1
                if taken.complaint:
                    self.tally.complain(Fault.UNSOUND, f"{ledger.document}: {taken.complaint}")

    async def _kill_start(self) -> None:
        """Kill a server that is about to start, once or twice."""
        for _ in range(self._random.randint(1, 2)):
            after_s = self._random.uniform(0, 1.2 * self.tally.ready_s[-1])
            problem = await kill_while_starting(self._data, *self._options, after_s=after_s)
            self.tally.early_kills += 1
            if problem:
                self.tally.complain(Fault.BROKEN, problem)

    async def _kill_resuming(self) -> None:
        """Kill a server that has just let its clients in, or some of them."""
        async with self._server() as server:
            server.light(self._fuse(0, 2 * len(self._writers)))
            async with asyncio.TaskGroup() as tasks:
                for writer in self._writers:
                    tasks.create_task(writer.come_in_until_killed(server))
            server.kill()
            await server.ended()
        self.tally.early_kills += 1

    # --- after it has started again

    async def _everybody_comes_in(self, server: Victim) -> None:
        """All resume and finish what they had sent; then everything is where it should be."""
        if self._random.random() < 0.3:  # before anybody makes the server look at a document
            await self._check_clones(server)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.TaskGroup() as tasks:
                for writer in self._writers:
                    tasks.create_task(writer.come_in(server))
            self.tally.resumed_s.append(loop.time() - began)
        finally:  # who is shut out may be so because something is lost
            clones = await self._check_clones(server)
        for ledger, clone in zip(self._ledgers, clones, strict=True):
            await self._check_calm(server, ledger, clone)
        self.tally.rounds = self.tally.kills  # what they did is checked now

    async def _check_clones(self, server: Victim) -> list[Mirror | None]:
        return await asyncio.gather(*(self._check_clone(server, each) for each in self._ledgers))

    async def _check_clone(self, server: Victim, ledger: Ledger) -> Mirror | None:
        try:
            clone = await mirror.take(server.url, ledger.document)
        except CloneError as problem:
            self.tally.complain(Fault.UNSOUND, str(problem))
            return None
        ledger.check(clone, self.tally)
        return clone

    async def _check_calm(self, server: Victim, ledger: Ledger, clone: Mirror | None) -> None:
        """Nobody types: clone, plain text and all clients say the same."""
        raw = await server.raw(ledger.document)
        if raw is None:
            return  # nothing was ever written; else the clone would have told
        if clone is None or raw != (clone.head, clone.text):
            self.tally.complain(Fault.BROKEN, f"{ledger.document}: a clone is not what /raw is")
        for writer in self._writers:
            if writer.ledger is ledger and await writer.catch_up(raw[0]) != raw[1]:
                self.tally.complain(Fault.BROKEN, f"{writer.name} sees something else than /raw")

    async def _check_disk(self) -> None:
        """The repositories themselves, when nobody uses them."""
        for path in self._data.glob("*.git"):
            complaint = await mirror.complaint_of(path, "--no-dangling")
            if complaint:
                self.tally.complain(Fault.UNSOUND, f"{path.name}: {complaint}")
