"""What all pushes share: the folder of their hooks, and their limits.

<data>/push/pre-receive, proc-receive   start `server.push.hook_program`
<data>/push/empty.git                   stands in for the repository of a new document

The folder is rewritten at each start, because the path of the program may have changed.
"""

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Any

from server.config import Config
from server.git import bare
from server.push import hook_program
from server.storage.data_folder import DataFolder
from server.support.slots import FairSlots
from server.support.threads import WorkerThreads

_HOOKS = ("pre-receive", "proc-receive")
_UPLOADS_MAX = 256  # at the same time; each may be as large as a push
_VALIDATIONS_MAX = 2


class PushWorkspace:
    """The folder `<data>/push`; `prepare` must run before the first push."""

    def __init__(self, config: Config, folder: DataFolder) -> None:
        self.path = folder.path / "push"
        self.empty_repository = self.path / "empty.git"
        self.uploads = FairSlots(_UPLOADS_MAX)
        self.processes = FairSlots(config.git_processes_max)
        self.threads = WorkerThreads(_VALIDATIONS_MAX, "push")
        self._running: set[asyncio.Task[Any]] = set()

    def prepare(self) -> None:
        """Write the hooks and the empty repository. Blocks."""
        self.path.mkdir(exist_ok=True)
        bare.create(self.empty_repository)
        script = Path(hook_program.__file__).absolute()
        program = shlex.join([sys.executable, "-IS", str(script)])
        for name in _HOOKS:
            file = self.path / name
            file.write_text(f"#!/bin/sh\nexec {program} {name}\n")
            file.chmod(0o755)

    def detach(self, push: asyncio.Task[Any]) -> None:
        """Let a push run to completion, even if nobody awaits it."""
        self._running.add(push)
        push.add_done_callback(self._running.discard)

    async def finish(self, wait_s: float) -> None:
        """Wait for the running pushes and their threads, at most `wait_s` for each."""
        if self._running:
            await asyncio.wait(list(self._running), timeout=wait_s)
        await asyncio.to_thread(self.threads.close, wait_s)
