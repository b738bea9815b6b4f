"""Other programs, started and waited for on a thread.

An event loop that starts a program itself may do so by `fork` (uvloop does), which copies the page
tables: with 500 MB in memory it stands still for 25 ms each time. `subprocess` uses `vfork`.

A program reads from a file and writes into files, not pipes, so it runs at the speed of the disk,
however slow the client is that the output is for.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from shutil import which
from subprocess import DEVNULL
from threading import Thread
from typing import IO

from server.support.tasks import finish
from server.support.threads import settle_unless_cancelled

_END_WAIT_S = 2.0  # for a program to remove its temporary files
_File = IO[bytes] | int

_LIMITER = which("prlimit")  # of util-linux; elsewhere there is no limit


def limited(command: Sequence[str], memory_bytes: int) -> tuple[str, ...]:
    """Return a command that runs `command` with a limit on the address space of each process."""
    return (_LIMITER, f"--as={memory_bytes}", "--", *command) if _LIMITER else tuple(command)


class Program:
    """A program that runs in a session of its own, with its children."""

    def __init__(self, started: asyncio.Future[int], ended: asyncio.Future[int]) -> None:
        self._started = started
        self._ended = ended

    async def wait(self) -> int:
        """Wait for the end; return the exit code."""
        return await asyncio.shield(self._ended)

    async def end(self) -> None:
        """End the program and its children, unless it has ended itself.

        On SIGTERM Git removes its temporary files. SIGKILL is also for children that it leaves
        behind. The wait is limited: a disk that hangs keeps even a killed process.
        """
        await asyncio.wait([self._started])
        if self._started.exception() or self._ended.done():
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._started.result(), number)
            await asyncio.wait([self._ended], timeout=_END_WAIT_S)


@asynccontextmanager
async def running(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: _File = DEVNULL,
    stdout: _File = DEVNULL,
    stderr: _File = DEVNULL,
    descriptors: Sequence[int] = (),
) -> AsyncIterator[Program]:
    """Run a program; it does not outlive the block.

    Args:
        command: the program and its arguments.
        environment: its environment.
        stdin: its input, an open file.
        stdout: the file for its output.
        stderr: the file for its errors.
        descriptors: file descriptors that it and its children inherit.

    Raises:
        OSError: it cannot be started.
    """
    loop = asyncio.get_running_loop()
    started: asyncio.Future[int] = loop.create_future()
    ended: asyncio.Future[int] = loop.create_future()

    def settle(future: asyncio.Future[int], outcome: int | Exception) -> None:
        call = future.set_exception if isinstance(outcome, Exception) else future.set_result
        with suppress(RuntimeError):  # the event loop has ended
            loop.call_soon_threadsafe(settle_unless_cancelled, future, call, outcome)

    def run() -> None:
        try:
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                pass_fds=descriptors,
                start_new_session=True,
            )
        except Exception as problem:  # noqa: BLE001  it is raised again on the event loop
            settle(started, problem)
            return
        settle(started, process.pid)
        settle(ended, process.wait())

    Thread(target=run, name=f"program {command[0]}", daemon=True).start()
    program = Program(started, ended)
    try:
        await asyncio.shield(started)
        yield program
    finally:
        await finish(program.end())
