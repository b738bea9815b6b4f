"""`gollabedit serve` as a process, which a test can kill and restart."""

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Self

from tests.server import forks

_ROOT = Path(__file__).parents[2]
_START_S = 30.0
_STOP_S = 20.0
_ADDRESS = re.compile(r"GollabEdit is on http://[^:/]+:(\d+)(\S*)")
_FAULT = re.compile(r" (WARNING|ERROR|CRITICAL) |^Traceback ")


class ServerProcess:
    """The real server on a data folder. It picks a free port at its first start and keeps it."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.port = 0
        self.path = ""  # that of the start page, without its last slash
        self._options = options
        self.log: list[str] = []
        self._process: forks.Command | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def headers(self, name: str = "") -> dict[str, str]:
        """Return the headers with which a program of somebody comes in."""
        return {}

    def session(self, name: str) -> str:
        """Return the key of a browser's session of somebody; empty for none."""
        return ""

    async def start(self) -> None:
        self._process = await forks.start(
            *("serve", "--port", str(self.port), "--data", str(self.data), *self._options),
            folder=_ROOT,
            environment={k: v for k, v in os.environ.items() if not k.startswith("GOLLABEDIT_")},
            as_one=True,
        )
        port = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(self._process.stdout, port))
        async with asyncio.timeout(_START_S):
            self.port = await port

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def kill(self) -> None:
        """Kill it, as a power failure would."""
        assert self._process
        self._process.kill()
        await self._ended()

    async def stop(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_S):
            assert await self._ended() == 0, "\n".join(self.log)

    async def _ended(self) -> int:
        assert self._process
        assert self._reading
        code = await self._process.wait()
        await self._reading
        return code

    async def _read(self, out: asyncio.StreamReader, port: asyncio.Future[int]) -> None:
        """Read the whole log, so that the process never blocks."""
        while line := await out.readline():
            self.log.append(line.decode(errors="replace").rstrip())
            if not port.done() and (address := _ADDRESS.search(self.log[-1])):
                self.path = address[2]
                port.set_result(int(address[1]))
        if not port.done():
            port.set_exception(RuntimeError("the server did not start:\n" + "\n".join(self.log)))


def faults(log: list[str]) -> list[str]:
    """Return the warnings, errors and tracebacks of a log."""
    return [line for line in log if _FAULT.search(line)]
