"""The hub: the open documents of this process, and the parts that serve them."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from server import protocol
from server.config import Config
from server.core.budgets import FREE, Budget, Reason
from server.core.clients import Author, ResumeKeys
from server.core.session import Limits, Session
from server.core.standing import ANY_MEMBER, Member, Standing
from server.core.submission import Outcome, Submission
from server.git.repository import Repository
from server.git.text_cache import TextCache
from server.hub.disk_cache import DiskCache
from server.hub.disk_space import DiskSpace, FullError
from server.hub.durable_document import DurableDocument, Threads
from server.hub.gate import Gate, OverloadedError, TooManyError
from server.hub.history import History
from server.hub.live_document import Connection, LiveDocument
from server.hub.maintenance import Maintenance
from server.hub.meters import Meters
from server.hub.owners import Owners
from server.hub.reader import Reader
from server.hub.readiness import Readiness
from server.hub.search import Search
from server.mirror.mirroring import Mirroring
from server.protocol import CloseCode, answers
from server.storage.cache import follow_name
from server.storage.data_folder import DataFolder
from server.storage.journal import Journal, JournalError, Place
from server.support.metrics import Metric, Sample
from server.support.threads import GroupThread, WorkerThreads

_log = logging.getLogger(__name__)

# The time for what was requested before the end, and for calls on threads. Clients repeat the rest.
_ANSWER_S = 2.0
_HAND_OVER_S = 1.0  # for checkpoints and leases, each, before other servers own the documents
_CLOSE_S = 0.5


class ArchivedError(Exception):
    """The document can only be read; the message is a sentence."""


_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Running:
    live: LiveDocument
    task: asyncio.Task[None]


class Hub:
    """Opens documents on demand; `reader` and `history` answer queries about all of them."""

    def __init__(self, config: Config, folder: DataFolder, journal: Journal) -> None:
        self._config = config
        self._folder = folder
        self._journal = journal
        self._keys = ResumeKeys(folder.site.secret())
        self._limits = Limits(
            config.document_bytes_max,
            config.frame_bytes_max,
            config.edits_per_s,
            config.edits_outstanding_max,
        )
        self._texts = TextCache(config.texts_characters_max)
        self._threads = Threads(
            GroupThread("edits", journal.gather),
            WorkerThreads(config.threads, "document"),
            GroupThread("slow document", journal.gather),
        )
        self._running: dict[str, _Running] = {}
        self._gate = Gate()
        self.owners = Owners(journal, self._on_taken, self._gate.is_pushed_to)
        self._deleted: set[str] = set()  # names whose documents are in the trash, and free
        self._pending_submissions = 0
        self.meters = Meters()
        self._space = DiskSpace(config, folder.path)
        self._readiness = Readiness(journal, self._space)
        self.reader = Reader(
            folder, journal, self._open_repository, self._revisions, self._threads.others
        )
        self.search = Search(self.reader, self._open_to_search, config.search_characters_max)
        self.history = History(self._open_repository, self._get_unmoved)
        self._mirroring = Mirroring(
            folder.path,
            journal,
            config.remotes(),
            every_s=config.mirror_every_s,
            wait_s=config.mirror_wait_s,
            take=self._take,
            versions_as=config.mirror_as if config.mirror_branches == "versions" else "",
        )
        self._disk_cache = DiskCache(
            config, folder, journal, self._running.__contains__, self._space.written
        )
        self._maintenance = Maintenance(
            config, self, journal, self.owners, self.reader.left_unsealed, self._checkpointed
        )
        self._is_stopping = False
        # Called with the URLs of the other servers that share the journal.
        self.on_servers: Callable[[Collection[str]], None] = lambda _: None

    @property
    def is_stopping(self) -> bool:
        return self._is_stopping

    @property
    def journal(self) -> Journal:
        """The journal, and the store of the repositories."""
        return self._journal

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._journal.listen(self._on_journal_entry)
        self._journal.watch_owners(self._on_lost, self._on_servers)
        await self._space.start()
        await self._maintenance.prepare()
        self._maintaining = asyncio.create_task(self._maintenance.run(), name="maintenance")
        self._mirroring.start()
        self._disk_cache.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._maintenance.stop()
        await self._maintaining
        await self._maintenance.finish()
        await self._mirroring.finish()
        await self.owners.finish()
        await self._disk_cache.stop()
        await self._readiness.stop()
        await self._space.stop()
        for threads in (
            self._threads.quick,
            self._threads.others,
            self._threads.slow,
            self.reader,
            self.search,
            self.history,
            self._readiness,
            self._space,
            self.owners,
            self._disk_cache,
        ):
            await asyncio.to_thread(threads.close, _CLOSE_S)

    async def stop(self) -> None:
        """Answer the requests, as far as there is time, then close every connection."""
        if not self._is_stopping:
            self._is_stopping = True
            for running in self._running.values():
                running.live.stop()
            await self._answered([running.task for running in self._running.values()])
            self.owners.stop()
            for running in self._running.values():
                running.live.close(CloseCode.SHUTDOWN, "the server is restarting")
            if self.owners.are_shared:
                await self._hand_over()

    async def _hand_over(self) -> None:
        """Let other servers own the documents, after writing most of the journal."""
        await self._maintenance.write_out(_HAND_OVER_S)
        self._running.clear()
        try:
            await self.owners.hand_over(_HAND_OVER_S)
        except (JournalError, TimeoutError) as problem:
            why = str(problem) or "the database does not answer"
            _log.warning("the documents are not handed over yet: %s", why)

    async def _answered(self, tasks: list[asyncio.Task[None]]) -> None:
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_ANSWER_S)
            if late:
                _log.warning("requests to %d documents were not answered in time", len(late))

    def connect(
        self, document: str, member: Member = ANY_MEMBER, budget: Budget = FREE
    ) -> Connection:
        """Start a session of a user on a document, opening it if necessary.

        Args:
            document: the document.
            member: what the user may do there.
            budget: that of the user, or of its address.

        Raises:
            OverloadedError: There are too many connections; nothing was opened.
        """
        self._check_capacity()
        self._check_open(document)
        live = self.get_document(document)
        if len(live.connections) >= self._config.document_sessions_max:
            self.meters.refused("connections")
            raise OverloadedError("too many connections to this document")
        self._check_budget(budget, live)
        standing = Standing(
            self._folder.catalog.first_name(document),
            self._folder.catalog.is_archived(document),
            document in self._deleted,
        )
        session = Session(document, self._keys, self._limits, time.monotonic(), standing, member)
        return live.connect(session, budget)

    def _check_budget(self, budget: Budget, live: LiveDocument) -> None:
        """Check that one person or address leaves places to others.

        Raises:
            TooManyError: It has enough connections, or owes bytes or work.
        """
        wait_s, reason = budget.wait_s(time.monotonic())
        if wait_s:
            budget.note_refusal(reason)
            self.meters.refused(reason)
            raise TooManyError("too much comes from one address")
        of_document = sum(other.budget is budget for other in live.connections)
        allowance = budget.allowance
        if (
            budget.connections + 1 > allowance.connections_max
            or of_document + 1 > allowance.document_connections_max
        ):
            budget.note_refusal(Reason.CONNECTIONS)
            self.meters.refused(Reason.CONNECTIONS)
            raise TooManyError(protocol.TOO_MANY_CONNECTIONS)

    async def submit(
        self,
        document: str,
        name: str,
        submission: Submission,
        email: str = "",
        budget: Budget = FREE,
    ) -> Outcome | protocol.Error:
        """Merge a whole version from a caller without a session, or reject it.

        Args:
            document: the document, which is opened if necessary.
            name: the author's name.
            submission: the version.
            email: the address of the author's account.
            budget: which pays for the work.

        Raises:
            OverloadedError: There are too many connections, or the server is stopping.
            ArchivedError, FullError: The document can only be read.
        """
        self._check_capacity()
        self._check_open(document)
        self.check_writable(document)
        self._pending_submissions += 1
        try:
            author = Author(self._keys.new_client(), name, email)
            return await self.get_document(document).submit(author, submission, budget)
        finally:
            self._pending_submissions -= 1

    def _get_unmoved(self, name: str) -> LiveDocument:
        """Return a document that is not being moved, opening it if necessary."""
        self._check_open(name)
        return self.get_document(name)

    def _check_open(self, document: str) -> None:
        """Check that a document has not been moved since the caller looked up its name."""
        self._gate.check(document)
        if self._folder.catalog.moved_to(document) is not None:
            raise OverloadedError("the document was renamed")
        self.owners.check(document)

    def check_writable(self, document: str) -> None:
        """Raise an `ArchivedError` or a `FullError` if a document can only be read."""
        if self._folder.catalog.is_archived(document):
            self.meters.refused("archived")
            raise ArchivedError(f"The document {document} is archived, and can only be read.")
        self.check_space(document)

    def check_space(self, document: str) -> None:
        """Raise a `FullError` if there is no space for a change of a document."""
        refusal = self._space.refusal(document)
        if refusal is not None:
            self.meters.refused(refusal.reason)
            raise FullError(refusal.sentence)

    async def problem(self) -> str:
        """Return why the server cannot do its work at the moment; empty if it can."""
        if self._is_stopping:
            return "The server is stopping."
        return await self._readiness.problem()

    def _check_capacity(self) -> None:
        used = self._connection_count() + self._pending_submissions
        if self._is_stopping or used >= self._config.sessions_max:
            self.meters.refused("connections")
            raise OverloadedError("too many connections to this server")

    def _connection_count(self) -> int:
        return sum(len(running.live.connections) for running in self._running.values())

    async def checkpoint(self, document: str) -> None:
        """Write everything that was acknowledged into the repository, for Git to serve it.

        Raises:
            OverloadedError: The document is being moved.
        """
        self._gate.check(document)
        await self.owners.take(document)
        if self.is_cache:
            path = self.repository_path(document)
            await self._threads.others.call(self._journal.restore, document, path)
        if document in self._running or self._maintenance.has_left(document):
            await self._maintenance.checkpoint(self.get_document(document))

    @property
    def is_cache(self) -> bool:
        """Whether the repositories are also stored elsewhere; see `store`."""
        return bool(self._journal.store_id)

    async def store(self, document: str) -> None:
        """Store what Git has written into a document's repository, if it is a cache.

        Raises:
            OverloadedError: It cannot be stored at the moment.
        """
        if not self.is_cache:
            return
        path = self.repository_path(document)
        try:
            await self._threads.others.call(self._journal.store, document, path)
        except JournalError as problem:
            _log.error("%s is not stored: %s", document, problem)
            raise OverloadedError("the server cannot save at the moment") from None

    def pushing(self, document: str) -> AbstractContextManager[None]:
        """Return a context in which Git may write into a document's repository.

        Raises:
            OverloadedError: The document is being moved.
        """
        self._check_open(document)
        return self._gate.pushing(document)

    def pushed(self, document: str) -> None:
        """Note that refs of a document may have changed without the hub, by a push or a purge."""
        self._space.written(document)
        self._mirroring.written(document)

    def _checkpointed(self, document: str, took_s: float) -> None:
        self.meters.checkpoint(took_s)
        self.pushed(document)

    def mirrors(self, document: str) -> answers.MirrorList:
        """Return the states of a document's copies on other servers."""
        return answers.MirrorList(document, self._mirroring.states(document))

    async def metrics(self) -> list[Metric]:
        """Return the metrics of the hub, the disk and the mirrors."""
        backlogs = [running.live.durable.backlog for running in self._running.values()]
        now = time.monotonic()
        unwritten_s = max((now - backlog.since for backlog in backlogs if backlog), default=0.0)
        is_ready = not await self.problem()
        return [
            Metric("ready", "1 while edits can be accepted, else 0", [Sample(is_ready)]),
            Metric("documents_open", "documents in memory", [Sample(len(self._running))]),
            Metric("connections", "open websockets", [Sample(self._connection_count())]),
            Metric(
                "unwritten_seconds",
                "how long the oldest edit has been in the journal only; minutes mean a fault",
                [Sample(unwritten_s)],
            ),
            *self.meters.metrics(),
            *self._journal.metrics(),
            *self._space.metrics(),
            *self._mirroring.metrics(),
        ]

    # --- the open documents

    def documents(self) -> list[LiveDocument]:
        return [running.live for running in self._running.values()]

    def get_document(self, name: str) -> LiveDocument:
        """Return a document, opening it if necessary."""
        running = self._running.get(name)
        if running is None or running.task.done():
            durable = DurableDocument(
                name,
                self._open_repository,
                self._journal,
                self._threads,
                self._config.document_bytes_max,
                self._config.seal_times,
            )
            live = LiveDocument(durable, self.meters, self._space.refusal)
            task = asyncio.create_task(live.run(), name=f"document {name}")
            running = self._running[name] = _Running(live, task)
        return running.live

    def is_open(self, name: str) -> bool:
        """Return whether a document is in memory."""
        return name in self._running

    def unload(self, live: LiveDocument) -> None:
        """Close a document; it is opened again on demand."""
        live.stop()
        running = self._running.get(live.name)
        if running and running.live is live:
            del self._running[live.name]

    # --- documents that are moved

    @asynccontextmanager
    async def exclusively(self, *documents: str) -> AsyncIterator[tuple[LiveDocument, ...]]:
        """Lock documents; every acknowledged edit is in their repositories meanwhile.

        The documents and their connections are closed at the end; clients that were given no other
        reason reconnect at once.

        Raises:
            OverloadedError: A push or a request does not end, or a repository cannot be written.
        """
        for document in documents:
            await self.checkpoint(document)  # most of the work, while all others go on
        async with self._gate.closed(documents), AsyncExitStack() as uses:
            for document in documents:
                uses.enter_context(self.owners.using(document))
                self.owners.check(document)
            lives = tuple(self.get_document(document) for document in documents)
            running = [self._running[document] for document in documents]
            try:
                for each in running:
                    await self._write_out(each)
                yield lives
            finally:
                for live in lives:
                    live.close(CloseCode.SHUTDOWN, "reconnect")
                    self.unload(live)

    async def rewrite(self, document: str, rewritten: Callable[[Path], _Result]) -> _Result:
        """Have a function replace a document's repository, on a thread.

        Raises:
            OverloadedError: The document cannot be closed at the moment.
            JournalError: What the journal has forgotten cannot be removed from the disk, or the new
                repository cannot be stored.
        """
        path = self.repository_path(document)
        async with self.exclusively(document):
            await asyncio.to_thread(self._journal.scrub)
            result = await self._maintenance.while_nothing_is_repacked(partial(rewritten, path))
            self._texts.drop(str(path))
            await asyncio.to_thread(self._journal.store, document, path)
        return result

    async def overwrite_mirrors(self, document: str) -> list[str]:
        """See `Mirroring.overwrite`."""
        return await self._mirroring.overwrite(document)

    async def _write_out(self, running: _Running) -> None:
        """Answer what was requested, and empty the journal of a document."""
        live = running.live
        live.stop()
        await self._answered([running.task])
        written = await self._maintenance.checkpoint(live)
        if not written:  # `master` may have been moved on disk, which takes one more round
            written = await self._maintenance.checkpoint(live)
        if not written or not running.task.done():
            raise OverloadedError("the document cannot be written at the moment")
        path = self.repository_path(live.name)
        await asyncio.wrap_future(self._journal.forget(live.name, live.durable.position, path))

    def renamed(self, old: str, new: str) -> None:
        """Note that a document has a new name."""
        self._space.written(old)
        self._mirroring.forget(old)
        self.restored(new)

    def deleted(self, document: str) -> None:
        """Note that a document was deleted."""
        self._space.written(document)
        self._mirroring.forget(document)

    def restored(self, document: str, former_names: Collection[str] = ()) -> None:
        """Note that this document exists again, and that its former names redirect to it."""
        self._deleted.difference_update((document, *former_names))
        self.pushed(document)

    def note_deleted(self, name: str) -> None:
        """Tell clients that reconnect that a document was deleted, until there is a new one."""
        self._deleted.add(name)

    def repository_path(self, document: str) -> Path:
        """Return the path of a document's repository, which need not exist."""
        return self._folder.repository_path(document)

    def _open_repository(self, document: str) -> Repository:
        return self._open(document, self._texts)

    def _open(self, document: str, texts: TextCache) -> Repository:
        log = self._journal.read(document)  # first: what leaves it later is in the repository
        self._journal.restore(document, self.repository_path(document))
        return self._folder.repository(document, log, texts)

    def _open_to_search(self, document: str) -> Repository:
        """Open a repository, also another server's, without a place in the cache of texts."""
        log = self._journal.read(document)
        self._journal.fetch(document, self.repository_path(document))
        return self._folder.repository(document, log, TextCache(0))

    def _revisions(self) -> dict[str, str]:
        return {live.name: live.revision for live in self.documents()}

    # --- documents that other servers own

    async def _take(self, document: str) -> bool:
        """Own a document, unless another server does; return whether this one does."""
        try:
            await self.owners.take(document)
        except (OverloadedError, JournalError):
            return False
        return True

    def _on_taken(self, document: str, place: Place) -> None:
        """Prepare for a document that this server owns from now on; called on a thread."""
        follow_name(self._folder.catalog, document, place.first_name)
        if place.has_entries:
            self._loop.call_soon_threadsafe(self._maintenance.note_left, document)

    def _on_lost(self, document: str) -> None:
        """Close a document that another server has taken; called on a thread of the journal."""
        self.owners.lost(document)
        self._loop.call_soon_threadsafe(self._lose, document)

    def _lose(self, document: str) -> None:
        self._maintenance.lost(document)
        self._mirroring.forget(document)
        running = self._running.pop(document, None)
        if running is not None:
            running.live.stop()
            running.live.close(CloseCode.MOVED, "the document has moved; reconnect")
        self.owners.leave(document, _ended(running))

    def _on_servers(self, urls: Collection[str]) -> None:
        """Pass on which servers there are; called on a thread of the journal."""
        self._loop.call_soon_threadsafe(self.on_servers, urls)

    def _on_journal_entry(self, document: str, position: int) -> None:
        """Pass an entry on to its document; called on a thread of the journal."""
        self._deleted.discard(document)
        running = self._running.get(document)
        if running is not None and running.live.durable.position < position:
            self._loop.call_soon_threadsafe(running.live.on_journal_entry, position)


async def _ended(running: _Running | None) -> None:
    """Wait until an open document that is being closed has ended."""
    if running is None:
        return
    await asyncio.wait([running.task])
    await running.live.durable.settled()
