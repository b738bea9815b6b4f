"""`gollabedit` in a process of its own, without the 0.4 s of CPU that its imports take.

One process (`multiprocessing`'s fork server) imports the command line; each command is a fork of it
with its own folder, environment, streams and signals. `python -m server` itself is run by
`test_lifecycle`, and what commands import is checked by `test_start_up`.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from server.cli.main import main
from tests import leaks

_FORKING = get_context("forkserver")
_NONE: Mapping[str, object] = {}


@cache
def begin() -> None:
    """Start the process that is copied: before a test, which would otherwise leave it running."""
    _FORKING.set_forkserver_preload(["__main__", "tests.server.preloaded", __name__])
    reader, writer = _FORKING.Pipe(duplex=False)
    process = _FORKING.Process(target=_tell_parent, args=(writer,))
    process.start()
    writer.close()
    leaks.watch(reader.recv())
    reader.close()
    process.join()
    process.close()


def _tell_parent(writer: Any) -> None:
    writer.send(os.getppid())


def run(function: Callable[..., None], *arguments: object) -> int | None:
    """Call a function of a module in a process of its own; return the exit code, -9 if killed."""
    begin()
    process = _FORKING.Process(target=function, args=arguments, daemon=True)
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    return code


class Command:
    """A running command, with the interface of `asyncio.subprocess.Process`."""

    def __init__(self, process: Any) -> None:
        self.pid: int = process.pid
        self.returncode: int | None = None
        self.stdout = asyncio.StreamReader()
        self.stderr = asyncio.StreamReader()
        self._process = process
        self._has_ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(process.sentinel, self._on_end)

    def _on_end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._process.join()
        self.returncode = self._process.exitcode
        self._process.close()
        self._has_ended.set()

    async def wait(self) -> int:
        """Wait for the end; return the exit code."""
        await self._has_ended.wait()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        """Wait for the end; return what is left of its output."""
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def start(
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str],
    given: bytes = b"",
    as_one: bool = False,
    constants: Mapping[str, object] = _NONE,
    clock_ahead_s: float = 0.0,
) -> Command:
    """Start a command.

    Args:
        arguments: those of `gollabedit`.
        folder: where it runs.
        environment: all of its environment.
        given: its standard input.
        as_one: whether its errors go to its standard output.
        constants: values that constants of modules have there, by `module:name`.
        clock_ahead_s: how far its clock is ahead.
    """
    begin()
    stdin, feed = _FORKING.Pipe(duplex=False)
    read_out, stdout = _FORKING.Pipe(duplex=False)
    read_err, stderr = _FORKING.Pipe(duplex=False)
    streams = (stdin, stdout, stdout if as_one else stderr)
    parts = (arguments, folder, dict(environment), streams, dict(constants), clock_ahead_s)
    process = _FORKING.Process(target=_run, args=parts, daemon=True)  # ends with the tests
    process.start()
    for end in (stdin, stdout, stderr):
        end.close()
    command = Command(process)
    await _connect(read_out, command.stdout)
    await _connect(read_err, command.stderr)
    loop = asyncio.get_running_loop()
    feeding, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, _file(feed, "wb"))
    feeding.write(given)
    feeding.close()
    return command


class _Output(asyncio.StreamReaderProtocol):
    """Closes the pipe at its end."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False


async def _connect(end: Any, reader: asyncio.StreamReader) -> None:
    protocol = _Output(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, _file(end, "rb"))


def _file(end: Any, mode: str) -> Any:
    """Return a pipe's end as a file."""
    file = open(os.dup(end.fileno()), mode, buffering=0)  # noqa: PTH123, SIM115
    end.close()
    return file


def _run(
    arguments: tuple[str, ...],
    folder: Path,
    environment: dict[str, str],
    streams: tuple[Connection, ...],
    constants: dict[str, object],
    clock_ahead_s: float,
) -> None:
    """Become the command, in the new process."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
    for stream in streams:
        stream.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in the background
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    for place, value in constants.items():
        module, name = place.split(":")
        getattr(import_module(module), name)  # which must be there
        setattr(import_module(module), name, value)
    if clock_ahead_s:
        clock = time.time
        time.time = lambda: clock() + clock_ahead_s
    sys.argv = ["gollabedit", *arguments]
    sys.stdin = _text(0, "r", "surrogateescape")
    sys.stdout = _text(1, "w", "surrogateescape")
    sys.stderr = _text(2, "w", "backslashreplace")
    sys.exit(main())


def _text(number: int, mode: str, errors: str) -> Any:
    """Return a stream as Python opens it in the locale C.UTF-8."""
    is_error = errors == "backslashreplace"
    return open(number, mode, 1 if is_error else -1, "utf-8", errors, closefd=False)
