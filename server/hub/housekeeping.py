"""What has to be done now and then for the open documents, and never in the way of an edit.

    checkpoint   what the journal holds goes into the repositories: soon after a document is quiet,
                 and after a while or some size where it never is
    upkeep       repositories that have grown are packed anew, one at a time
    sweep        the branches of clients that are gone are parked or dropped
    rest, close  documents that nobody changes give memory back; those without readers are closed

One checkpoint and one upkeep at a time. What fails is logged and tried again later: the journal
keeps what it has.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from server.config import Config
from server.git import repack as upkeep
from server.hub.durable_document import Backlog
from server.hub.live_document import LiveDocument
from server.storage.journal import JournalError, OvertakenError
from server.support.memory import give_memory_back
from server.support.threads import Threads

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.25
_SWEEP_EVERY_S = 30.0
_REST_AFTER_S = 20.0
_RETRY_AFTER_S = 5.0
# At shutdown `master` may have been moved on disk meanwhile, which takes one more round.
_LAST_TRIES = 3


class Documents(Protocol):
    """The open documents, as the hub has them."""

    def opened(self) -> list[LiveDocument]: ...
    def open(self, document: str) -> LiveDocument: ...
    def close(self, live: LiveDocument) -> None: ...
    def path(self, document: str) -> Path: ...


class Housekeeping:
    """Looks after the open documents until it is told to stop."""

    def __init__(
        self,
        config: Config,
        documents: Documents,
        left: Callable[[], list[str]],
        written: Callable[[str], None],
    ) -> None:
        """Nothing runs yet.

        Args:
            config: the settings.
            documents: the open ones.
            left: which documents the journal held entries of at the start.
            written: is told of a document that has something new in its repository.
        """
        self._config = config
        self._documents = documents
        self._find_left = left
        self._tell_written = written
        self._left: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._to_maintain: asyncio.Queue[str | None] = asyncio.Queue()
        self._stopping = asyncio.Event()
        self._checkpoints = Threads(1, "checkpoint")
        self._upkeep = Threads(1, "upkeep")

    async def run(self) -> None:
        """Serve until `stop`; what was begun by then is ended."""
        self._left = set(await self._checkpoints.call(self._find_left))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take_up_left())
            tasks.create_task(self._checkpoint_regularly())
            tasks.create_task(self._sweep_regularly())
            tasks.create_task(self._maintain_regularly())

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()
        self._to_maintain.put_nowait(None)

    async def _pause(self, seconds: float) -> bool:
        """Wait so long; False when it is time to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return not self._stopping.is_set()

    async def finish(self) -> None:
        """Write all into the repositories, as far as the disk lets us; then end the threads."""
        waiting = [live for live in self._documents.opened() if live.durable.backlog]
        if waiting:
            _log.info("from the journal into the repositories: %d", len(waiting))
        for live in waiting:
            for _ in range(_LAST_TRIES):
                if await self.checkpoint(live):
                    break
        for threads in (self._checkpoints, self._upkeep):
            await asyncio.to_thread(threads.close)

    # --- checkpoints

    def holds(self, document: str) -> bool:
        """Whether the journal was left with entries of a document that was not opened since."""
        return document in self._left

    async def checkpoint(self, live: LiveDocument) -> bool:
        """Write what the journal holds of a document; whether that went well."""
        name = live.name
        is_news = live.durable.backlog is not None or name in self._left
        try:
            await live.durable.checkpoint(self._checkpoints)
        except OvertakenError as problem:
            _log.warning("%s; merging it", problem)
            live.poke()
            return False
        except JournalError as problem:
            _log.error("%s: %s", name, problem)
            self._not_before[name] = time.monotonic() + _RETRY_AFTER_S
            return False
        except Exception:  # noqa: BLE001  a fault of ours must cost one document only
            _log.exception("%s: the checkpoint failed", name)
            self._not_before[name] = time.monotonic() + _RETRY_AFTER_S
            return False
        self._left.discard(name)
        self._not_before.pop(name, None)
        if is_news:
            self._tell_written(name)
        # The direct journal writes loose objects, where upkeep would remove them.
        if self._config.journal != "direct":
            self._to_maintain.put_nowait(name)
        return True

    async def _take_up_left(self) -> None:
        """What the last server could not write any more."""
        if self._left:
            _log.info("documents that the journal holds edits of: %d", len(self._left))
        for name in sorted(self._left):
            if not self._stopping.is_set():
                await self.checkpoint(self._documents.open(name))

    async def _checkpoint_regularly(self) -> None:
        while await self._pause(_LOOK_EVERY_S):
            for live in self._documents.opened():
                now = time.monotonic()
                backlog = live.durable.backlog
                if (
                    backlog
                    and self._is_due(backlog, now)
                    and now >= self._not_before.get(live.name, 0)
                ):
                    await self.checkpoint(live)
                    await self._pause(time.monotonic() - now)  # half of the time is the edits'

    def _is_due(self, backlog: Backlog, now: float) -> bool:
        config = self._config
        return (
            now - backlog.last >= config.checkpoint_idle_s
            or now - backlog.since >= config.checkpoint_age_s
            or backlog.size >= config.checkpoint_bytes_max
        )

    # --- upkeep

    async def _maintain_regularly(self) -> None:
        while (name := await self._to_maintain.get()) is not None:
            try:
                await self._upkeep.call(_maintain, self._documents.path(name))
            except upkeep.UpkeepError as problem:
                _log.error("%s: %s", name, problem)

    # --- sweeping, resting, closing

    async def _sweep_regularly(self) -> None:
        config = self._config
        every_s = min(_SWEEP_EVERY_S, config.park_after_s, config.unload_after_s)
        while await self._pause(every_s):
            for live in self._documents.opened():
                if live.may_unload(config.unload_after_s):
                    self._documents.close(live)
                else:
                    await live.rest(_REST_AFTER_S)
                    live.sweep(config.park_after_s, config.branch_keep_s)
            await self._upkeep.call(give_memory_back)


def _maintain(path: Path) -> None:
    if path.is_dir() and upkeep.needs_upkeep(path):
        upkeep.maintain(path)
