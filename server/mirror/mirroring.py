"""Mirroring: pushes documents to the remotes of the setting `mirror` in the background.

    checkpoint ─▶ written ─▶ Mirrors (one per remote) ─▶ two workers each ─▶ Git

Each remote has its own workers, so a hanging one does not delay the others. Problems are logged
when they change; `states` and `metrics` always have them.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from math import inf
from pathlib import Path
from weakref import WeakValueDictionary

from server.mirror.mirrors import Mirror, Mirrors
from server.mirror.push import PushError, push
from server.mirror.remote import Remote, mask
from server.protocol.answers import MirrorState
from server.storage.data_folder import documents_in
from server.storage.journal import Journal, JournalError
from server.support.metrics import Metric, Sample

_log = logging.getLogger(__name__)

_WORKERS = 2  # per remote
# Docker kills after ten seconds, of which closing the connections may take six.
_LAST_WAIT_S = 2.0
_NAMES_MAX = 20  # documents in one log message


class _Queue:
    """The mirrors of one remote, and the event that wakes its workers."""

    def __init__(self, mirrors: Mirrors) -> None:
        self.mirrors = mirrors
        self.wake = asyncio.Event()

    async def wait(self) -> None:
        """Wait until a push may be due."""
        self.wake.clear()
        due = self.mirrors.next_due()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if due == inf else max(0.0, due - time.monotonic())):
                await self.wake.wait()


class Mirroring:
    """Pushes documents to other Git servers, until `finish` is called."""

    def __init__(
        self,
        path: Path,
        journal: Journal,
        remotes: Iterable[Remote],
        *,
        every_s: float,
        wait_s: float,
        take: Callable[[str], Awaitable[bool]],
        versions_as: str = "",
    ) -> None:
        """Prepare; `start` starts the workers.

        Args:
            path: the data folder.
            journal: may have documents that the data folder lacks.
            remotes: the remotes to push to.
            every_s: the shortest time between two pushes of one document.
            wait_s: the time limit of one push.
            take: owns a document, unless another server does, which then pushes it.
            versions_as: see `push`.
        """
        self._path = path
        self._journal = journal
        self._wait_s = wait_s
        self._take = take
        self._versions_as = versions_as
        now = time.monotonic()
        self._queues = [_Queue(Mirrors(remote, every_s, now)) for remote in remotes]
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by URL
        self._is_finishing = False

    def start(self) -> None:
        """Start the workers, first with everything written before."""
        for queue in self._queues:
            _log.info("mirroring to %s", queue.mirrors.remote.shown)
        self._task = asyncio.create_task(self._run(), name="mirroring")

    def written(self, document: str) -> None:
        """Schedule a document; called after each checkpoint."""
        for queue in self._queues:
            queue.mirrors.written(document, time.monotonic())
            queue.wake.set()

    def forget(self, document: str) -> None:
        """Push a document no more: it was deleted, or has another name."""
        for queue in self._queues:
            mirror = queue.mirrors.forget(document)
            if mirror:
                _log.info("%s: mirror %s is left as it is", document, mask(mirror.url))

    async def finish(self) -> None:
        """Try for a short time to push what is behind; log what is left."""
        self._is_finishing = True
        for queue in self._queues:
            queue.mirrors.hurry(time.monotonic())
            queue.wake.set()
        await asyncio.wait([self._task], timeout=_LAST_WAIT_S)
        self._task.cancel()
        await asyncio.wait([self._task])  # which ends its Git processes
        if not self._task.cancelled():
            self._task.result()  # raises its exception, if any
        for queue in self._queues:
            self._log_behind(queue.mirrors)

    # --- the workers

    async def _run(self) -> None:
        if not self._queues:
            return
        documents = await asyncio.to_thread(self._documents)
        async with asyncio.TaskGroup() as workers:
            for queue in self._queues:
                queue.mirrors.start(documents, time.monotonic())
                for _ in range(_WORKERS):
                    workers.create_task(self._work(queue))

    def _documents(self) -> list[str]:
        documents = set(documents_in(self._path))
        try:
            documents.update(self._journal.stored())
        except JournalError as problem:
            _log.error("documents that are not on this disk are not mirrored: %s", problem)
        return sorted(documents)

    async def _work(self, queue: _Queue) -> None:
        while True:
            mirror = queue.mirrors.take(time.monotonic())
            if mirror and not await self._take(mirror.document):
                queue.mirrors.forget(mirror.document)
            elif mirror:
                await self._push(queue.mirrors, mirror)
            elif self._is_finishing:
                return
            else:
                await queue.wait()

    async def _push(self, mirrors: Mirrors, mirror: Mirror) -> None:
        try:
            repository = self._path / f"{mirror.document}.git"
            await asyncio.to_thread(self._journal.restore, mirror.document, repository)
            folders = mirrors.remote.folders_for(mirror.document)
            async with self._turn(mirror.url):
                revision = await push(
                    repository, mirror.url, self._wait_s, self._versions_as, folders=folders
                )
        except (PushError, JournalError) as problem:
            self._failed(mirrors, mirror, str(problem))
        except Exception:  # noqa: BLE001  a bug must not affect other pushes
            _log.exception("%s: the push failed", mirror.document)
            self._failed(mirrors, mirror, "The server failed; see its log.")
        else:
            if mirrors.pushed(mirror, revision, time.monotonic(), time.time()):
                _log.info("%s: push to mirror %s works again", mirror.document, mask(mirror.url))

    def _turn(self, url: str) -> asyncio.Lock:
        """Return the lock of a mirror: of two pushes at one time, the remote rejects one."""
        return self._turns.setdefault(url, asyncio.Lock())

    def _failed(self, mirrors: Mirrors, mirror: Mirror, problem: str) -> None:
        if mirrors.failed(mirror, problem, time.monotonic(), random.random()):  # noqa: S311
            _log.warning(
                "%s: push to mirror %s failed: %s", mirror.document, mask(mirror.url), problem
            )

    def _log_behind(self, mirrors: Mirrors) -> None:
        names = sorted(mirror.document for mirror in mirrors.behind())
        if names:
            more = f" and {len(names) - _NAMES_MAX} more" if len(names) > _NAMES_MAX else ""
            _log.warning(
                "mirror %s stays behind until the next start: %s%s",
                mirrors.remote.shown,
                ", ".join(names[:_NAMES_MAX]),
                more,
            )

    async def overwrite(self, document: str) -> list[str]:
        """Push a document to its remotes even if commits there are lost: after a purge.

        Returns:
            Why it failed, a sentence for each remote where it did.
        """
        problems = []
        repository = self._path / f"{document}.git"
        for queue in self._queues:
            url = queue.mirrors.remote.url_for(document)
            if url is None:
                continue
            try:
                async with self._turn(url):
                    await push(repository, url, self._wait_s, self._versions_as, overwrites=True)
            except PushError as problem:
                problems.append(f"{mask(url)}: {problem}")
        return problems

    # --- state

    def states(self, document: str) -> list[MirrorState]:
        """Return the state of each mirror of a document."""
        found = [queue.mirrors.mirror_of(document) for queue in self._queues]
        return [mirror.state() for mirror in found if mirror]

    def metrics(self) -> list[Metric]:
        """Return the metrics over all documents; none without remotes."""
        now = time.monotonic()
        pushed, failed, behind, behind_s, success_s = [], [], [], [], []
        for queue in self._queues:
            mirrors, labels = queue.mirrors, {"remote": queue.mirrors.remote.shown}
            pushed.append(Sample(mirrors.pushed_total, labels))
            failed.append(Sample(mirrors.failed_total, labels))
            behind.append(Sample(len(mirrors.behind()), labels))
            behind_s.append(Sample(mirrors.behind_s(now), labels))
            success_s.append(Sample(now - mirrors.succeeded_at, labels))
        if not self._queues:
            return []
        return [
            Metric("mirror_pushed_total", "pushes that succeeded", pushed, "counter"),
            Metric("mirror_failed_total", "pushes that failed", failed, "counter"),
            Metric("mirror_behind", "documents that the remote may have an old copy of", behind),
            Metric("mirror_behind_seconds", "for how long the longest of them", behind_s),
            Metric("mirror_success_age_seconds", "time since the last success", success_s),
        ]
