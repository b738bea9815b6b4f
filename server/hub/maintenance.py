"""The maintenance of the open documents, in the background of edits.

    checkpoint   the journal's entries go into the repositories: soon after a document becomes
                 quiet, or when they are old or large
    repack       repositories that have grown are repacked
    seal         what was changed becomes a version, when people pause
    sweep        the branches of absent clients are parked or dropped
    unload       quiet documents release memory, those without connections are closed
    release      other servers may own documents that nobody uses any more
    adopt        documents that a server has left with entries are taken

At most one checkpoint and one repack run at a time; new documents get their repositories together.
Failures are logged and retried: the journal keeps what it has.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from server.config import Config
from server.git.repack import RepackError, needs_repack, repack
from server.hub.checkpoint_writer import CheckpointWriter
from server.hub.gate import OverloadedError
from server.hub.live_document import LiveDocument
from server.hub.open_documents import OpenDocuments
from server.hub.owners import Owners
from server.hub.sealing import Sealing
from server.storage.journal import Journal, JournalError, OvertakenError
from server.support.memory import trim_heap
from server.support.threads import WorkerThreads

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.25
_LOOK_AGAIN_S = 0.01  # when there is more to do
_TOGETHER_MAX = 32  # documents that are checkpointed at the same time
_NEW_S = 0.5  # for the first checkpoints of documents, one look after another
_FINISH_S = 2.0  # for the last checkpoints; the journal keeps what is left
_SWEEP_EVERY_S = 30.0
_ADOPT_EVERY_S = 15.0
_RELEASE_AFTER_S = 20.0
_TRIM_EVERY_S = 600.0  # where no document is ever at rest
_RETRY_AFTER_S = 5.0
# `master` may be moved on disk during the shutdown, which takes one more round.
_LAST_TRIES = 3


class Maintenance:
    """Maintains the open documents until `stop` is called."""

    def __init__(
        self,
        config: Config,
        documents: OpenDocuments,
        journal: Journal,
        owners: Owners,
        left_unsealed: Callable[[], Awaitable[list[str]]],
        on_checkpoint: Callable[[str, float], None],
    ) -> None:
        """Create it; nothing runs yet.

        Args:
            config: the settings.
            documents: the open documents.
            journal: the journal of the documents.
            owners: the documents that this server owns.
            left_unsealed: returns the documents with a record of steps since their last version.
            on_checkpoint: called after each checkpoint with the document's name, and the seconds
                that it took.
        """
        self._config = config
        self._documents = documents
        self._journal = journal
        self._owners = owners
        self._sealing = Sealing(config.seal_times, documents, left_unsealed, owners.owns)
        self._on_checkpoint = on_checkpoint
        self._left: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._to_repack: asyncio.Queue[str | None] = asyncio.Queue()
        self._stopping = asyncio.Event()
        self._writer = CheckpointWriter()
        self._repack_threads = WorkerThreads(1, "repack")

    async def prepare(self) -> None:
        """Note what the last server has left in the journal, before anything is added."""
        self._left = set(await self._repack_threads.call(self._journal.left))

    async def run(self) -> None:
        """Run until `stop` and the end of the work that was begun before."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._checkpoint_left())
            tasks.create_task(self._checkpoint_regularly())
            tasks.create_task(self._sealing.run(self._pause))
            tasks.create_task(self._sweep_regularly())
            tasks.create_task(self._repack_queued())

    def stop(self) -> None:
        """Begin no more work."""
        self._stopping.set()
        self._to_repack.put_nowait(None)

    async def _pause(self, seconds: float) -> bool:
        """Sleep; return False once stopping."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return not self._stopping.is_set()

    async def finish(self) -> None:
        """Write what can be written soon into the repositories; end the threads."""
        await self.write_out(_FINISH_S)
        for ended in (self._writer, self._repack_threads):
            await asyncio.to_thread(ended.close)

    async def write_out(self, wait_s: float) -> None:
        """Write what can be written in some seconds into the repositories."""
        documents = self._documents.documents()
        waiting = [live for live in documents if live.durable.backlog or live.unsealed]
        if waiting:
            _log.info("writing the journal's edits into %d repositories", len(waiting))
        left = set(waiting)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                for lives in _groups(waiting):
                    await asyncio.gather(*map(self._checkpoint_last, lives))
                    left.difference_update(lives)
        if left:
            _log.info("edits of %d documents stay in the journal until the next start", len(left))

    async def _checkpoint_last(self, live: LiveDocument) -> None:
        await live.durable.record_window()
        for _ in range(_LAST_TRIES):
            if await self.checkpoint(live):
                return

    # --- checkpoints

    def has_left(self, document: str) -> bool:
        """Return whether the journal has entries from before the start, not checkpointed since."""
        return document in self._left

    def note_left(self, document: str) -> None:
        """Note that the journal has entries of a document that was not open here."""
        self._left.add(document)

    def lost(self, document: str) -> None:
        """Note that another server owns a document now."""
        self._left.discard(document)
        self._not_before.pop(document, None)

    async def checkpoint(self, live: LiveDocument) -> bool:
        """Write the journal's entries of a document; return whether that succeeded."""
        name = live.name
        is_new = live.durable.backlog is not None or name in self._left
        was_new = live.durable.is_new
        began = time.monotonic()
        try:
            await live.durable.checkpoint(self._writer.write)
        except OvertakenError as problem:
            _log.warning("%s; merging it", problem)
            live.wake()
            return False
        except JournalError as problem:
            _log.error("%s: %s", name, problem)
            self._not_before[name] = time.monotonic() + _RETRY_AFTER_S
            return False
        except Exception:  # noqa: BLE001  a bug must cost one document only
            _log.exception("%s: the checkpoint failed", name)
            self._not_before[name] = time.monotonic() + _RETRY_AFTER_S
            return False
        self._left.discard(name)
        self._not_before.pop(name, None)
        if is_new:
            self._on_checkpoint(name, time.monotonic() - began)
        # A journal that writes through writes loose objects, which a repack could remove too early.
        if not self._journal.writes_through and not was_new:
            self._to_repack.put_nowait(name)
        return True

    async def _checkpoint_left(self) -> None:
        """Write the entries that the previous server did not get to write."""
        if self._left:
            _log.info("the journal has edits of %d documents from before", len(self._left))
        await self._adopt()
        while self._owners.are_shared and await self._pause(_ADOPT_EVERY_S):
            try:
                left = await self._repack_threads.call(self._journal.left)
            except JournalError as problem:
                _log.warning("entries that other servers have left cannot be read: %s", problem)
            else:
                self._left.update(name for name in left if not self._owners.owns(name))
                await self._adopt()

    async def _adopt(self) -> None:
        for name in sorted(self._left):
            if name not in self._left or self._stopping.is_set():
                continue
            try:
                await self._owners.take(name)
            except (OverloadedError, JournalError):
                self._left.discard(name)  # another server has it, or it is looked for again
            else:
                await self.checkpoint(self._documents.get_document(name))

    async def _checkpoint_regularly(self) -> None:
        is_done = True
        while await self._pause(_LOOK_EVERY_S if is_done else _LOOK_AGAIN_S):
            is_done = await self._checkpoint_due()

    async def _checkpoint_due(self) -> bool:
        """Checkpoint what is due, of new documents only some; return whether that is all.

        So a flood of new documents, each of which needs a repository, does not delay the others.
        """
        began = time.monotonic()
        due = [live for live in self._documents.documents() if self._is_due(live)]
        for live in due:
            if not live.durable.is_new:
                await self._checkpoint_if_due([live])
        for new in _groups([live for live in due if live.durable.is_new]):
            if time.monotonic() - began > _NEW_S:
                return False
            await self._checkpoint_if_due(new)
        return True

    async def _checkpoint_if_due(self, lives: Sequence[LiveDocument]) -> None:
        """Checkpoint what is still due; then pause, which leaves half of the time to edits."""
        began, worked_s = time.monotonic(), self._writer.worked_s
        await asyncio.gather(*(self.checkpoint(live) for live in lives if self._is_due(live)))
        await self._pause(_rest_s(time.monotonic() - began, self._writer.worked_s - worked_s))

    def _is_due(self, live: LiveDocument) -> bool:
        config, backlog, now = self._config, live.durable.backlog, time.monotonic()
        if backlog is None or now < self._not_before.get(live.name, 0):
            return False
        return (
            now - backlog.last >= config.checkpoint_idle_s
            or now - backlog.since >= config.checkpoint_age_s
            or backlog.size >= config.checkpoint_bytes_max
        )

    # --- repacking

    async def while_nothing_is_repacked(self, work: Callable[[], _Result]) -> _Result:
        """Run a function, which may replace a repository, on the thread that repacks."""
        return await self._repack_threads.call(work)

    async def _repack_queued(self) -> None:
        while (name := await self._to_repack.get()) is not None:
            try:
                with self._owners.writing(name):
                    await self._repack_threads.call(self._repack, name)
            except FileNotFoundError:
                pass  # the document was renamed or deleted meanwhile
            except (RepackError, JournalError, OSError) as problem:
                _log.error("%s: %s", name, problem)

    def _repack(self, name: str) -> None:
        if not self._owners.owns(name):
            return
        path = self._documents.repository_path(name)
        if _repack_if_due(path):
            self._journal.store(name, path)

    # --- sweeping and unloading

    async def _sweep_regularly(self) -> None:
        config = self._config
        every_s = min(_SWEEP_EVERY_S, config.park_after_s, config.unload_after_s)
        trimmed_at = time.monotonic()
        while await self._pause(every_s):
            is_released = False
            for live in self._documents.documents():
                if live.can_unload(config.unload_after_s):
                    await live.durable.record_window()
                if live.can_unload(config.unload_after_s):
                    self._documents.unload(live)
                    is_released = True
                else:
                    is_released |= await live.release_memory(_RELEASE_AFTER_S)
                    live.sweep(config.park_after_s, config.branch_keep_s)
            if is_released or time.monotonic() - trimmed_at > _TRIM_EVERY_S:
                await self._repack_threads.call(trim_heap)
                trimmed_at = time.monotonic()
            if self._owners.are_shared:
                await self._release_at_rest()

    async def _release_at_rest(self) -> None:
        at_rest = self._owners.at_rest(self._config.unload_after_s, self._documents.is_open)
        released = []
        for name in at_rest:
            if name in self._left:  # it was only read; next time it is at rest
                await self.checkpoint(self._documents.get_document(name))
            elif not self._sealing.is_waiting(name):
                released.append(name)
        try:
            if released:
                await self._owners.release(released)
        except JournalError as problem:
            _log.warning("documents at rest cannot be released: %s", problem)


def _rest_s(took_s: float, worked_s: float) -> float:
    """Return how long to pause, so that at most half of the time is work.

    What the work waited for, such as the disk or a process, has left time to others already.
    """
    return max(0.0, 2 * worked_s - took_s)


def _groups(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[at : at + _TOGETHER_MAX] for at in range(0, len(items), _TOGETHER_MAX))


def _repack_if_due(path: Path) -> bool:
    """Repack a repository if that is worth its work; return whether it was."""
    is_due = path.is_dir() and needs_repack(path)
    if is_due:
        repack(path)
    return is_due
