"""Whether the server can do its work now: the disk has space, and the journal can write.

The journal is tried on demand, at most once a second, on a thread. So the answer is current, and an
idle server writes nothing. The answer is public, so it has no paths; the log has them.
"""

import asyncio
import logging
import time

from server.hub.disk_space import DiskSpace
from server.storage.journal import DiskFullError, Journal, JournalError, ReadOnlyError
from server.support.threads import WorkerThreads

_log = logging.getLogger(__name__)

_TRY_EVERY_S = 1.0
_WAIT_S = 3.0
_PROBLEMS = {
    DiskFullError: "The journal cannot write: the disk is full.",
    ReadOnlyError: "The journal cannot write: the disk may only be read.",
}
_PROBLEM = "The journal cannot write; the log says why."
_SILENT = "The journal does not answer; the disk may hang."


class Readiness:
    """Answers for a journal and the disk that it is on."""

    def __init__(self, journal: Journal, space: DiskSpace) -> None:
        self._journal = journal
        self._space = space
        self._threads = WorkerThreads(1, "readiness")
        self._trying: asyncio.Task[str] | None = None
        self._tried_at = 0.0
        self._last_problem = ""

    async def problem(self) -> str:
        """Return why edits cannot be accepted, as a sentence; empty if they can."""
        return self._space.problem() or await self._journal_problem()

    async def _journal_problem(self) -> str:
        now = time.monotonic()
        is_old = now - self._tried_at >= _TRY_EVERY_S
        if self._trying is None or (self._trying.done() and is_old):
            self._tried_at = now
            self._trying = asyncio.create_task(self._try_journal(), name="readiness")
        await asyncio.wait([self._trying], timeout=_WAIT_S)
        return self._trying.result() if self._trying.done() else _SILENT

    async def _try_journal(self) -> str:
        try:
            await self._threads.call(self._journal.try_to_write)
        except JournalError as error:
            problem = _PROBLEMS.get(type(error), _PROBLEM)
            if problem != self._last_problem:
                _log.warning("the journal cannot write: %s", error)
        else:
            problem = ""
            if self._last_problem:
                _log.info("the journal can write again")
        self._last_problem = problem
        return problem

    async def stop(self) -> None:
        """Cancel the attempt that is in progress."""
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.wait([self._trying])

    def close(self, wait_s: float) -> None:
        """End the thread. Blocks."""
        self._threads.close(wait_s)
