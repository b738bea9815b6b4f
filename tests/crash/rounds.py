"""Rounds of typing and killing on one data folder.

In a round, writers type in several documents until the server is killed. Perhaps the next start is
killed too, or the server is killed again while its clients resume. Then it starts, all clients
resume, and the promises are checked. The next round continues from there.

The seed decides who does what and after how many answers the kill comes, but not its exact timing:
two runs with one seed are similar, not identical.

A kill is not a power loss: data that was written but not synced survives it, so a missing sync is
not found here.
"""

import asyncio
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from tests.crash.clone import Clone, CloneError, clone_document, fsck
from tests.crash.crashing_server import CrashingServer, KillPlan, kill_while_starting
from tests.crash.promises import Promises
from tests.crash.results import Fault, Results
from tests.crash.writer import Writer

_DOCUMENTS = 3
_WRITERS = (6, 10)
# Minimum and maximum number of answers before a kill: most servers are killed early.
_ANSWERS_BEFORE_KILL = ((10, 60), (10, 60), (60, 120), (150, 300))

# The default limit is too low for writers that wait only for answers.
_OPTIONS = ("--edits-per-s", "1000000", "--seal-idle-s", "0.02")


class Rounds:
    """A server that is killed repeatedly, and its writers."""

    def __init__(self, data: Path, seed: int, *options: str) -> None:
        """Prepare; `options` are passed to `gollabedit serve`."""
        self.results = Results()
        self.logs: deque[str] = deque(maxlen=3)  # of the last processes
        self._data = data
        self._options = _OPTIONS + options
        self._random = Random(seed)
        self._promises = [Promises(f"doc-{number}") for number in range(_DOCUMENTS)]
        self._writers = [
            Writer(n, self._promises[n % _DOCUMENTS], self.results, Random(f"{seed} {n}"))
            for n in range(self._random.randint(*_WRITERS))
        ]

    async def run(self, rounds: int, show_progress: Callable[[], None] = lambda: None) -> None:
        """Run the rounds, then stop the server and check the disk.

        Args:
            rounds: how many.
            show_progress: called after each one.
        """
        for number in range(rounds):
            async with self._server() as server:
                await self._resume_all(server)
                show_progress()
                least_most = self._random.choice(_ANSWERS_BEFORE_KILL)
                await self._type(server, self._plan(*least_most) if number else self._first_plan())
            for kill in self._random.choice([(), (self._kill_start,), (self._kill_resuming,)]):
                await kill()
        async with self._server() as server:
            await self._resume_all(server)
            server.signal(signal.SIGTERM)
            code = await server.ended()
            if code != 0:
                self.results.add_fault(Fault.BROKEN, f"SIGTERM: exit code {code}")
        await self._check_disk()

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[CrashingServer]:
        """Run a server and collect its log."""
        server = CrashingServer(self._data, *self._options)
        try:
            async with server:
                self.results.ready_s.append(server.ready_s)
                yield server
        finally:
            self.logs.append(server.log)
            for line in server.log.splitlines():
                if "ERROR" in line or "Traceback" in line:
                    self.results.add_fault(Fault.BROKEN, f"the server's log has: {line}")

    def _first_plan(self) -> KillPlan:
        """Return a plan for an early kill, while documents are created."""
        return KillPlan(self._random.choice([0, 0, 3, 9]), 0, self._random.uniform(0, 0.04))

    def _plan(self, least: int, most: int) -> KillPlan:
        random = self._random
        seconds = random.choice([0.0, random.uniform(0, 0.02)])
        return KillPlan(random.randint(least, most), random.randint(0, 8), seconds)

    # --- until the kill

    async def _type(self, server: CrashingServer, plan: KillPlan) -> None:
        """Let all writers type until the server is killed; sometimes clone meanwhile."""
        server.kill_after(plan)
        cloned = self._random.choice([[], self._random.sample(self._promises, 2)])
        async with asyncio.TaskGroup() as tasks:
            for writer in self._writers:
                tasks.create_task(writer.type_until_killed(server))
            tasks.create_task(self._clone(server, cloned))
        await server.ended()
        self.results.kills += 1
        self.results.kills_at_work += any(writer.outstanding for writer in self._writers)

    async def _clone(self, server: CrashingServer, cloned: list[Promises]) -> None:
        """Clone documents until the server is killed."""
        for promises in cloned:
            try:
                taken = await clone_document(server.url, promises.document)
            except CloneError as problem:
                if not server.is_killed:
                    self.results.add_fault(Fault.CORRUPT, str(problem))
                return
            if taken:
                self.results.clones += 1
                if taken.fsck_output:
                    self.results.add_fault(
                        Fault.CORRUPT, f"{promises.document}: {taken.fsck_output}"
                    )

    async def _kill_start(self) -> None:
        """Kill a starting server, once or twice."""
        for _ in range(self._random.randint(1, 2)):
            after_s = self._random.uniform(0, 1.2 * self.results.ready_s[-1])
            problem = await kill_while_starting(self._data, *self._options, after_s=after_s)
            self.results.early_kills += 1
            if problem:
                self.results.add_fault(Fault.BROKEN, problem)

    async def _kill_resuming(self) -> None:
        """Kill a server while its clients resume."""
        async with self._server() as server:
            server.kill_after(self._plan(0, 2 * len(self._writers)))
            async with asyncio.TaskGroup() as tasks:
                for writer in self._writers:
                    tasks.create_task(writer.resume_until_killed(server))
            server.kill()
            await server.ended()
        self.results.early_kills += 1

    # --- after the restart

    async def _resume_all(self, server: CrashingServer) -> None:
        """Let all writers resume and finish their edits, then check the promises."""
        if self._random.random() < 0.3:  # before the server has loaded any document
            await self._check_clones(server)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.TaskGroup() as tasks:
                for writer in self._writers:
                    tasks.create_task(writer.resume(server))
            self.results.resumed_s.append(loop.time() - began)
        finally:  # a failure to resume may be due to a loss
            clones = await self._check_clones(server)
        for promises, clone in zip(self._promises, clones, strict=True):
            await self._check_idle(server, promises, clone)
        self.results.rounds = self.results.kills  # everything typed is checked now

    async def _check_clones(self, server: CrashingServer) -> list[Clone | None]:
        return await asyncio.gather(*(self._check_clone(server, each) for each in self._promises))

    async def _check_clone(self, server: CrashingServer, promises: Promises) -> Clone | None:
        try:
            clone = await clone_document(server.url, promises.document)
        except CloneError as problem:
            self.results.add_fault(Fault.CORRUPT, str(problem))
            return None
        promises.check(clone, self.results)
        return clone

    async def _check_idle(
        self, server: CrashingServer, promises: Promises, clone: Clone | None
    ) -> None:
        """While nobody types, check that clone, plain text and all clients agree."""
        raw = await server.raw(promises.document)
        if raw is None:
            return  # nothing was ever written, or the clone would have failed
        if clone is None or raw != (clone.head, clone.text):
            self.results.add_fault(Fault.BROKEN, f"{promises.document}: a clone differs from /raw")
        for writer in self._writers:
            if writer.promises is promises and await writer.catch_up(raw[0]) != raw[1]:
                self.results.add_fault(Fault.BROKEN, f"{writer.name} has another text than /raw")

    async def _check_disk(self) -> None:
        """Check the repositories after the server has stopped."""
        for path in self._data.glob("*.git"):
            fsck_output = await fsck(path, "--no-dangling")
            if fsck_output:
                self.results.add_fault(Fault.CORRUPT, f"{path.name}: {fsck_output}")
