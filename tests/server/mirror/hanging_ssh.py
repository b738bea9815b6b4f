"""An SSH whose server never answers."""

import os
from pathlib import Path
from typing import Self

from tests.server.sockets.harness import eventually


class HangingSsh:
    """A program for `GIT_SSH`, which does not end when asked to.

    While it runs it holds a pipe open, so its end can be seen.
    """

    def __init__(self, folder: Path) -> None:
        pipe = folder / "ssh-runs"
        os.mkfifo(pipe)
        self.program = folder / "ssh"
        self.program.write_text(
            f"#!/bin/sh\ntrap '' TERM\nexec 3>> {pipe}\necho >&3\nexec sleep 1000\n"
        )
        self.program.chmod(0o755)
        self._pipe = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)

    async def started(self) -> None:
        """Wait until it is running."""
        await eventually(lambda: bool(self._read()), "the SSH runs")

    async def ended(self) -> None:
        """Wait until all its processes have exited."""
        await eventually(lambda: self._read() == b"", "the SSH has ended")

    def _read(self) -> bytes | None:
        """Return its output; None while a process may still write."""
        try:
            return os.read(self._pipe, 1024)
        except BlockingIOError:
            return None
