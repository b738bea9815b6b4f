"""A document together with its repository and the journal: a batch of requests goes in, and what
comes out is durable already.

    requests ─▶ thread: Document, Repository ─▶ entry ─▶ journal ─▶ replies and news
                                                            │
                              checkpoint: packs and refs ◀──┘ now and then, beside the batches

One batch at a time; what blocks runs on a worker thread. Whatever goes wrong, the document in
memory is thrown away and opened again from what is durable.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from server import protocol
from server.core.document import Document, News, Reply, Request, View
from server.git.repository import Repository, Unwritten
from server.protocol import Code
from server.storage import checkpoint
from server.storage.journal import Journal, JournalError, OvertakenError
from server.support.threads import Threads, unless_cancelled

_log = logging.getLogger(__name__)

# A batch that lost the race against another writer of the document is run again this often.
_TRIES = 5
# With more than this in memory, because checkpoints fail, a document takes no more in.
_BACKLOG_BYTES_MAX = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Sweep:
    """Tidy up behind clients that are gone; see `Branches.sweep`."""

    present: Collection[str]
    park_after_s: float
    keep_s: float


@dataclass(frozen=True, slots=True)
class _Batch:
    """See `DurableDocument.run`."""

    requests: Sequence[Request]
    views: Sequence[View]
    now: float
    sweep: Sweep | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a batch: one reply for each request, news for each view, encoded once.

    `revision` is empty where the batch failed: every reply is an error then, and there is no news.
    """

    replies: list[Reply]
    news: list[tuple[News, bytes] | None]
    revision: str = ""
    has_open_conflicts: bool = False
    unmerged: int = 0


_NOTHING = Result([], [])


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a checkpoint would write: about how many bytes, and since when (monotonic seconds)."""

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
    ) -> None:
        self.name = name
        self.position = 0
        self.backlog: Backlog | None = None
        self._open_repository = open_repository
        self._journal = journal
        self._threads = threads
        self._text_bytes_max = text_bytes_max
        self._opened: tuple[Document, Repository] | None = None
        self._appended: Future[int] | None = None
        self._first_opened = 0.0
        self._heard = 0
        self._was_overtaken = False
        self._lane = asyncio.Lock()
        self._checkpointing = asyncio.Lock()

    # --- batches

    async def run(
        self,
        requests: Sequence[Request],
        views: Sequence[View],
        now: float,
        sweep: Sweep | None = None,
    ) -> Result:
        """Carry out a batch. Returns when all that the replies say is durable.

        Args:
            requests: of different clients.
            views: what the sessions were shown that should hear what is new after the batch.
            now: Unix time in seconds.
            sweep: tidy up as well.
        """
        async with self._lane:
            return await self._run(_Batch(requests, views, now, sweep))

    async def _run(self, batch: _Batch) -> Result:
        try:
            return await self._try(batch)
        except JournalError as problem:
            _log.error("%s: %s", self.name, problem)
        except Exception:  # noqa: BLE001  a fault of ours must cost one batch only
            _log.exception("%s: a batch of %d requests failed", self.name, len(batch.requests))
            if len(batch.requests) > 1:
                return await self._one_by_one(batch)
        self._forget()
        return Result([_unavailable(request) for request in batch.requests], [])

    async def _one_by_one(self, batch: _Batch) -> Result:
        """One request of the batch hit a fault of ours: keep the others from suffering."""
        self._forget()
        alone = [_Batch([request], (), batch.now) for request in batch.requests]
        replies = [(await self._run(each)).replies[0] for each in alone]
        last = await self._run(_Batch((), batch.views, batch.now))
        return replace(last, replies=replies)

    async def _try(self, batch: _Batch) -> Result:
        for _ in range(_TRIES):
            try:
                return await self._durably(batch)
            except OvertakenError:
                self._forget()  # somebody else came first: read it, merge again
        raise JournalError("another writer was faster again and again")

    async def _durably(self, batch: _Batch) -> Result:
        """Carry out a batch on a thread; the event loop hears of it once, when it is durable."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()

        def tell(result: Result, problem: BaseException | None) -> None:
            settle = done.set_exception if problem else done.set_result
            loop.call_soon_threadsafe(unless_cancelled, done, settle, problem or result)

        def work() -> None:
            try:
                result = self._carry_out(batch)
            except BaseException as problem:  # noqa: BLE001  it is raised again on the event loop
                tell(_NOTHING, problem)
                return
            if self._appended is None:
                tell(result, None)
            else:
                self._appended.add_done_callback(lambda to: tell(result, to.exception()))

        self._threads.run(work)
        return await done

    def _carry_out(self, batch: _Batch) -> Result:
        now, sweep = batch.now, batch.sweep
        document, repository = self._current(now)
        if batch.requests and repository.size > _BACKLOG_BYTES_MAX:
            raise JournalError("too much waits to be written into the repository")
        document.recall(batch.views, now)
        outcomes = document.carry_out(batch.requests, now)
        if sweep:
            document.branches.sweep(sweep.present, now, sweep.park_after_s, sweep.keep_s)
        self._append(repository)  # the disk syncs while the replies are made
        replies, news = document.replies(outcomes), _encoded_news(document, batch.views)
        has_open_conflicts = document.branches.has_open_conflicts
        return Result(replies, news, document.revision, has_open_conflicts, document.unmerged)

    def _append(self, repository: Repository) -> None:
        """Hand what is staged to the journal."""
        entry = repository.staged(self.name)
        if entry is None:
            return
        self._appended = self._journal.append(entry, repository.position)
        self._appended.add_done_callback(self._note_position)
        now = time.monotonic()
        since = self.backlog.since if self.backlog else now
        self.backlog = Backlog(repository.size, since, now)

    def _note_position(self, appended: Future[int]) -> None:
        if appended.exception() is None:
            self.position = appended.result()

    # --- the document in memory

    def _current(self, now: float) -> tuple[Document, Repository]:
        """The document as it is now, whoever wrote last."""
        self._settle()
        if self._opened and self._heard > self._opened[1].position:
            self._forget()
        return self._opened or self._open(now)

    def _settle(self) -> None:
        """What the last batch staged is in the journal now, or else it counts for nothing."""
        appended, self._appended = self._appended, None
        if appended is None or self._opened is None:
            return
        _, repository = self._opened
        if appended.exception() is not None:
            self._opened = None
        elif self._journal.writes_through:
            repository.release(appended.result())
            self.backlog = None
        else:
            repository.confirm(appended.result())

    def _open(self, now: float) -> tuple[Document, Repository]:
        repository = self._open_repository(self.name)
        self._first_opened = self._first_opened or now
        document = Document(self.name, repository, self._text_bytes_max, self._first_opened)
        outside = repository.outside_head()
        if outside:
            document.branches.take_in_outside(outside, now)
        self.position = repository.position
        self._was_overtaken = False
        self._opened = document, repository
        self._measure(self.backlog.since if self.backlog else time.monotonic())
        return self._opened

    def _forget(self) -> None:
        """Throw away what is in memory; it is opened again when it is needed."""
        self._opened = self._appended = None

    def heard(self, position: int) -> None:
        """The journal has an entry up to this position; it may be somebody else's."""
        self._heard = max(self._heard, position)

    @property
    def is_behind(self) -> bool:
        """Whether somebody else wrote something that is not taken in yet."""
        return self._was_overtaken or self._heard > self.position

    @property
    def is_resting(self) -> bool:
        """Whether nothing of it is in memory."""
        return self._opened is None

    async def rest(self) -> None:
        """Give memory back until the next batch."""
        async with self._lane:
            if self.backlog is None:
                await self._threads.call(self._rest)

    def _rest(self) -> None:
        self._settle()
        if self._opened and not self._opened[1].has_unwritten:
            self._opened[1].forget_texts()
            self._forget()

    # --- checkpoints

    async def checkpoint(self, threads: Threads | None = None) -> None:
        """Write what the journal has into the repository. Batches go on meanwhile.

        Args:
            threads: those that do the long part.

        Raises:
            OvertakenError: somebody moved `master` on disk; the next batch takes that in.
            JournalError: it could not be written; the journal keeps what it has.
        """
        async with self._checkpointing:
            await self._checkpoint(threads or self._threads)

    async def _checkpoint(self, threads: Threads) -> None:
        async with self._lane:
            await self._run(_Batch((), (), time.time()))
            unwritten = await self._threads.call(self._unwritten)
        if unwritten is None:
            return
        path, content = unwritten
        try:
            await threads.call(checkpoint.write, path, content)
        except OvertakenError:
            async with self._lane:
                await self._threads.call(self._settle)
                self._forget()
                self._was_overtaken = True
            raise
        self._journal.forget(self.name, content.position)
        async with self._lane:
            await self._threads.call(self._written, content)

    def _unwritten(self) -> tuple[Path, Unwritten] | None:
        self._settle()
        if self._opened is None:
            raise JournalError("the document cannot be opened")
        _, repository = self._opened
        unwritten = repository.unwritten()
        return (repository.path, unwritten) if unwritten else None

    def _written(self, content: Unwritten) -> None:
        self._settle()
        if self._opened is not None:
            self._opened[1].written(content)
        self._measure(time.monotonic())

    def _measure(self, since: float) -> None:
        """See how much is not in the repository yet."""
        if self._opened is None:
            return
        _, repository = self._opened
        if repository.has_unwritten:
            self.backlog = Backlog(repository.size, since, time.monotonic())
        else:
            self.backlog = None


def _encoded_news(document: Document, views: Sequence[View]) -> list[tuple[News, bytes] | None]:
    """News for each view; sessions that were shown the same revision share one computation."""
    by_revision: dict[str, tuple[News, bytes] | None] = {}
    news = []
    for view in views:
        if view.conflict is not None:
            news.append(_encoded(document.news(view)))
            continue
        if view.revision not in by_revision:
            by_revision[view.revision] = _encoded(document.news(view))
        news.append(by_revision[view.revision])
    return news


def _encoded(news: News | None) -> tuple[News, bytes] | None:
    return None if news is None else (news, protocol.encode(news))


def _unavailable(request: Request) -> protocol.Error:
    sentence = "The server cannot save at the moment. Your text is kept here and sent again."
    return protocol.Error(Code.UNAVAILABLE, sentence, getattr(request.message, "seq", None))
