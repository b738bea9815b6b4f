"""Programs: their output, their limits, and that none outlives whoever runs it."""

import asyncio
import os
import signal
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from server.support import programs
from server.support.programs import limited, running

_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


async def output_of(*command: str, given: bytes = b"") -> tuple[int, bytes]:
    """Run a program; return its exit code and its output."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout:
        stdin.write(given)
        stdin.seek(0)
        async with running(
            command, environment=_ENVIRONMENT, stdin=stdin, stdout=stdout
        ) as program:
            code = await program.wait()
        stdout.seek(0)
        return code, stdout.read()


async def test_a_program_reads_a_file_and_writes_into_another() -> None:
    assert await output_of("cat", given=b"one") == (0, b"one")
    assert (await output_of("sh", "-c", "exit 3"))[0] == 3


async def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        await output_of("/no/such/program")
    with pytest.raises(ValueError, match="null byte"):
        await output_of("echo", "\0")


@pytest.mark.skipif(programs._LIMITER is None, reason="there is no prlimit here")
async def test_a_program_gets_no_more_memory_than_it_may() -> None:
    takes = "x = b'1' * (300 << 20); print('taken')"
    for megabytes, is_enough in ((1000, True), (200, False)):
        command = limited(("python3", "-c", takes), megabytes << 20)
        code, out = await output_of(*command)
        assert (code == 0, out == b"taken\n") == (is_enough, is_enough)


async def test_a_program_that_will_not_end_is_killed_with_its_children_whoever_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_END_WAIT_S", 0.05)
    said = tmp_path / "said"
    script = f"trap '' TERM; sleep 1000 & echo $$ $! > {said}.new; mv {said}.new {said}; wait"
    started = asyncio.Event()

    async def serve() -> None:
        async with running(("sh", "-c", script), environment=_ENVIRONMENT) as program:
            while not said.exists():  # noqa: ASYNC110  nobody tells
                await asyncio.sleep(0.01)
            started.set()
            await program.wait()

    serving = asyncio.create_task(serve())
    await started.wait()
    serving.cancel()
    await asyncio.sleep(0)
    serving.cancel()  # as a server that stops does to requests whose clients had gone
    with pytest.raises(asyncio.CancelledError):
        await serving
    for process in map(int, said.read_text().split()):
        while _exists(process):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _exists(process: int) -> bool:
    try:
        os.kill(process, signal.SIGCONT)
    except ProcessLookupError:
        return False
    return True
