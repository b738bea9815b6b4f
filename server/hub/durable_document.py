"""A document with its repository and the journal: batches of requests in, durable results out.

    requests ─▶ a thread: Document, Repository ─▶ entry ─▶ journal ─▶ replies, notifications
                                                                   │
                             checkpoint: packs and refs ◀──────────┘ from time to time

One batch at a time, on one of the threads in `Threads`. After any failure the document in memory is
discarded and loaded again from what is durable.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from server import protocol
from server.core.commit_store import StoreError
from server.core.document import Document, Notification, Reply, Request, View
from server.core.history.sealing import SEAL_TIMES, SealTimes, Unsealed
from server.core.history.window import Window
from server.core.rates import TokenBucket
from server.git.repository import Repository, Unwritten
from server.protocol import Code
from server.storage import checkpoint
from server.storage.journal import Journal, JournalError, OvertakenError
from server.support.slots import FairSlots
from server.support.threads import LoopCalls, WorkerThreads, settle_unless_cancelled

_Item = TypeVar("_Item")
CheckpointWrite = Callable[[Path, Unwritten], Awaitable[None]]

_log = logging.getLogger(__name__)

# A batch that lost the race against another writer of the document is retried; at most this often.
_TRIES = 5
# With more than this in memory, because checkpoints fail, a document accepts no more requests.
_BACKLOG_BYTES_MAX = 64 * 2**20
# A batch on a longer text takes long enough for others to notice.
_QUICK_TEXT_MAX = 64 * 1024
# A batch counts as slow if it has a whole text of more characters, or its document has used up its
# share of a processor: `_SHARE` of the time on average, with bursts of `_SHARE_AT_ONCE_S`.
_WHOLE_TEXT_MAX = 16 * 1024
_SHARE = 0.05
_SHARE_AT_ONCE_S = 0.2
# How much of the steps from before is sealed in one batch without requests; see `CatchUp.run`.
_CATCH_UP_COST = 100_000


@dataclass(frozen=True, slots=True)
class Threads:
    """The threads of all documents: batches that take long wait only for each other.

    Attributes:
        quick: for the edits that people type, in short texts: one thread, which has the journal
            write those of all documents together. With several, each would wait for the
            interpreter's lock longer than an edit takes.
        others: for opening documents and for long texts.
        slow: one thread for batches that take very long.
        slow_turns: people and addresses take turns on that.
        loop_calls: the results, for the event loop.
    """

    quick: WorkerThreads
    others: WorkerThreads
    slow: WorkerThreads
    slow_turns: FairSlots = field(default_factory=lambda: FairSlots(1))
    loop_calls: LoopCalls = field(default_factory=LoopCalls)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The arguments of `Branches.sweep`."""

    present: Collection[str]
    park_after_s: float
    keep_s: float


class _Batch(msgspec.Struct, frozen=True):
    """The arguments of `DurableDocument.run`."""

    requests: Sequence[Request]
    views: Sequence[View]
    now: float
    sweep: Sweep | None = None
    records_window: bool = False
    payer: str = ""


@dataclass(frozen=True, slots=True)
class _Unloaded:
    """What stays in memory of a document that is not loaded."""

    window: Window | None = None


class DocumentState(msgspec.Struct, frozen=True):
    """What is to be done about a document.

    Attributes:
        has_open_conflicts: whether clients have open conflicts.
        unmerged: the number of unmerged branches.
        unsealed: the steps since the last version, if they are known and there are any.
        is_catching_up: whether steps from before are still to be sealed.
        exists: whether it has a revision besides the first, empty one.
    """

    has_open_conflicts: bool = False
    unmerged: int = 0
    unsealed: Unsealed | None = None
    is_catching_up: bool = False
    exists: bool = True


class Result(msgspec.Struct, frozen=True):
    """One reply for each request and a notification, encoded once, or None for each view.

    `revision` is empty if the batch failed: then each reply is an error, and `notifications` is
    empty. `costs` are the seconds of work that each request took, as far as they are known.
    """

    replies: list[Reply]
    notifications: list[tuple[Notification, bytes] | None]
    revision: str = ""
    state: DocumentState = DocumentState()
    costs: Sequence[float] = ()


class Backlog(msgspec.Struct, frozen=True):
    """The edits that a checkpoint would write: roughly `size` bytes, made from `since` to `last`.

    The times are monotonic, in seconds.
    """

    size: int
    since: float
    last: float


class DurableDocument:
    """Runs batches of requests on one document and makes them durable."""

    def __init__(
        self,
        name: str,
        open_repository: Callable[[str], Repository],
        journal: Journal,
        threads: Threads,
        text_bytes_max: int,
        seal_times: SealTimes = SEAL_TIMES,
    ) -> None:
        self.name = name
        self.position = 0
        self.backlog: Backlog | None = None
        self.is_new = False  # it has no repository on disk yet
        self._open_repository = open_repository
        self._journal = journal
        self._threads = threads
        self._text_bytes_max = text_bytes_max
        self._seal_times = seal_times
        self._unloaded = _Unloaded()
        self._loaded: tuple[Document, Repository] | None = None
        self._appended: Future[int] | None = None
        self._first_loaded = 0.0
        self._share = TokenBucket(_SHARE, time.monotonic(), _SHARE_AT_ONCE_S)
        self._is_slow = False
        self._last_entry = 0
        self._was_overtaken = False
        self._batch_lock = asyncio.Lock()
        self._checkpoint_lock = asyncio.Lock()

    # --- batches

    async def run(
        self,
        requests: Sequence[Request],
        views: Sequence[View],
        now: float,
        sweep: Sweep | None = None,
        *,
        payer: str = "",
    ) -> Result:
        """Run a batch. Returns once everything that the replies say is durable.

        Args:
            requests: of different clients.
            views: what the clients that are notified of changes were last shown.
            now: Unix time in seconds.
            sweep: also sweep the branches of absent clients.
            payer: whose turn it takes, if it is slow.
        """
        async with self._batch_lock:
            return await self._run(_Batch(requests, views, now, sweep, payer=payer))

    async def _run(self, batch: _Batch) -> Result:
        try:
            for _ in range(_TRIES):
                try:
                    loop = asyncio.get_running_loop()
                    done: asyncio.Future[Result] = loop.create_future()
                    if self._counts_as_slow(batch):
                        await self._run_slowly(batch, loop, done)
                    else:
                        threads = self._threads.quick if self._is_quick else self._threads.others
                        threads.run(partial(self._apply, batch, loop, done))
                    return await done
                except OvertakenError:
                    self._discard()  # load what the other writer appended, and merge again
            _log.error("%s: other writers appended first, %d times in a row", self.name, _TRIES)
        except (JournalError, OSError) as problem:  # such as too many open files
            _log.error("%s: %s", self.name, problem)
        except Exception as problem:  # noqa: BLE001  a bug must cost one batch only
            _log.exception("%s: a batch of %d requests failed", self.name, len(batch.requests))
            if isinstance(problem, StoreError):
                self._journal.distrust(self.name)
            if len(batch.requests) > 1:
                return await self._run_one_by_one(batch)
        self._discard()
        return Result([unavailable(request) for request in batch.requests], [])

    async def _run_slowly(
        self, batch: _Batch, loop: asyncio.AbstractEventLoop, done: asyncio.Future[Result]
    ) -> None:
        async with self._threads.slow_turns.of(batch.payer):
            await self._threads.slow.call(self._apply, batch, loop, done)

    def _counts_as_slow(self, batch: _Batch) -> bool:
        return self._is_slow or any(
            len(request.whole_text) > _WHOLE_TEXT_MAX for request in batch.requests
        )

    @property
    def _is_quick(self) -> bool:
        """Whether it is in memory, and short."""
        loaded = self._loaded
        return loaded is not None and len(loaded[0].text) <= _QUICK_TEXT_MAX

    async def _run_one_by_one(self, batch: _Batch) -> Result:
        """Isolate the request that hit a bug from the others of its batch."""
        self._discard()
        alone = [_Batch([request], (), batch.now) for request in batch.requests]
        replies = [(await self._run(each)).replies[0] for each in alone]
        last = await self._run(_Batch((), batch.views, batch.now))
        return replace(last, replies=replies)

    def _apply(
        self, batch: _Batch, loop: asyncio.AbstractEventLoop, done: asyncio.Future[Result]
    ) -> None:
        """On a thread: run a batch, and settle `done` once its result is durable."""

        def settle(outcome: Result | BaseException) -> None:
            call = done.set_exception if isinstance(outcome, BaseException) else done.set_result
            settled = partial(settle_unless_cancelled, done, call, outcome)
            self._threads.loop_calls.add(loop, settled)

        costs = [0.0] * len(batch.requests)
        is_one = len(costs) == 1  # as nearly always; then it is measured as a whole
        began = time.thread_time()  # not the time of others, whose turn it was meanwhile
        try:
            now, sweep = batch.now, batch.sweep
            document, repository = self._load_newest(now)
            if batch.requests and repository.size > _BACKLOG_BYTES_MAX:
                raise JournalError("too much waits for a checkpoint")  # noqa: TRY301
            document.restore_conflicts(batch.views, now)
            staged = document.stage(
                batch.requests if is_one else _timed(batch.requests, costs), now
            )
            if sweep:
                document.branches.sweep(sweep.present, now, sweep.park_after_s, sweep.keep_s)
                document.versions.follow()
            if batch.records_window:
                document.versions.record()
            if not batch.requests:
                document.versions.catch_up(_CATCH_UP_COST)
            if document.versions.problem:
                _log.error(
                    "%s: no versions are made of it", self.name, exc_info=document.versions.problem
                )
                document.versions.problem = None
            self._append(repository)  # the disk syncs while the replies are computed
            result = Result(
                document.replies(staged if is_one else _timed(staged, costs)),
                _encoded_notifications(document, batch.views),
                document.revision,
                _state_of(document),
                costs,
            )
        except BaseException as problem:  # noqa: BLE001  it is raised again on the event loop
            settle(problem)
            return
        finally:
            took_s = time.thread_time() - began
            if is_one:
                costs[0] = took_s
            self._is_slow = self._share.owe(took_s, time.monotonic()) > 0
        if self._appended is None:
            settle(result)
        else:
            self._appended.add_done_callback(partial(self._settle_appended, settle, result))

    def _settle_appended(
        self,
        settle: Callable[[Result | BaseException], None],
        result: Result,
        appended: Future[int],
    ) -> None:
        """On the thread of the journal: settle with the result if it is durable."""
        problem = appended.exception()
        if problem is None:
            self.position = appended.result()
        settle(problem or result)

    def _append(self, repository: Repository) -> None:
        """Append what is staged to the journal."""
        entry = repository.staged(self.name)
        if entry is None:
            return
        self._appended = self._journal.append(entry, repository.position)
        now = time.monotonic()
        since = self.backlog.since if self.backlog else now
        self.backlog = Backlog(repository.size, since, now)

    # --- the document in memory

    def _load_newest(self, now: float) -> tuple[Document, Repository]:
        """Return the document, loaded again if another writer has appended to the journal."""
        self._reconcile_journal()
        if self._loaded and self._last_entry > self._loaded[1].position:
            self._discard()
        return self._loaded or self._load(now)

    def _reconcile_journal(self) -> None:
        """Mark what the last batch staged as journaled, or discard it if the journal failed."""
        appended, self._appended = self._appended, None
        if appended is None or self._loaded is None:
            return
        _, repository = self._loaded
        if appended.exception() is not None:
            self._loaded = None
        elif self._journal.writes_through:
            repository.mark_stored(appended.result())
            self.backlog = None
        else:
            repository.mark_journaled(appended.result())

    def _load(self, now: float) -> tuple[Document, Repository]:
        repository = self._open_repository(self.name)
        self._first_loaded = self._first_loaded or now
        document = Document(
            self.name,
            repository,
            self._text_bytes_max,
            self._first_loaded,
            self._seal_times,
            self._unloaded.window,
        )
        self._unloaded = _Unloaded()
        outside = repository.outside_head()
        if outside:
            self._journal.store(self.name, repository.path)  # first: the merge builds on it
            document.branches.merge_outside_head(outside, now)
        self.position = repository.position
        self.is_new = not repository.is_on_disk
        self._was_overtaken = False
        self._loaded = document, repository
        self._update_backlog(self.backlog.since if self.backlog else time.monotonic())
        return self._loaded

    def _discard(self) -> None:
        """Discard what is in memory; it is loaded again when it is needed."""
        self._loaded = self._appended = None

    def on_journal_entry(self, position: int) -> None:
        """Note that the journal has an entry at this position, possibly from another writer."""
        self._last_entry = max(self._last_entry, position)

    @property
    def is_behind(self) -> bool:
        """Whether another writer's changes are not merged yet."""
        return self._was_overtaken or self._last_entry > self.position

    @property
    def is_unloaded(self) -> bool:
        """Whether nothing of it is in memory."""
        return self._loaded is None

    async def release_memory(self) -> bool:
        """Unload the document until the next batch; return whether there was something to."""
        async with self._batch_lock:
            if self.is_unloaded or self.backlog is not None:
                return False
            await self._threads.others.call(self._unload)
            return self.is_unloaded

    def _unload(self) -> None:
        self._reconcile_journal()
        if self._loaded and not self._loaded[1].has_unwritten:
            self._loaded[1].forget_texts()
            self._unloaded = _Unloaded(self._loaded[0].versions.window)
            self._discard()

    async def record_window(self) -> None:
        """Record who wrote what since the last version, so that it survives the process."""
        async with self._batch_lock:
            await self._run(_Batch((), (), time.time(), records_window=True))

    async def settled(self) -> None:
        """Wait until none of its writes is in progress."""
        async with self._checkpoint_lock, self._batch_lock:
            await self._threads.others.call(self._reconcile_journal)

    # --- checkpoints

    async def checkpoint(self, write: CheckpointWrite | None = None) -> None:
        """Write what the journal has into the repository. Batches go on meanwhile.

        Args:
            write: does what takes long, as `checkpoint.write`.

        Raises:
            OvertakenError: `master` was moved on disk; the next batch merges that.
            JournalError: The repository cannot be written; the journal keeps what it has.
        """
        async with self._checkpoint_lock:
            async with self._batch_lock:
                await self._run(_Batch((), (), time.time()))
                unwritten = await self._threads.others.call(self._unwritten)
            if unwritten is None:
                return
            path, content = unwritten
            try:
                await (write or self._write)(path, content)
            except OvertakenError:
                async with self._batch_lock:
                    await self._threads.others.call(self._reconcile_journal)
                    self._discard()
                    self._was_overtaken = True
                raise
            self._journal.forget(self.name, content.position, path)
            async with self._batch_lock:
                await self._threads.others.call(self._mark_checkpointed, content)

    async def _write(self, path: Path, content: Unwritten) -> None:
        await self._threads.others.call(checkpoint.write, path, content)

    def _unwritten(self) -> tuple[Path, Unwritten] | None:
        self._reconcile_journal()
        if self._loaded is None:
            raise JournalError("the document cannot be loaded")
        _, repository = self._loaded
        unwritten = repository.unwritten()
        return (repository.path, unwritten) if unwritten else None

    def _mark_checkpointed(self, content: Unwritten) -> None:
        self._reconcile_journal()
        self.is_new = False
        if self._loaded is not None:
            self._loaded[1].mark_checkpointed(content)
        self._update_backlog(time.monotonic())

    def _update_backlog(self, since: float) -> None:
        if self._loaded is None:
            return
        _, repository = self._loaded
        if repository.has_unwritten:
            self.backlog = Backlog(repository.size, since, time.monotonic())
        else:
            self.backlog = None


def _state_of(document: Document) -> DocumentState:
    versions = document.versions
    return DocumentState(
        document.branches.has_open_conflicts,
        document.unmerged,
        versions.unsealed,
        versions.is_catching_up,
        document.exists,
    )


def _timed(items: Sequence[_Item], costs: list[float]) -> Iterator[_Item]:
    """Yield items; add to `costs` the thread's seconds until the next one is asked for."""
    for number, item in enumerate(items):
        began = time.thread_time()
        yield item
        costs[number] += time.thread_time() - began


def _encoded_notifications(
    document: Document, views: Sequence[View]
) -> list[tuple[Notification, bytes] | None]:
    """Compute one notification for all views of the same revision without a conflict."""
    by_revision: dict[str, tuple[Notification, bytes] | None] = {}
    notifications = []
    for view in views:
        if view.conflict is not None:
            notifications.append(_encoded(document.notification(view)))
            continue
        if view.revision not in by_revision:
            by_revision[view.revision] = _encoded(document.notification(view))
        notifications.append(by_revision[view.revision])
    return notifications


def _encoded(notification: Notification | None) -> tuple[Notification, bytes] | None:
    return None if notification is None else (notification, protocol.encode(notification))


def unavailable(
    request: Request, why: str = "The server cannot save at the moment."
) -> protocol.Error:
    """Return the reply to a request that its client is to repeat; `why` is a sentence."""
    seq = getattr(request.message, "seq", None)
    kept = "" if seq is None else " Your text is kept here and sent again."
    return protocol.Error(Code.UNAVAILABLE, f"{why}{kept}", seq)
