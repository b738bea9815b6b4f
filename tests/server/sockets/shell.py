"""The real command, in a folder of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from tests.server.sockets.harness import GIT_ENVIRONMENT, Ran, run

_ROOT = Path(__file__).parents[3]
_ENVIRONMENT = {
    **GIT_ENVIRONMENT,
    "PATH": os.defpath,
    "PYTHONPATH": str(_ROOT),
    "LC_ALL": "C.UTF-8",
}


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "server", *words]


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
        ran = await run(
            *_command(command, *arguments),
            cwd=self.folder,
            env={**_ENVIRONMENT, **environment},
            given=given,
        )
        return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    async def start(self, command: str, *arguments: str, **environment: str) -> Process:
        """Start a command, which the caller ends."""
        return await asyncio.create_subprocess_exec(
            *_command(command, *arguments),
            cwd=self.folder, env={**_ENVIRONMENT, **environment},
            stdin=PIPE, stdout=PIPE, stderr=PIPE,
        )  # fmt: skip

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
