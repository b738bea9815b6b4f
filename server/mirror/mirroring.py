"""Mirroring: pushes documents to the remotes of the setting `mirror`, beside everything else.

    checkpoint ─▶ written ─▶ Mirrors (one for each remote) ─▶ two workers each ─▶ Git

Each remote has workers of its own, so that one which hangs holds up no other. What goes wrong is
told in the log when it changes, and always in `states` and `metrics`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Iterable
from contextlib import suppress
from math import inf
from pathlib import Path

from server.mirror.mirrors import Mirror, Mirrors
from server.mirror.push import PushError, push
from server.mirror.remote import Remote, mask
from server.protocol import MirrorState
from server.storage.data_folder import documents_in
from server.support.metrics import Metric, Sample

_log = logging.getLogger(__name__)

_PUSHES_MAX = 2  # at one remote at one time
# Docker kills after ten seconds, and connections may have taken six of them.
_LAST_WAIT_S = 2.0
_NAMED_MAX = 20  # documents in one line of the log


class _Lane:
    """One remote, its mirrors, and what wakes its workers."""

    def __init__(self, mirrors: Mirrors) -> None:
        self.mirrors = mirrors
        self.wake = asyncio.Event()

    async def pause(self) -> None:
        """Wait until there may be something to push."""
        self.wake.clear()
        due = self.mirrors.next_due()
        with suppress(TimeoutError):
            async with asyncio.timeout(None if due == inf else max(0.0, due - time.monotonic())):
                await self.wake.wait()


class Mirroring:
    """Keeps copies of the documents on other servers, until it is told to finish."""

    def __init__(
        self, path: Path, remotes: Iterable[Remote], *, every_s: float, wait_s: float
    ) -> None:
        """Nothing runs yet.

        Args:
            path: the data folder.
            remotes: where the documents are copied to.
            every_s: the shortest time between two pushes of one document.
            wait_s: the time that one push may take.
        """
        self._path = path
        self._wait_s = wait_s
        now = time.monotonic()
        self._lanes = [_Lane(Mirrors(remote, every_s, now)) for remote in remotes]
        self._is_ending = False

    def start(self) -> None:
        """Begin with what may have been written before."""
        for lane in self._lanes:
            _log.info("documents are pushed to %s", lane.mirrors.remote.shown)
        self._task = asyncio.create_task(self._run(), name="mirroring")

    def written(self, document: str) -> None:
        """A document has something new in its repository."""
        for lane in self._lanes:
            lane.mirrors.written(document, time.monotonic())
            lane.wake.set()

    async def finish(self) -> None:
        """Try once more to push what is behind, for a short time; say what is left."""
        self._is_ending = True
        for lane in self._lanes:
            lane.mirrors.hurry(time.monotonic())
            lane.wake.set()
        await asyncio.wait([self._task], timeout=_LAST_WAIT_S)
        self._task.cancel()
        await asyncio.wait([self._task])  # its Git processes end with it
        if not self._task.cancelled():
            self._task.result()  # a fault of ours is not swallowed
        for lane in self._lanes:
            self._tell_behind(lane.mirrors)

    # --- the workers

    async def _run(self) -> None:
        if not self._lanes:
            return
        documents = await asyncio.to_thread(documents_in, self._path)
        async with asyncio.TaskGroup() as workers:
            for lane in self._lanes:
                lane.mirrors.start(documents, time.monotonic())
                for _ in range(_PUSHES_MAX):
                    workers.create_task(self._work(lane))

    async def _work(self, lane: _Lane) -> None:
        while True:
            mirror = lane.mirrors.take(time.monotonic())
            if mirror:
                await self._push(lane.mirrors, mirror)
            elif self._is_ending:
                return
            else:
                await lane.pause()

    async def _push(self, mirrors: Mirrors, mirror: Mirror) -> None:
        try:
            revision = await push(self._path / f"{mirror.document}.git", mirror.url, self._wait_s)
        except PushError as problem:
            self._failed(mirrors, mirror, str(problem))
        except Exception:  # noqa: BLE001  a fault of ours must cost one push only
            _log.exception("%s: the push failed", mirror.document)
            self._failed(mirrors, mirror, "The server has a fault; its log says more.")
        else:
            if mirrors.pushed(mirror, revision, time.monotonic(), time.time()):
                _log.info("%s: the mirror %s works again", mirror.document, mask(mirror.url))

    def _failed(self, mirrors: Mirrors, mirror: Mirror, problem: str) -> None:
        if mirrors.failed(mirror, problem, time.monotonic(), random.random()):  # noqa: S311
            _log.warning(
                "%s: the mirror %s is behind: %s", mirror.document, mask(mirror.url), problem
            )

    def _tell_behind(self, mirrors: Mirrors) -> None:
        names = sorted(mirror.document for mirror in mirrors.behind())
        if names:
            more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
            _log.warning(
                "the mirror %s is behind until the next start: %s%s",
                mirrors.remote.shown,
                ", ".join(names[:_NAMED_MAX]),
                more,
            )

    # --- what can be seen of it

    def states(self, document: str) -> list[MirrorState]:
        """How far each mirror of a document is."""
        found = [lane.mirrors.of(document) for lane in self._lanes]
        return [mirror.state() for mirror in found if mirror]

    def metrics(self) -> list[Metric]:
        """The same of all documents, in numbers; none without mirrors."""
        now = time.monotonic()
        pushed, failed, behind, behind_s, success_s = [], [], [], [], []
        for lane in self._lanes:
            mirrors, about = lane.mirrors, {"remote": lane.mirrors.remote.shown}
            pushed.append(Sample(mirrors.pushed_total, about))
            failed.append(Sample(mirrors.failed_total, about))
            behind.append(Sample(len(mirrors.behind()), about))
            behind_s.append(Sample(mirrors.behind_s(now), about))
            success_s.append(Sample(now - mirrors.succeeded_at, about))
        if not self._lanes:
            return []
        return [
            Metric("mirror_pushed_total", "pushes that succeeded", pushed, "counter"),
            Metric("mirror_failed_total", "pushes that failed", failed, "counter"),
            Metric("mirror_behind", "documents that the remote may have an old copy of", behind),
            Metric("mirror_behind_seconds", "for how long the longest of them", behind_s),
            Metric("mirror_success_age_seconds", "time since the last success", success_s),
        ]
