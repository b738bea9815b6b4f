"""What all pushes to this server share: the folder of their hooks, and what each may take."""

import asyncio
from typing import Any

from server.config import Config
from server.push.folder import PushFolder
from server.storage.data_folder import DataFolder
from server.support.threads import WorkerThreads

_UPLOADS_MAX = 32  # at one time; each may be as large as a push
_CHECKS_MAX = 2


class Pushes:
    """Until `prepare` nobody can push."""

    def __init__(self, config: Config, folder: DataFolder) -> None:
        self.folder = PushFolder(folder.path / "push")
        self.uploads = asyncio.Semaphore(_UPLOADS_MAX)
        self.processes = asyncio.Semaphore(config.git_processes_max)
        self.threads = WorkerThreads(_CHECKS_MAX, "push")
        self._begun: set[asyncio.Task[Any]] = set()

    async def prepare(self) -> None:
        """Write the hooks."""
        await asyncio.to_thread(self.folder.prepare)

    def begin(self, push: asyncio.Task[Any]) -> None:
        """It goes on to its end, also if nobody waits for it."""
        self._begun.add(push)
        push.add_done_callback(self._begun.discard)

    async def finish(self, wait_s: float) -> None:
        """Wait so long for the pushes that have begun."""
        begun = list(self._begun)
        if begun:
            await asyncio.wait(begun, timeout=wait_s)
