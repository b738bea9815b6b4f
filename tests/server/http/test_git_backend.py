"""Git's own servers as processes; the conversations with a real Git are in tests/server/sockets."""

import asyncio
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from server.git.process import ENVIRONMENT
from server.http import git_backend
from server.http.git_backend import run_service


async def test_a_process_that_will_not_end_is_killed_also_if_nobody_waits_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\ntrap '' TERM\necho started\nexec sleep 1000\n")
    program.chmod(0o755)
    monkeypatch.setitem(ENVIRONMENT, "PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(git_backend, "_END_WAIT_S", 0.05)
    started = asyncio.Event()

    async def serve() -> None:
        request = make_mocked_request("POST", "/notes.git/git-upload-pack")
        async with run_service(request, "upload-pack", tmp_path, settings=()) as process:
            assert process.stdout
            await process.stdout.readline()
            started.set()
            await process.wait()

    serving = asyncio.create_task(serve())
    await started.wait()
    serving.cancel()
    await asyncio.sleep(0)
    serving.cancel()  # as a server that stops does to requests whose clients had gone
    with pytest.raises(asyncio.CancelledError):
        await serving
