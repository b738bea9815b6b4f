"""The real command, in a folder of its own."""

import asyncio
import os
from pathlib import Path

from tests.server import forks
from tests.server.sockets.client import DEADLINE_S
from tests.server.sockets.harness import GIT_ENVIRONMENT, Ran

_ENVIRONMENT = {**GIT_ENVIRONMENT, "PATH": os.defpath, "LC_ALL": "C.UTF-8"}


class Shell:
    """Runs `gollabedit` in a folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        folder.mkdir()

    async def run(
        self, command: str, *arguments: str, given: bytes = b"", **environment: str
    ) -> Ran:
        """Run a command; nobody minds how it ends."""
        running = await self.start(command, *arguments, given=given, **environment)
        try:
            async with asyncio.timeout(2 * DEADLINE_S):
                out, err = await running.communicate()
        finally:
            running.kill()
        return Ran(await running.wait(), out.decode(), err.decode())

    async def start(
        self, command: str, *arguments: str, given: bytes = b"", **environment: str
    ) -> forks.Command:
        """Start a command, which the caller ends."""
        return await forks.start(
            command,
            *arguments,
            folder=self.folder,
            environment={**_ENVIRONMENT, **environment},
            given=given,
        )

    async def does(
        self, command: str, *arguments: str, given: bytes = b"", **environment: str
    ) -> str:
        """Run a command that goes well; returns what it prints."""
        ran = await self.run(command, *arguments, given=given, **environment)
        assert ran.code == 0, ran.err
        return ran.out

    async def fails(self, command: str, *arguments: str, given: bytes = b"") -> str:
        """Run a command that cannot be carried out; returns its one line."""
        ran = await self.run(command, *arguments, given=given)
        assert (ran.code, ran.out) == (2, ""), ran
        assert ran.err.startswith("gollabedit: "), ran.err
        assert ran.err.count("\n") == 1, ran.err
        return ran.err

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_bytes(text.encode())

    def read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()
