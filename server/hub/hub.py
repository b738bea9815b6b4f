"""The hub: the live documents of this process, how they are opened, looked after and closed."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from server import protocol
from server.config import Config
from server.core.clients import Author, Keys
from server.core.git_model import MASTER
from server.core.session import Limits, Session
from server.core.submission import Proposal, Verdict
from server.core.unmerged_reader import UnmergedReader
from server.git.repository import Repository
from server.git.text_cache import Texts
from server.hub.durable_document import DurableDocument
from server.hub.housekeeping import Housekeeping
from server.hub.listing import list_documents
from server.hub.live_document import LiveDocument, Seat
from server.mirror.mirroring import Mirroring
from server.protocol import CloseCode
from server.storage.data_folder import DataFolder
from server.storage.journal import Journal
from server.support.metrics import Metric, Sample
from server.support.threads import Threads


class OverloadedError(Exception):
    """The hub takes no more connections at the moment."""


@dataclass(frozen=True, slots=True)
class _Open:
    live: LiveDocument
    task: asyncio.Task[None]


class Hub:
    """Opens documents as people come, and closes them when they are gone."""

    def __init__(self, config: Config, folder: DataFolder, journal: Journal) -> None:
        self._config = config
        self._folder = folder
        self._journal = journal
        self._keys = Keys(folder.secret)
        self._limits = Limits(
            config.document_bytes_max,
            config.frame_bytes_max,
            config.edits_per_s,
            config.edits_outstanding_max,
        )
        self._texts = Texts(config.texts_characters_max)
        self._threads = Threads(config.threads, "document")
        # Comparing many texts takes its time: one thread for that, and edits find theirs free.
        self._comparing = Threads(1, "unmerged")
        self._open: dict[str, _Open] = {}
        self._offering = 0  # who waits for an answer without a seat
        self._mirroring = Mirroring(
            folder.path,
            config.remotes(),
            every_s=config.mirror_every_s,
            wait_s=config.mirror_wait_s,
        )
        self._housekeeping = Housekeeping(config, self, journal.documents, self._mirroring.written)
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        return self._is_stopping

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._journal.listen(self._heard)
        self._housekeeper = asyncio.create_task(self._housekeeping.run(), name="housekeeping")
        self._mirroring.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._housekeeping.stop()
        await self._housekeeper
        await self._housekeeping.finish()
        await self._mirroring.finish()
        await asyncio.to_thread(self._threads.close)
        await asyncio.to_thread(self._comparing.close)

    async def stop(self) -> None:
        """Answer what came in, then tell every client to come back later."""
        self._is_stopping = True
        for opened in self._open.values():
            opened.live.stop()
        await asyncio.gather(*(opened.task for opened in self._open.values()))
        for opened in self._open.values():
            opened.live.close(CloseCode.SHUTDOWN, "the server is restarting")

    def sit(self, document: str) -> Seat:
        """Begin a session on a document, opening it where it is not.

        Raises:
            OverloadedError: there are too many connections; nothing was opened.
        """
        self._need_room()
        live = self.open(document)
        if len(live.seats) >= self._config.document_sessions_max:
            raise OverloadedError("too many connections to this document")
        return live.sit(Session(document, self._keys, self._limits, time.monotonic()))

    def _seated(self) -> int:
        return sum(len(opened.live.seats) for opened in self._open.values())

    def _need_room(self) -> None:
        if self._is_stopping or self._seated() + self._offering >= self._config.sessions_max:
            raise OverloadedError("too many connections to this server")

    async def offer(self, document: str, name: str, proposal: Proposal) -> Verdict | protocol.Error:
        """Have something taken in as a whole, or not at all, from somebody without a session.

        Args:
            document: opened where it is not.
            name: who wrote it.
            proposal: what is to be taken in.

        Raises:
            OverloadedError: there are too many connections, or the server is stopping.
        """
        self._need_room()
        self._offering += 1
        try:
            author = Author(self._keys.new_client(), name)
            return await self.open(document).offer(author, proposal)
        finally:
            self._offering -= 1

    async def documents(self, after: str, limit: int) -> protocol.DocumentList:
        """The documents there are, by name, from the one behind `after` on."""
        told = {opened.live.name: opened.live.revision for opened in self._open.values()}
        return await self._comparing.call(self._list_documents, after, limit, told)

    def _list_documents(
        self, after: str, limit: int, told: Mapping[str, str]
    ) -> protocol.DocumentList:
        def newest(document: str) -> str | None:
            return told.get(document) or self._repository(document).head(MASTER)

        unwritten = self._journal.documents()  # first: what leaves it later is on disk
        return list_documents(self._folder.path, unwritten, newest, after, limit)

    async def text(self, document: str, revision: str | None = None) -> tuple[str, str] | None:
        """A revision and its text, the last one if none is named; None if there is none such."""
        return await self._threads.call(self._read, document, revision)

    def _read(self, document: str, revision: str | None) -> tuple[str, str] | None:
        repository = self._repository(document)
        commit = revision or repository.head(MASTER)
        if commit is None or not repository.knows(commit):
            return None
        return commit, repository.text(commit)

    async def unmerged(self, document: str) -> protocol.UnmergedList | None:
        """The unmerged branches of a document; None if there is no such document."""
        return await self._comparing.call(self._list_unmerged, document)

    def _list_unmerged(self, document: str) -> protocol.UnmergedList | None:
        reader = self._unmerged_reader(document)
        return reader.all(document) if reader else None

    async def unmerged_conflict(self, document: str, id: str) -> protocol.UnmergedConflict | None:
        """What an unmerged branch disagrees about; None if there is no such branch."""
        return await self._comparing.call(self._read_unmerged, document, id)

    def _read_unmerged(self, document: str, id: str) -> protocol.UnmergedConflict | None:
        reader = self._unmerged_reader(document)
        return reader.conflict(id) if reader else None

    def _unmerged_reader(self, document: str) -> UnmergedReader | None:
        repository = self._repository(document)
        return UnmergedReader(repository) if repository.head(MASTER) else None

    def pushed(self, document: str) -> None:
        """Git itself may have changed refs of a document, beside what the hub does."""
        self._mirroring.written(document)

    def mirrors(self, document: str) -> protocol.MirrorList:
        """How far the copies of a document on other servers are."""
        return protocol.MirrorList(document, self._mirroring.states(document))

    def metrics(self) -> list[Metric]:
        """What goes on here, in numbers."""
        backlogs = [opened.live.durable.backlog for opened in self._open.values()]
        now = time.monotonic()
        unwritten_s = max((now - found.since for found in backlogs if found), default=0.0)
        return [
            Metric("documents_open", "documents in memory", [Sample(len(self._open))]),
            Metric("connections", "websockets that are open", [Sample(self._seated())]),
            Metric(
                "unwritten_seconds",
                "for how long the oldest edit is in the journal only; minutes mean a fault",
                [Sample(unwritten_s)],
            ),
            *self._mirroring.metrics(),
        ]

    async def checkpoint(self, document: str) -> None:
        """Have all that was answered in the repository on disk, for Git to serve it."""
        if document in self._open or self._housekeeping.holds(document):
            await self._housekeeping.checkpoint(self.open(document))

    # --- the open documents

    def opened(self) -> list[LiveDocument]:
        return [opened.live for opened in self._open.values()]

    def open(self, document: str) -> LiveDocument:
        """A document, opened where it is not."""
        opened = self._open.get(document)
        if opened is None or opened.task.done():
            durable = DurableDocument(
                document,
                self._repository,
                self._journal,
                self._threads,
                self._config.document_bytes_max,
            )
            live = LiveDocument(durable)
            task = asyncio.create_task(live.run(), name=f"document {document}")
            opened = self._open[document] = _Open(live, task)
        return opened.live

    def close(self, live: LiveDocument) -> None:
        """Close a document; whoever comes next opens it again."""
        live.stop()
        del self._open[live.name]

    def path(self, document: str) -> Path:
        """Where a document's repository is, or will be."""
        return self._folder.repository_path(document)

    def _repository(self, document: str) -> Repository:
        log = self._journal.read(document)
        return self._folder.repository(document, log, self._texts)

    def _heard(self, document: str, position: int) -> None:
        """The journal has an entry; called on a thread of the journal's."""
        opened = self._open.get(document)
        if opened is not None and opened.live.durable.position < position:
            self._loop.call_soon_threadsafe(opened.live.heard, position)
