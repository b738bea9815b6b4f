"""Checkpoints on one thread: those that wait are written together, so that they share syncs."""

import time
from pathlib import Path
from queue import Empty, SimpleQueue

from server.git.repository import Unwritten
from server.storage.checkpoint import Checkpoint, write_all
from server.support.threads import WorkerThreads


class CheckpointWriter:
    """Writes checkpoints; `worked_s` is the CPU time that it has taken from this process.

    Processes and syncs do not count, as they leave the interpreter to others.
    """

    def __init__(self) -> None:
        self.worked_s = 0.0
        self._waiting: SimpleQueue[Checkpoint] = SimpleQueue()
        self._threads = WorkerThreads(1, "checkpoint")

    async def write(self, path: Path, unwritten: Unwritten) -> None:
        """Write a checkpoint; see `checkpoint.write`."""
        one = Checkpoint(path, unwritten)
        self._waiting.put(one)  # it is written by this call or by an earlier one
        await self._threads.call(self._write_waiting)
        if one.problem:
            raise one.problem

    def close(self) -> None:
        """Finish what was begun. Blocks."""
        self._threads.close()

    def _write_waiting(self) -> None:
        began = time.thread_time()
        try:
            write_all(self._take_waiting())
        finally:
            self.worked_s += time.thread_time() - began

    def _take_waiting(self) -> list[Checkpoint]:
        taken = []
        while True:
            try:
                taken.append(self._waiting.get_nowait())
            except Empty:
                return taken
