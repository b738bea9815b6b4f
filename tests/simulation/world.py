"""The world around the real server: a network, a clock, a disk and people, all from one seed.

Real are `LiveDocument` and `Connection`, sessions, documents, repositories, the journal,
checkpoints and Git. Fake is only what makes a run different each time: the clock, the threads
(work runs, and the journal writes, when the world says so), the network (a frame arrives when the
world says so, or never) and the people.

Faults: a connection breaks (with frames in both directions lost), a client reads slowly, the
server is killed before or after the journal has a batch, or within a checkpoint, and starts again
from disk, the disk refuses, somebody else appends to the journal or commits by hand on disk, time
jumps.

After every step: no message contradicts what its receiver has (`DriftError`), `update`s chain
(P6), what is acknowledged is on disk under a ref (P2), `master` only grows. At the end: all have
the same text, and no word is lost.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from server.core.clients import ResumeKeys
from server.core.git_model import CLIENTS, MASTER, UNMERGED, Signature
from server.core.session import Limits, Session
from server.core.unmerged_reader import UnmergedReader
from server.git.changes import Entry
from server.git.repository import Repository
from server.hub import durable_document, live_document
from server.hub.durable_document import DurableDocument, Threads
from server.hub.live_document import Connection, LiveDocument
from server.hub.meters import Meters
from server.protocol import encode
from server.storage.journal import DiskFullError, JournalError, OvertakenError, direct
from server.storage.journal.sqlite import SqliteJournal
from server.support.threads import WorkerThreads
from tests.git import assert_sound, git
from tests.simulation.client import Client, Message, Words

_LIMITS = Limits(1_000_000, 4_000_000, edits_per_s=1e6, edits_outstanding_max=32)
_NAMES = ("ann", "bo", "cy", "dee")
_STEPS = 300
_ROUNDS_TO_SETTLE = 200


class Clock:
    """Time that only the world advances; replaces the module `time`."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return 0.0  # nothing takes long


class _Loop(asyncio.SelectorEventLoop):
    """An event loop in the world's time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.faults: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _, fault: self.faults.append(fault))

    def time(self) -> float:
        return self._clock.now


class _Worker(WorkerThreads):
    """A worker thread whose calls run when the world says so, in the world's own thread."""

    def __init__(self) -> None:
        super().__init__(0, "worker")
        self.waiting: deque[Callable[[], None]] = deque()

    def run(self, call: Callable[[], None]) -> None:
        self.waiting.append(call)

    def work(self) -> None:
        """Run the oldest call; its result arrives when the event loop runs."""
        if self.waiting:
            self.waiting.popleft()()


class _Journal(SqliteJournal):
    """The real journal: it writes when the world says so, and its disk can be full."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, start=False)
        # Syncing is tested elsewhere; here it would only take time.
        self._writer.execute("PRAGMA synchronous = OFF")
        self.is_full = False

    @property
    def waits(self) -> bool:
        return bool(self._queue.entries)

    def append(self, entry: Entry, follows: int) -> Future[int]:
        if not self.is_full:
            return super().append(entry, follows)
        refused: Future[int] = Future()
        refused.set_exception(DiskFullError("no space left on device"))
        return refused


@dataclass
class Websocket:
    """A client's websocket: the frames in flight, and the rules that they must keep."""

    client: Client
    connection: Connection
    reading: asyncio.Task[tuple[list[bytes], object]] | None = None
    closed: bool = False

    def __post_init__(self) -> None:
        self.up: deque[bytes] = deque()
        self.down: deque[bytes] = deque()
        self.chain = ""
        self.asked: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()
        self.may_repeat: set[int] = set()

    def check(self, message: Message) -> None:
        """P3 and P6, seen from the server's end."""
        kind = message["type"]
        if kind == "update" and "from" in message:
            assert message["from"] == self.chain, "P6: an update from something else"
        if kind in ("welcome", "merged", "update"):
            self.chain = message["revision"]
        if kind in ("merged", "conflict", "error") and "seq" in message:
            self.answered[message["seq"]] += 1
        for found in (message, message.get("conflict")):
            if found and found["type"] == "conflict":
                self.may_repeat.add(found["seq"])  # P9: news of it carries its number

    def check_answers(self) -> None:
        """P3: each submission that arrived got one reply; only notifications repeat one."""
        for seq in self.asked | self.answered:
            asked, answered = self.asked[seq], self.answered[seq]
            assert asked == answered or (seq in self.may_repeat and asked <= answered), (
                f"P3: {asked} submissions with seq {seq} got {answered} answers"
            )


class World:
    """One run."""

    def __init__(self, folder: Path, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.random = Random(seed)
        self.clock = Clock()
        self.happened: Counter[str] = Counter()
        patch.setattr(live_document, "time", self.clock)
        patch.setattr(durable_document, "time", self.clock)
        self._folder = folder
        self._path = folder / "notes.git"
        self._is_full = False
        self._by_hand: set[str] = set()
        self._keys = _Keys(b"secret", self.random)
        self._loop = _Loop(self.clock)
        self._words = Words()
        count = self.random.randint(2, len(_NAMES))
        self.clients = [
            Client(name, self.random, self._words, splices=self.random.random() < 0.5)
            for name in _NAMES[:count]
        ]
        self._connections: dict[Client, Websocket] = {}
        self._old: list[Websocket] = []
        self._master: str | None = None
        self._start()

    def _repository(self, _: str = "") -> Repository:
        """Open what is durable."""
        return Repository(self._path, "notes.txt", self._journal.read("notes"))

    # --- the server

    def _start(self) -> None:
        self._worker = _Worker()
        self._journal = _Journal(self._folder / "journal.sqlite")
        self._journal.is_full = self._is_full
        threads = Threads(self._worker, self._worker, self._worker)
        durable = DurableDocument("notes", self._repository, self._journal, threads, 1_000_000)
        self._live = live = LiveDocument(durable, Meters(), lambda _: None)
        self._journal.listen(lambda _, position: live.on_journal_entry(position))
        self._server = self._loop.create_task(live.run())
        self._checkpoint: asyncio.Task[None] | None = None

    def _kill(self) -> None:
        """Kill the process: unsent frames are lost."""
        tasks = [self._server, *(c.reading for c in self._all() if c.reading)]
        if self._checkpoint:
            tasks.append(self._checkpoint)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        for connection in self._all():
            connection.connection.session.close(1006, "killed")
        self._old.clear()
        for client in list(self._connections):
            self._break(client)
        self._old.clear()
        self._journal.close()

    def _all(self) -> list[Websocket]:
        return [*self._connections.values(), *self._old]

    def _run(self) -> None:
        """Let the event loop do all it can do without time, work or frames."""
        self._loop.run_until_complete(_breathe())
        assert not self._server.done(), self._server
        assert not self._loop.faults, self._loop.faults

    def _call(self, function: Callable[[], None]) -> None:
        """Call something of the server on its event loop."""
        self._loop.call_soon(function)
        self._run()

    # --- the network

    def _connect(self, client: Client) -> None:
        session = Session("notes", self._keys, _LIMITS, self.clock.now)
        connection = Websocket(client, self._live.connect(session))
        connection.up.append(client.hello())
        self._connections[client] = connection

    def _break(self, client: Client) -> None:
        """End a client's connection; frames in flight may still reach the server."""
        connection = self._connections.pop(client)
        connection.down.clear()
        client.disconnected()
        self._old.append(connection)

    def _send(self, client: Client, frame: bytes | None) -> None:
        if frame is not None and client in self._connections:
            self._connections[client].up.append(frame)

    def _deliver_up(self, connection: Websocket) -> None:
        """One frame reaches the server."""
        if connection.up and not connection.closed:
            frame = connection.up.popleft()
            seq = json.loads(frame).get("seq")
            if seq is not None:
                connection.asked[seq] += 1
            self._loop.run_until_complete(connection.connection.receive(frame))

    def _read(self, connection: Websocket) -> None:
        """The socket takes what the connection has to send."""
        if connection.closed:
            return
        if connection.reading is None:
            connection.reading = self._loop.create_task(connection.connection.outgoing())
        self._run()
        if connection.reading.done():
            frames, closing = connection.reading.result()
            connection.reading = None
            for frame in frames:
                message = json.loads(frame)
                connection.check(message)
                self._check_durable(message)
                connection.down.append(frame)
            if closing:
                self._end(connection)

    def _end(self, connection: Websocket) -> None:
        connection.closed = True
        if connection.reading:
            connection.reading.cancel()
        self._call(connection.connection.disconnect)

    def _deliver_down(self, connection: Websocket) -> None:
        """One frame reaches the client."""
        if connection.down:
            frame = connection.down.popleft()
            self._count(json.loads(frame))
            client = connection.client
            was_open = client.is_open
            client.receive(frame)
            if client.is_open and not was_open and client.outstanding:
                self.happened["resent"] += 1
                self._send(client, client.again())
            self._send(client, client.urgent())

    def _count(self, message: Message) -> None:
        self.happened[message["type"]] += 1
        if message["type"] == "error":
            self.happened[message["code"]] += 1

    # --- what may happen

    def run(self) -> None:
        """Many random steps, then a calm end."""
        try:
            for _ in range(_STEPS):
                self._step()
            self._settle()
            self._check_end()
        finally:
            self._kill()
            self._loop.close()

    def _step(self) -> None:
        actions: list[tuple[float, Callable[[], None]]] = [
            (20, self._somebody_types),
            (30, self._somebody_sends),
            (40, self._all_goes_well),
            (20, self._a_frame_goes_up),
            (20, self._somebody_is_read),
            (30, self._a_frame_goes_down),
            (15, self._worker.work),
            (15, self._journal.write),
            (3, self._begin_checkpoint),
            (10, self._somebody_comes),
            (2, self._somebody_drops),
            (10, self._somebody_decides),
            (6, self._somebody_takes_up),
            (1, self._somebody_syncs),
            (0.7, self._server_dies),
            (0.5, self._disk_fills),
            (1, self._somebody_else_appends),
            (0.3, self._somebody_commits_by_hand),
            (2, self._time_passes),
            (1, self._sweep),
            (2, self._an_old_connection_ends),
        ]
        weights = [weight for weight, _ in actions]
        [(_, action)] = self.random.choices(actions, weights)
        action()
        self._run()
        self._check_master()

    def _somebody(self) -> Client:
        return self.random.choice(self.clients)

    def _somebody_types(self) -> None:
        self._somebody().type()

    def _somebody_sends(self) -> None:
        client = self._somebody()
        self._send(client, client.due())

    def _somebody_comes(self) -> None:
        client = self._somebody()
        if client not in self._connections:
            self._connect(client)

    def _somebody_drops(self) -> None:
        client = self._somebody()
        if client in self._connections:
            self.happened["dropped"] += 1
            self._break(client)

    def _somebody_decides(self) -> None:
        """Answer a conflict, or put the answer off."""
        undecided = [client for client in self.clients if client.conflict and client.is_settled]
        if undecided:
            client = self.random.choice(undecided)
            if self.random.random() < 0.3:
                self.happened["parked"] += 1
                self._send(client, client.park())
            else:
                self.happened["resolved"] += 1
                self._send(client, client.resolve())

    def _somebody_takes_up(self) -> None:
        """Resolve a parked conflict of any client; two clients may do so at once."""
        free = [client for client in self.clients if client.is_settled and not client.conflict]
        reader = self._reader()
        if not free or not reader:
            return
        listed = reader.all("notes").unmerged
        if listed:
            found = reader.conflict(self.random.choice(listed).id)
            assert found, "it is listed"
            count = min(len(free), self.random.choice([1, 2]))
            self.happened["taken up"] += 1
            for client in self.random.sample(free, count):
                self._send(client, client.take_up(json.loads(encode(found))))

    def _reader(self) -> UnmergedReader | None:
        """Return the unmerged branches as plain HTTP lists them."""
        repository = self._repository()
        return UnmergedReader(repository) if repository.head(MASTER) else None

    def _somebody_syncs(self) -> None:
        client = self._somebody()
        if client.is_open:
            self._send(client, client.sync())

    def _all_goes_well(self) -> None:
        """Advance all frames in flight by one step."""
        self._worker.work()
        self._journal.write()
        for connection in list(self._connections.values()):
            self._deliver_up(connection)
            self._read(connection)
            self._deliver_down(connection)

    def _a_frame_goes_up(self) -> None:
        """On any connection: also on one that its client has given up already."""
        self._deliver_up_some([c for c in self._all() if c.up and not c.closed])

    def _deliver_up_some(self, candidates: list[Websocket]) -> None:
        if candidates:
            self._deliver_up(self.random.choice(candidates))

    def _somebody_is_read(self) -> None:
        connections = self._all()
        if connections:
            self._read(self.random.choice(connections))

    def _a_frame_goes_down(self) -> None:
        candidates = [c for c in self._connections.values() if c.down]
        if candidates:
            self._deliver_down(self.random.choice(candidates))

    def _an_old_connection_ends(self) -> None:
        """The server notices that a connection is gone."""
        if self._old:
            connection = self._old.pop(0)
            if not connection.closed:
                self._end(connection)

    def _server_dies(self) -> None:
        if self.random.random() < 0.7:
            for connection in self._all():
                self._deliver_up(connection)
            self._run()
        if self.random.random() < 0.7:
            self._worker.work()
            if self.random.random() < 0.7:
                self.happened["died before the answer"] += self._journal.waits
                self._journal.write()
        self.happened["died with work undone"] += bool(self._worker.waiting)
        self.happened["died with entries unwritten"] += self._journal.waits
        self.happened["died within a checkpoint"] += bool(self._checkpoint)
        self.happened["died"] += 1
        self._kill()
        self._check_acknowledged()
        self._start()

    def _disk_fills(self) -> None:
        self._is_full = self._journal.is_full = not self._is_full

    def _begin_checkpoint(self) -> None:
        if self._checkpoint is None and self._live.durable.backlog:
            self._checkpoint = self._loop.create_task(self._write_checkpoint())

    async def _write_checkpoint(self) -> None:
        try:
            await self._live.durable.checkpoint()
            self.happened["checkpoint"] += 1
        except OvertakenError:
            self.happened["checkpoint overtaken"] += 1
            self._live.wake()
        except JournalError:
            self.happened["checkpoint failed"] += 1
        self._checkpoint = None

    def _somebody_else_appends(self) -> None:
        """As a push would: `master` moves under the server's feet."""
        if self._is_full:
            return
        self._journal.write()
        repository = self._repository()
        entry = self._written_elsewhere(repository)
        if entry:
            self.happened["pushed"] += 1
            appended = self._journal.append(entry, repository.position)
            self._journal.write()
            appended.result()

    def _somebody_commits_by_hand(self) -> None:
        """Commit in the bare repository itself, without the server."""
        if not self._path.exists():
            return
        repository = Repository(self._path, "notes.txt")
        entry = self._written_elsewhere(repository)
        if entry:
            self.happened["by hand"] += 1
            direct.store(repository.path, entry)
            self._by_hand |= {move.new for move in entry.moves if move.new}

    def _written_elsewhere(self, repository: Repository) -> Entry | None:
        head = repository.head(MASTER)
        if head is None:
            return None
        who = Signature("Olive", "olive@example.invalid", self.clock.now)
        word = self._words.new("olive")
        text = repository.text(head)
        text = f"{word}\n{text}" if self.random.random() < 0.5 else f"{text}{word}\n"
        repository.move(MASTER, repository.commit(text, (head,), who, who, "Write\n"))
        return repository.staged("notes")

    def _time_passes(self) -> None:
        self.clock.now += self.random.choice([0.1, 1, 20, 40])

    def _sweep(self) -> None:
        self._call(lambda: self._live.sweep(park_after_s=30, keep_s=10_000))

    # --- the end

    def _settle(self) -> None:
        """End without faults: all clients connect, send everything, and see everything."""
        self._is_full = self._journal.is_full = False
        for connection in self._old:
            connection.up.clear()
            if not connection.closed:
                self._end(connection)
        self._old.clear()
        for last_words in (False, True):
            for client in self.clients if last_words else ():
                client.type()  # makes the server look at the disk once more
            for _ in range(_ROUNDS_TO_SETTLE):
                if self._round():
                    break
            else:
                pytest.fail("the world does not come to rest")

    def _round(self) -> bool:
        """Everything that can happen happens once; whether there was nothing."""
        for client in self.clients:
            if client not in self._connections or self._connections[client].closed:
                self._connections.pop(client, None)
                client.disconnected()
                self._connect(client)
            self._send(client, client.due())
        self.clock.now += 1
        self._run()
        self._all_goes_well()
        self._check_master()
        connections = self._connections.values()
        is_quiet = not (self._worker.waiting or any(c.up or c.down for c in connections))
        if self._live.durable.backlog or self._checkpoint:
            self._begin_checkpoint()
            is_quiet = False
        return is_quiet and all(client.is_settled for client in self.clients)

    # --- what must hold

    def _check_durable(self, message: Message) -> None:
        """P2: what a message names as done is on disk, under a ref."""
        repository = self._repository()
        if message["type"] not in ("merged", "conflict") or not repository.head(MASTER):
            return
        _assert_kept(repository, message["commit"])
        master = repository.head(MASTER)
        assert master is not None
        assert repository.contains(master, message["revision"])
        if message["type"] == "merged" and not repository.contains(master, message["commit"]):
            parked = repository.heads(UNMERGED).values()
            assert any(repository.contains(head, message["commit"]) for head in parked), (
                "`merged`, and it is neither merged nor parked"
            )

    def _check_master(self) -> None:
        repository = self._repository()
        master = repository.head(MASTER)
        if master is not None and master != self._master and master not in self._by_hand:
            if self._master is not None:
                assert repository.contains(master, self._master), "`master` lost a revision"
            self._master = master

    def _check_acknowledged(self) -> None:
        self._journal = _Journal(self._folder / "journal.sqlite")
        self._check_kept([commit for client in self.clients for commit in client.acknowledged])
        self._journal.close()

    def _check_kept(self, commits: list[str]) -> None:
        repository = self._repository()
        for commit in commits:
            _assert_kept(repository, commit)

    def _check_end(self) -> None:
        for connection in self._connections.values():
            connection.check_answers()
        assert not self._live.durable.backlog
        self._check_kept([commit for client in self.clients for commit in client.acknowledged])
        self._check_kept(list(self._by_hand))
        assert_sound(self._path)
        repository = Repository(self._path, "notes.txt")
        master = repository.head(MASTER)
        assert master is not None
        text = repository.text(master)
        for client in self.clients:
            if client.conflict:
                assert client.conflict["text"] == text or self._is_old_news(client.conflict)
            else:
                assert client.editor == text, f"{client.name} sees something else"
        waiting = len(UnmergedReader(repository).all("notes").unmerged)
        told = {client.name: client.unmerged for client in self.clients}
        assert set(told.values()) == {waiting}, f"P15: {waiting} wait, and they were told {told}"
        branches = [*repository.heads(CLIENTS).values(), *repository.heads(UNMERGED).values()]
        unmerged = [head for head in branches if not repository.contains(master, head)]
        kept = "\n".join([text, *map(repository.text, unmerged)])
        lost = {word for word in self._words.typed - self._words.removed if word not in kept}
        assert not lost, f"lost: {sorted(lost)}"
        self.happened["merge commits"] += self._merges(repository, master)

    def _is_old_news(self, conflict: Message) -> bool:
        """A conflict is not shown again where only the rest of the text moved (P9)."""
        repository = self._repository()
        return bool(repository.text(conflict["revision"]) == conflict["text"])

    def _merges(self, repository: Repository, master: str) -> int:
        text = git("rev-list", "--merges", "--count", master, cwd=self._path)
        return int(text)


class _Keys(ResumeKeys):
    """Client ids from the seed."""

    def __init__(self, secret: bytes, random: Random) -> None:
        super().__init__(secret)
        self._random = random

    def new_client(self) -> str:
        return "".join(self._random.choices("abcdefgh", k=10))


async def _breathe() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


def _assert_kept(repository: Repository, commit: str) -> None:
    assert repository.has_commit(commit), f"{commit} was acknowledged and is not on disk"
    heads = repository.heads("refs/heads/").values()
    assert any(repository.contains(head, commit) for head in heads), (
        f"{commit} was acknowledged and no ref reaches it"
    )
