"""Limits the size of the cache of repositories on this disk: the least recently used go first.

Only repositories are removed that are stored elsewhere, and whose documents are not open. One that
Git, a search or a mirror may be using was used recently: it stays for as long as these may take.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from server.config import Config
from server.storage.data_folder import DataFolder, documents_in
from server.storage.journal import Journal, JournalError
from server.support.disk import bytes_on_disk
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 10.0
_SHARE = 0.05  # of the time, for looking


class DiskCache:
    """Removes repositories between `start` and `stop`, if there is a limit."""

    def __init__(
        self,
        config: Config,
        folder: DataFolder,
        journal: Journal,
        is_open: Callable[[str], bool],
        on_removed: Callable[[str], None],
    ) -> None:
        """Create it; nothing is removed yet.

        Args:
            config: the settings.
            folder: the data folder.
            journal: the journal, which also stores the repositories.
            is_open: returns whether a document is in use; called on a thread.
            on_removed: called with each document whose repository was removed.
        """
        self._most = config.cache_bytes_max if journal.store_id else 0
        self._unused_s = max(config.git_wait_s, config.mirror_wait_s)
        self._folder = folder
        self._journal = journal
        self._is_open = is_open
        self._on_removed = on_removed
        self._threads = WorkerThreads(1, "disk cache")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look now and then."""
        if self._most:
            self._task = asyncio.create_task(self._run(), name="disk cache")

    async def stop(self) -> None:
        """Stop looking."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    def close(self, wait_s: float) -> None:
        """End the thread. Blocks."""
        self._threads.close(wait_s)

    async def _run(self) -> None:
        every_s = min(_LOOK_EVERY_S, self._unused_s)
        while True:
            began = time.monotonic()
            try:
                for name in await self._threads.call(self._look):
                    _log.debug("%s is removed from the cache", name)
                    self._on_removed(name)
            except (JournalError, OSError) as problem:
                _log.error("the cache cannot be made smaller: %s", problem)
            await asyncio.sleep(max(every_s, (time.monotonic() - began) / _SHARE))

    def _look(self) -> list[str]:
        """Remove the repositories that were used least recently, until the others fit."""
        path = self._folder.repository_path
        sizes = {name: bytes_on_disk(path(name)) for name in documents_in(self._folder.path)}
        total, removed = sum(sizes.values()), []
        for name in sorted(sizes, key=self._journal.used_at):
            if total <= self._most:
                break
            if not self._is_open(name) and self._journal.evict(name, path(name), self._unused_s):
                self._folder.remove_empty_folders(name)
                total -= sizes[name]
                removed.append(name)
        return removed
